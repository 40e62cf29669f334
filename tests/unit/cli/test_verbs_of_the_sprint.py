"""``sprint`` as stewards and curators meet it: goals, scores, the board, and empty states."""

import json
import sys
from pathlib import Path

import pytest
from tests.deidentified import condition, person, run, write_folder

from commonweal.cli.main import main
from commonweal.intake.sites import Site, register_site
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]
LOCAL = "LOCAL-7:something rare"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    tables = {
        "person": [person(1)],
        "condition_occurrence": [
            condition(n, 1, condition_concept_id="0", condition_source_value=LOCAL)
            for n in range(1, 7)
        ],
    }
    run(write_folder(tmp_path / "site", tables), tmp_path / "made")
    return tmp_path / "made"


def commonweal(*arguments: str) -> int:
    """Run a verb in this process; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["commonweal", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_goals_with_and_without_dates(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commonweal("sprint", "goals") == ExitCode.OK
    assert "procedure_occurrence" in capsys.readouterr().out
    assert commonweal("sprint", "goals", "--start", "2027-01-11", "--json") == ExitCode.OK
    assert [week["due"] for week in json.loads(capsys.readouterr().out)][:2] == [
        "2027-01-17",
        "2027-01-24",
    ]
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__SPRINT_START", "2027-03-01")
    assert commonweal("sprint", "goals") == ExitCode.OK
    assert "2027-03-07" in capsys.readouterr().out


def test_a_folder_is_scored_without_its_codes(made: Path, capsys: Capture) -> None:
    assert commonweal("sprint", "score", "made") == ExitCode.OK
    said = capsys.readouterr().out
    assert "condition_concept_id" in said
    assert "0.0% !" in said
    assert "--show-values" in said
    assert "LOCAL-7" not in said
    assert commonweal("sprint", "score", "made", "--show-values") == ExitCode.OK
    assert f"6 rows: {LOCAL}" in capsys.readouterr().out


def test_the_score_as_json(made: Path, capsys: Capture) -> None:
    assert commonweal("sprint", "score", "made", "--json") == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    scores = {s["column"]: s for file in said["files"] for s in file["scores"]}
    assert scores["condition_concept_id"]["shares"]["mapped"] == {
        "numerator": 0,
        "denominator": 6,
        "share": 0.0,
    }
    assert scores["condition_concept_id"]["below"] == ["mapped"]
    assert "LOCAL" not in json.dumps(said)


def test_a_file_with_errors_is_named_and_the_others_are_scored(made: Path, capsys: Capture) -> None:
    (made / "condition_occurrence.csv").write_text("condition_occurrence_id\nx\n")
    assert commonweal("sprint", "score", "made") == ExitCode.OK
    said = capsys.readouterr().out
    assert "condition_occurrence.csv has errors" in said
    assert "gender_concept_id" in said


def test_where_nothing_can_be_scored_the_next_step_is_named(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "person.csv").write_text("nothing\n")
    assert commonweal("sprint", "score", str(tmp_path)) == ExitCode.REJECTED
    assert f"commonweal check {tmp_path} --dialect sprint" in capsys.readouterr().out
    (tmp_path / "person.csv").unlink()
    assert commonweal("sprint", "score", str(tmp_path), "--json") == ExitCode.REJECTED
    assert "Nothing could be scored" in capsys.readouterr().err


def test_what_is_neither_folder_nor_submission_is_told(capsys: Capture) -> None:
    assert commonweal("sprint", "score", "nothing") == ExitCode.COULD_NOT_RUN
    assert "neither a folder nor a submission" in capsys.readouterr().err


def test_the_board_from_empty_to_handed_in(home: Path, made: Path, capsys: Capture) -> None:
    assert commonweal("sprint", "board") == ExitCode.OK
    assert "No site is registered yet" in capsys.readouterr().out
    register_site(home, Site("north", "North"))
    submit = ("submit", "made", "--site", "north", "--purpose", "sprint", "--dialect", "sprint")
    assert commonweal(*submit, "--synthetic", "--json") == ExitCode.OK
    submission = json.loads(capsys.readouterr().out)["submission"]["id"]
    assert commonweal("sprint", "board", "--html", "board.html") == ExitCode.OK
    said = capsys.readouterr().out
    assert "north condition_occurrence: condition_concept_id: mapped 0.0%, goal 90%" in said
    assert "condition_concept_id: mapped" in Path("board.html").read_text()
    assert commonweal("sprint", "board", "--json", "--start", "2020-01-06") == ExitCode.OK
    rows = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["person"]["mapped"]
    assert rows["measurement"]["is_late"]
    assert rows["measurement"]["due"] == "2020-02-02"
    assert commonweal("sprint", "score", submission, "--json") == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    assert {file["table"] for file in said["files"]} == {"person", "condition_occurrence"}
