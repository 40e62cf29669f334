"""Zips and folders that hold a vocabulary, and those that do not or must not be trusted."""

import io
import zipfile
from pathlib import Path

import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.source import open_source

CONCEPT = b"concept_id\tconcept_name\n7\tNeedle\n"


def make_zip(file: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def read(path: Path) -> dict[str, bytes]:
    found = {}
    with open_source(path) as tables:
        for name, file in tables.items():
            with file.open() as stream:
                found[name] = stream.read()
    return found


@pytest.mark.parametrize("inside", ["", "vocabulary_download_v5/"])
def test_a_zip_is_read_wherever_the_tables_lie_in_it(tmp_path: Path, inside: str) -> None:
    members = {
        f"{inside}CONCEPT.csv": CONCEPT,
        f"{inside}Domain.CSV": b"domain_id\n",
        f"{inside}CONCEPT_CPT4.csv": b"not a table of OMOP",
        f"{inside}cpt4.jar": b"\0",
        f"__MACOSX/{inside}._CONCEPT.csv": b"\0",
    }
    assert read(make_zip(tmp_path / "v.zip", members)) == {
        "concept": CONCEPT,
        "domain": b"domain_id\n",
    }


@pytest.mark.parametrize("inside", ["", "unpacked/"])
def test_a_folder_may_have_the_tables_one_folder_down(tmp_path: Path, inside: str) -> None:
    (tmp_path / "v" / inside).mkdir(parents=True)
    (tmp_path / "v" / f"{inside}CONCEPT.csv").write_bytes(CONCEPT)
    (tmp_path / "v" / f"{inside}DOMAIN.csv").write_bytes(b"")
    assert read(tmp_path / "v") == {"concept": CONCEPT}


def test_nothing_and_no_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="There is nothing at"):
        read(tmp_path / "absent.zip")
    with pytest.raises(CommonwealError, match="There is no vocabulary in"):
        read(tmp_path)
    with pytest.raises(CommonwealError, match="There is no vocabulary in"):
        read(make_zip(tmp_path / "v.zip", {"DOMAIN.csv": b"domain_id\n"}))


def test_two_vocabularies_are_one_too_many(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "CONCEPT.csv").write_bytes(CONCEPT)
    with pytest.raises(CommonwealError, match="more than one vocabulary"):
        read(tmp_path)
    file = make_zip(tmp_path / "v.zip", {"a/CONCEPT.csv": CONCEPT, "b/CONCEPT.csv": CONCEPT})
    with pytest.raises(CommonwealError, match="more than one vocabulary"):
        read(file)


@pytest.mark.parametrize("content", [CONCEPT, b"", b"PK\x03\x04 and then nothing"])
def test_what_is_not_a_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.zip").write_bytes(content)
    with pytest.raises(CommonwealError, match=r"v\.zip is not a zip file"):
        read(tmp_path / "v.zip")


def test_a_zip_whose_end_is_missing(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": CONCEPT * 1000})
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(CommonwealError, match=r"v\.zip is not a zip file, or its end is missing"):
        read(file)


@pytest.mark.parametrize("at", [0.2, 0.5])
def test_a_damaged_zip(tmp_path: Path, at: float) -> None:
    content = "".join(f"{n * 7919 % 1_000_003}\tNeedle {n}\n" for n in range(5000)).encode()
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": content})
    damaged = bytearray(file.read_bytes())
    place = int(len(damaged) * at)
    damaged[place : place + 20] = bytes(b ^ 0xFF for b in damaged[place : place + 20])
    file.write_bytes(damaged)
    with pytest.raises(CommonwealError, match=r"v\.zip is damaged"):
        read(file)


@pytest.mark.parametrize("name", ["../CONCEPT.csv", "/etc/CONCEPT.csv", "a\\..\\..\\b.csv"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": CONCEPT, name: b"x"})
    with pytest.raises(CommonwealError, match="a path that leads out of it"):
        read(file)


def test_what_would_unpack_to_a_mountain_is_refused_unread(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": CONCEPT + b"\0" * 50_000_000})
    with pytest.raises(CommonwealError, match="more than 200 times its size"):
        read(file)


def test_a_zip_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": CONCEPT * 1000})
    honest = len(CONCEPT * 1000).to_bytes(4, "little")
    file.write_bytes(file.read_bytes().replace(honest, (1000).to_bytes(4, "little")))
    with pytest.raises(CommonwealError, match=r"v\.zip is damaged"):
        read(file)


def test_a_password_is_told(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "v.zip", {"CONCEPT.csv": CONCEPT}, zipfile.ZIP_STORED)
    content = io.BytesIO(file.read_bytes())
    locked = bytearray(content.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + flags] |= 1
    file.write_bytes(locked)
    with pytest.raises(CommonwealError, match="it has a password"):
        read(file)
