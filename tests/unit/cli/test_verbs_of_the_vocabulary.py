"""``vocabulary`` as somebody meets it: before anything is loaded, and with a download."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from commonweal.cli.main import main
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]
HEADER = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
)
ROW = '7\t5" catheter\tDevice\tdm+d\tObject\tS\tA00.7\t19700101\t20991231\t\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def download(tmp_path: Path) -> Path:
    versions = "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\t"
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr("CONCEPT.csv", HEADER + ROW)
        archive.writestr(
            "VOCABULARY.csv", f"{versions}vocabulary_concept_id\nNone\tOMOP\t\tv5.0 30-AUG-24\t1\n"
        )
    return tmp_path / "download.zip"


def run(*arguments: str) -> int:
    """Run ``commonweal vocabulary`` in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", "vocabulary", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_everything_works_before_one_is_loaded_and_writes_nothing(
    home: Path, capsys: Capture
) -> None:
    assert run("info") == ExitCode.OK
    said = capsys.readouterr().out
    assert "abridged 2026-11 (the abridged one that comes with the product)" in said
    assert "LOINC: free with its notice, https://loinc.org/license" in said
    assert run("search", "lisinopril", "--json", "--limit", "1") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)[0]["id"] == 1308216
    assert run("tree", "--json", "--vocabulary", "ICD10CM") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)[0]["id"] == 2130001020
    assert not home.exists()


def test_a_download_is_loaded_and_the_abridged_one_put_back(
    home: Path, download: Path, capsys: Capture
) -> None:
    assert run("load", str(download), "--json") == ExitCode.OK
    captured = capsys.readouterr()
    about = json.loads(captured.out)
    assert (about["version"], about["abridged"]) == ("v5.0 30-AUG-24", False)
    assert about["licences"] == [
        {
            "name": "restricted",
            "concepts": 1,
            "standard": 1,
            "meaning": "needs a licence of its own",
        }
    ]
    assert "Loading CONCEPT.csv" in captured.err
    assert run("info") == ExitCode.OK
    assert "In force: v5.0 30-AUG-24 (loaded)" in capsys.readouterr().out
    assert run("tree") == ExitCode.COULD_NOT_RUN
    assert "no hierarchy" in capsys.readouterr().err
    assert run("load", "--abridged") == ExitCode.OK
    assert "abridged 2026-11" in capsys.readouterr().out
    assert (home / "vocabulary").is_dir()


@pytest.mark.parametrize("arguments", [(), ("x.zip", "--abridged")])
def test_load_has_to_be_told_what(home: Path, capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert run("load", *arguments) == ExitCode.COULD_NOT_RUN
    assert "--abridged, and not both" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is nothing at"),
        (b"not a zip", "is not a zip file"),
    ],
)
def test_load_says_what_is_wrong(
    home: Path, tmp_path: Path, capsys: Capture, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "x.zip").write_bytes(content)
    assert run("load", str(tmp_path / "x.zip")) == ExitCode.COULD_NOT_RUN
    assert said in capsys.readouterr().err
    assert not (home / "vocabulary").exists()


def test_a_folder_that_holds_no_vocabulary_is_named(
    home: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run("load", str(tmp_path)) == ExitCode.COULD_NOT_RUN
    assert "There is no vocabulary" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("K922",), "Did you mean one of these codes?"),
        (("motorcycle driver",), "add --all to see them"),
        (("zzzz",), "Try fewer words"),
        (("cough", "--domain", "Conditon"), "No concept is of the domain Conditon"),
        (("cough", "--vocabulary", "Snomd"), "No concept is of the vocabulary Snomd"),
    ],
)
def test_when_nothing_is_found_something_is_suggested(
    home: Path, capsys: Capture, arguments: tuple[str, ...], said: str
) -> None:
    assert run("search", *arguments) == ExitCode.OK
    assert said in capsys.readouterr().out


def test_source_terms_come_with_all(home: Path, capsys: Capture) -> None:
    assert run("search", "motorcycle driver", "--all", "--vocabulary", "icd10cm", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found
    assert {concept["standard"] for concept in found} == {None}


def test_a_tree_is_browsed_down(home: Path, capsys: Capture) -> None:
    assert run("tree", "2130001020", "--limit", "2") == ExitCode.OK
    captured = capsys.readouterr()
    assert "Pedestrian injured in transport accident (V00-V09)" in captured.out
    assert "Only the first 2 are shown" in captured.err
    assert run("tree", "1308216") == ExitCode.OK
    assert "Lisinopril 10 MG" in capsys.readouterr().out
    assert run("tree", "8507") == ExitCode.OK
    assert "There is nothing below MALE." in capsys.readouterr().out
    assert run("tree", "99") == ExitCode.COULD_NOT_RUN
    assert "no concept 99" in capsys.readouterr().err
