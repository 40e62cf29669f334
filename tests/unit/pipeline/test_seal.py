"""A release is sealed whole, once, and any change to it afterwards is found."""

import json
import stat
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.small_cdm import MOMENT, condition, person, small_engine, write_cdm

from commonweal.pipeline.seal import ReleaseFacts, seal_release
from commonweal.pipeline.signing import KEY_FILE
from commonweal.release.catalogue import (
    Release,
    find_latest,
    get_release,
    list_releases,
)
from commonweal.release.cdm import open_cdm
from commonweal.release.verify import verify_release
from commonweal.schema.errors import CommonwealError

FACTS = ReleaseFacts(
    cutoff=date(2026, 11, 30),
    synthetic=True,
    inputs={"site_a": "0" * 64},
    counts={"rule": {1: 2, "10": 3}},
    tier_notes={("person", "year_of_birth"): "Kept as a year."},
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rows = [condition(1, 5, "2020-01-01")]
    return write_cdm(tmp_path / "tier", {"person": [person(1)], "condition_occurrence": rows})


def seal(home: Path, tables: Path, facts: ReleaseFacts = FACTS, letter: str = "R") -> Release:
    return seal_release(
        home, tier="registered", letter=letter, tables=tables, facts=facts, now=MOMENT
    )


def test_a_sealed_release_is_found_and_verifies(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)

    assert release.id == "R2026Q4R1"
    assert verify_release(tmp_path, release.id) == []
    assert [known.id for known in list_releases(tmp_path)] == ["R2026Q4R1"]
    assert pq.read_table(release.table("person")).num_rows == 1
    dictionary = (release.folder / "dictionary.csv").read_text()
    assert dictionary.count("\n") == 1 + sum(len(t.columns) for t in release.manifest.tables)
    assert "person,year_of_birth,integer,yes," in dictionary
    assert "Kept as a year." in dictionary


def test_a_release_opens_by_id_and_as_a_folder(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    with small_engine() as engine:
        by_id = open_cdm(engine, Path(release.id), home=tmp_path)
        by_folder = open_cdm(engine, release.folder)

    assert by_id.as_of == by_folder.as_of == FACTS.cutoff
    assert by_id.content_hash == by_folder.content_hash == release.folder.name
    assert (by_id.release_id, by_id.is_synthetic) == ("R2026Q4R1", True)
    assert by_id.tables == {"person", "condition_occurrence"}


def test_the_same_content_is_the_same_release(tmp_path: Path, tables: Path) -> None:
    first = seal(tmp_path, tables)
    later = MOMENT + timedelta(days=3)
    again = seal_release(
        tmp_path, tier="registered", letter="R", tables=tables, facts=FACTS, now=later
    )
    elsewhere = seal(tmp_path / "other home", tables)

    assert again == first
    assert elsewhere.content_hash == first.content_hash
    for file in ("manifest.json", "dictionary.csv", "person.parquet"):
        assert (first.folder / file).read_bytes() == (elsewhere.folder / file).read_bytes()
    envelope = json.loads((tmp_path / "releases/envelopes/R2026Q4R1.json").read_text())
    assert envelope["sealed_at"].startswith("2026-10-01T12:00")


def test_other_content_is_the_next_revision(tmp_path: Path, tables: Path) -> None:
    seal(tmp_path, tables)
    second = seal(tmp_path, tables, replace(FACTS, parameters={"x": 1}))
    next_quarter = seal(tmp_path, tables, replace(FACTS, cutoff=date(2027, 1, 1)))
    other_tier = seal(tmp_path, tables, letter="C")

    assert second.id == "R2026Q4R2"
    assert next_quarter.id == "R2027Q1R1"
    assert other_tier.id == "C2026Q4R1"
    latest = find_latest(tmp_path, "R")
    assert latest is not None
    assert latest.id == "R2027Q1R1"
    assert find_latest(tmp_path, "S") is None


def test_a_run_killed_before_the_pointer_is_finished_by_the_next(
    tmp_path: Path, tables: Path
) -> None:
    release = seal(tmp_path, tables)
    pointer = tmp_path / "releases" / f"{release.id}.json"
    envelope = tmp_path / "releases" / "envelopes" / f"{release.id}.json"
    pointer.unlink()
    envelope.unlink()
    scratch = release.folder.with_name(f".partial-{release.content_hash}")
    scratch.mkdir()
    assert list_releases(tmp_path) == []

    assert seal(tmp_path, tables) == release
    assert envelope.is_file()


def test_files_are_read_only_and_the_key_is_secret(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)

    for path in [release.folder, *release.folder.iterdir()]:
        assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    key = tmp_path / "keys" / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    content = key.read_bytes()
    seal(tmp_path, tables, replace(FACTS, parameters={"x": 1}))
    assert key.read_bytes() == content


def _writable(release: Release, name: str) -> Path:
    release.folder.chmod(0o755)
    file = release.folder / name
    if file.exists():
        file.chmod(0o644)
    return file


def _problems(home: Path, release: Release) -> str:
    return "\n".join(map(str, verify_release(home, release.id)))


def test_a_changed_file_is_found(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    file = _writable(release, "person.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"?")

    assert "person.parquet: The file was changed" in _problems(tmp_path, release)
    with pytest.raises(CommonwealError, match="damaged"):
        seal(tmp_path, tables)


def test_another_table_of_the_same_name_is_found(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    table = pa.table({"person_id": [1, 2]})
    pq.write_table(table, _writable(release, "person.parquet"))

    problems = _problems(tmp_path, release)
    assert "has 2 rows; the manifest says 1" in problems
    assert "not the columns" in problems


def test_missing_and_extra_files_are_named(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    _writable(release, "condition_occurrence.parquet").unlink()
    _writable(release, "extra.txt").write_text("x")

    assert "condition_occurrence.parquet: The file is missing." in _problems(tmp_path, release)
    assert "extra.txt: The manifest does not know this file." in _problems(tmp_path, release)


def test_an_edited_manifest_is_found(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    file = _writable(release, "manifest.json")
    file.write_text(file.read_text().replace('"synthetic": true', '"synthetic": false'))

    assert "manifest.json: The manifest does not have the hash" in _problems(tmp_path, release)


def test_a_signature_must_be_there_and_by_a_trusted_key(tmp_path: Path, tables: Path) -> None:
    release = seal(tmp_path, tables)
    stranger = seal(tmp_path / "stranger", tables)
    foreign_key = next((tmp_path / "stranger" / "releases" / "keys").iterdir())
    own_key = next((tmp_path / "releases" / "keys").iterdir())
    file = _writable(release, "signature.json")
    own = file.read_bytes()

    file.write_bytes((stranger.folder / "signature.json").read_bytes())
    assert "not among the trusted" in _problems(tmp_path, release)
    assert verify_release(tmp_path, release.id, public_key=foreign_key) == []
    file.write_bytes(own)
    assert verify_release(tmp_path, release.id, public_key=own_key) == []
    assert "not one of this release" in str(
        verify_release(tmp_path, release.id, public_key=foreign_key)[0]
    )
    file.write_text('{"algorithm": "Ed25519", "key_id": "../../x", "signature": "zz"}')
    assert "damaged" in _problems(tmp_path, release)
    file.unlink()
    assert "not signed" in _problems(tmp_path, release)


def test_what_must_not_leave_is_not_sealed(tmp_path: Path, tables: Path) -> None:
    lineage = pa.table({"person_id": [1], "_src_row": [7]})
    pq.write_table(lineage, tables / "death.parquet")
    with pytest.raises(CommonwealError, match=r"death\._src_row"):
        seal(tmp_path, tables)

    (tables / "death.parquet").write_bytes(b"nonsense")
    with pytest.raises(CommonwealError, match="no whole Parquet file"):
        seal(tmp_path, tables)

    with pytest.raises(CommonwealError, match="no person table"):
        seal(tmp_path, tmp_path / "nowhere")
    assert list_releases(tmp_path) == []


@pytest.mark.parametrize("release_id", ["R2026Q4R9", "../keys/x", "nonsense", "R2026Q5R1"])
def test_an_unknown_release_is_an_answer(tmp_path: Path, tables: Path, release_id: str) -> None:
    seal(tmp_path, tables)

    with pytest.raises(CommonwealError):
        get_release(tmp_path, release_id)


@pytest.mark.parametrize("content", ["", "[]", '{"id": "R2026Q4R1", "content_hash": "../../x"}'])
def test_a_damaged_pointer_is_an_answer(tmp_path: Path, tables: Path, content: str) -> None:
    release = seal(tmp_path, tables)
    (tmp_path / "releases" / f"{release.id}.json").write_text(content)

    with pytest.raises(CommonwealError, match=r"R2026Q4R1\.json"):
        verify_release(tmp_path, release.id)
