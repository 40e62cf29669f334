"""``deidentify`` as a data steward meets it: what it makes, what it says, what it refuses."""

import json
import stat
import sys
from pathlib import Path

import pytest
from tests.deidentified import condition, person, read, visit, write_folder

from commonweal.cli.main import main
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tables = {
        "person": [
            person(4711001, person_source_value="S-000-77"),
            person(2, year_of_birth="1920", birth_datetime=""),
        ],
        "visit_occurrence": [visit(9, 4711001), visit(10, 2)],
        "condition_occurrence": [
            condition(3, 4711001, condition_source_value="seen by S-000-77"),
        ],
        "pii_email": [{"person_id": "4711001", "email": "mara@mail.example"}],
    }
    write_folder(tmp_path / "site", tables)
    return tmp_path


def deidentify(*arguments: object) -> int:
    """Run the verb in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", "deidentify", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_it_makes_the_files_and_the_key_beside_them(folder: Path, capsys: Capture) -> None:
    assert deidentify("site", "--out", "made") == ExitCode.OK
    said = capsys.readouterr().out
    assert sorted(path.name for path in (folder / "made").iterdir()) == [
        "condition_occurrence.csv",
        "person.csv",
        "visit_occurrence.csv",
    ]
    key = folder / "made.key.csv"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "made.key.csv" in said
    assert "never send it" in said
    assert "Left out whole: pii_email" in said
    assert "Emptied in condition_occurrence: 1 of condition_source_value" in said
    assert "commonweal check made --dialect sprint" in said
    for value in ("4711001", "S-000-77", "mara", "2019-05-17"):
        assert value not in said


def test_json_has_the_counts_the_terminal_has(folder: Path, capsys: Capture) -> None:
    report = folder / "report.json"
    assert deidentify("site", "--out", "made", "--json", "--report", report) == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    tables = {table["table"]: table for table in said["tables"]}
    assert tables["person"]["rows_read"] == 2
    assert tables["person"]["removed"] == {"over_80": 1}
    assert said["key"] == "made.key.csv"
    assert json.loads(report.read_text())["tables"] == said["tables"]


def test_a_dry_run_says_so_and_makes_nothing(folder: Path, capsys: Capture) -> None:
    assert deidentify("site", "--out", "made", "--dry-run") == ExitCode.OK
    assert "Nothing was written" in capsys.readouterr().out
    assert [path.name for path in folder.iterdir()] == ["site"]


def test_a_key_of_ones_own_is_used_again(folder: Path) -> None:
    assert deidentify("site", "--out", "one", "--key", "safe/mine.csv") == ExitCode.OK
    options = ("--key", "safe/mine.csv", "--dialect", "alpha", "--persons", 1)
    assert deidentify("site", "--out", "two", *options) == ExitCode.OK
    ids = [read(folder / name, "person")[0]["person_id"] for name in ("one", "two")]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "--out", "made"), "no folder or file called nowhere"),
        (("site", "--out", "made", "--dialect", "programme"), "cannot be de-identified as"),
        (("site", "--out", "site"), "there already"),
        (("site", "--out", "made", "--key", "site/person.csv"), "would lie among files"),
    ],
)
def test_what_cannot_be_done_is_said(
    capsys: Capture, arguments: tuple[str, ...], said: str
) -> None:
    assert deidentify(*arguments) == ExitCode.COULD_NOT_RUN
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert "Traceback" not in told


def test_a_folder_that_is_not_accepted_is_refused(folder: Path, capsys: Capture) -> None:
    write_folder(folder / "site", {"person": [person(1, year_of_birth="MCMLXI")]})
    assert deidentify("site", "--out", "made") == ExitCode.COULD_NOT_RUN
    told = capsys.readouterr().err
    assert "commonweal check" in told
    assert "MCMLXI" not in told
    assert not (folder / "made").exists()


@pytest.mark.parametrize("day", ["0001-01-01", "2019-12-31", "9999-12-31"])
def test_ages_are_counted_at_no_day_long_past_or_to_come(
    folder: Path, day: str, capsys: Capture
) -> None:
    assert deidentify("site", "--out", "made", "--as-of", day) == ExitCode.COULD_NOT_RUN
    assert f"Ages cannot be counted at {day}" in capsys.readouterr().err
    assert not (folder / "made").exists()


def test_one_file_alone_is_told_that_its_folder_is_needed(folder: Path, capsys: Capture) -> None:
    assert deidentify("site/person.csv", "--out", "made") == ExitCode.COULD_NOT_RUN
    assert "Give the folder that holds it: site" in capsys.readouterr().err
    assert not (folder / "made").exists()
