"""The verbs ``check``, ``submit``, ``submissions`` and ``sites``, run as a steward runs them."""

import json
import os
from pathlib import Path

import pytest
from tests.command_line import Run
from tests.intake_folders import valid_row, write_persons, write_table


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_exit_codes_and_json(tmp_path: Path, run: Run) -> None:
    write_persons(tmp_path / "in", 1)
    accepted = run("check", tmp_path / "in", "--json", "-")
    assert accepted.returncode == 0
    assert json.loads(accepted.stdout)["verdict"] == "accepted"
    write_table(tmp_path / "in", "death", [valid_row("death", death_date="soon")])
    rejected = run("check", tmp_path / "in", "--json", tmp_path / "r.json")
    assert rejected.returncode == 1
    assert "type.date" in rejected.stdout
    assert "soon" not in rejected.stdout
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "rejected"
    nowhere = run("check", tmp_path / "nowhere")
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "There is no folder" in nowhere.stderr


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_report_that_cannot_be_written(tmp_path: Path, run: Run, option: str) -> None:
    write_persons(tmp_path / "in", 1)
    done = run("check", tmp_path / "in", option, tmp_path / "no" / "report")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--html", "--csv", "--junit"])
def test_no_report_is_written_over_what_is_checked(tmp_path: Path, run: Run, option: str) -> None:
    person = write_persons(tmp_path / "in", 1)
    before = person.read_bytes()
    for checked, place in ((tmp_path / "in", person), (person, person)):
        done = run("check", checked, option, place)
        assert (done.returncode, done.stdout) == (2, "")
        assert "into what is checked" in done.stderr
    assert run("check", "in", option, "in/new.txt").returncode == 2
    assert person.read_bytes() == before
    (tmp_path / "loop").symlink_to("loop")
    assert "called loop" in run("check", "loop", option, "r").stderr


@pytest.mark.parametrize(
    ("option", "start"),
    [("--json", "{"), ("--html", "<!"), ("--csv", "file,"), ("--junit", "<?xml")],
)
def test_a_dash_prints_the_report_alone(tmp_path: Path, run: Run, option: str, start: str) -> None:
    write_persons(tmp_path / "in", 1)
    done = run("check", "in", option, "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(start)
    assert "Verdict: " not in done.stdout or option == "--html"
    assert not (tmp_path / "-").exists()


def test_two_reports_cannot_have_one_place(tmp_path: Path, run: Run) -> None:
    write_persons(tmp_path / "in", 1)
    for place in ("-", "r"):
        done = run("check", "in", "--json", place, "--csv", place)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--csv and --json name one place twice" in done.stderr


@pytest.mark.parametrize("dialect", ["feeds", "release", "omop-6"])
def test_only_what_sites_send_is_a_dialect(tmp_path: Path, run: Run, dialect: str) -> None:
    write_persons(tmp_path / "in", 1)
    done = run("check", "in", "--dialect", dialect)
    assert done.returncode == 2
    assert f"no dialect called '{dialect}'" in done.stderr
    assert "feeds" not in done.stderr.partition("Expected")[2]


def test_one_file_has_neither_completeness_nor_metrics(tmp_path: Path, run: Run) -> None:
    person = write_persons(tmp_path / "in", 1)
    done = run("check", person)
    assert "checked alone" in done.stdout
    assert "Not complete" not in done.stdout
    refused = run("check", person, "--metrics")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "whole folder" in refused.stderr


def test_a_file_is_checked_alone_and_not_handed_in(tmp_path: Path, run: Run) -> None:
    person = write_persons(tmp_path / "in", 1)
    write_table(tmp_path / "in", "death", [valid_row("death", death_date="soon")])
    alone = run("check", person)
    assert (alone.returncode, "death.csv" in alone.stdout) == (0, False)
    run("sites", "register", "general", "--title", "General")
    refused = run("submit", person, "--site", "general", "--purpose", "test", "--synthetic")
    assert refused.returncode == 2
    assert "is not a folder" in refused.stderr


def test_concepts_are_looked_up_in_the_vocabulary_that_was_loaded(tmp_path: Path, run: Run) -> None:
    write_table(tmp_path / "in", "person", [valid_row("person", gender_concept_id="8507")])
    assert "concept." not in run("check", tmp_path / "in").stdout
    concept = {
        "concept_id": "1",
        "concept_name": "Cough",
        "domain_id": "Condition",
        "vocabulary_id": "SNOMED",
        "concept_class_id": "Finding",
        "standard_concept": "S",
        "concept_code": "49727002",
        "valid_start_date": "19700101",
        "valid_end_date": "20991231",
        "invalid_reason": "",
    }
    (tmp_path / "athena").mkdir()
    lines = ["\t".join(cells) + "\n" for cells in (concept, concept.values())]
    (tmp_path / "athena" / "CONCEPT.csv").write_text("".join(lines))
    assert run("vocabulary", "load", tmp_path / "athena").returncode == 0
    assert "concept.unknown" in run("check", tmp_path / "in").stdout


def test_from_empty_registry_to_accepted_submission(tmp_path: Path, home: Path, run: Run) -> None:
    folder = tmp_path / "in"
    write_persons(folder, 1)
    assert "Nothing has been handed in yet" in run("submissions").stdout
    hand_in = ["submit", folder, "--site", "general", "--purpose", "test", "--synthetic"]
    unknown = run(*hand_in)
    assert unknown.returncode == 2
    assert "no site called" in unknown.stderr
    assert run("sites", "register", "general", "--title", "General").returncode == 0
    dry = run(*hand_in, "--dry-run")
    assert (dry.returncode, (home / "landing").exists()) == (0, False)
    first = run(*hand_in, "--synthetic", "--json")
    assert first.returncode == 0
    event = json.loads(first.stdout)["submission"]
    (listed,) = json.loads(run("submissions", "--json").stdout)
    sizes = {"files": 1, "rows": 1, "bytes": listed["bytes"]}
    assert listed == event | sizes | {"state": "accepted"}
    assert event["id"] in run("submissions").stdout


def test_identified_records_are_no_sprint(tmp_path: Path, home: Path, run: Run) -> None:
    """Neither in a rehearsal nor in earnest; the words say how to mend it."""
    write_persons(tmp_path / "in", 1)
    run("sites", "register", "general", "--title", "General")
    hand_in = ["submit", tmp_path / "in", "--site", "general", "--purpose", "sprint"]
    for rest in ([], ["--dry-run"]):
        done = run(*hand_in, "--dialect", "programme", *rest)
        assert done.returncode == 2
        assert "are not de-identified" in done.stderr
        assert "commonweal deidentify" in done.stderr
    assert not (home / "landing").exists()
    made_up = run(*hand_in, "--dialect", "programme", "--synthetic", "--dry-run")
    assert made_up.returncode == 0


def test_the_list_fits_a_narrow_terminal(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    write_persons(tmp_path / "in", 1)
    run("sites", "register", "general_hospital", "--title", "General")
    hand_in = ["submit", tmp_path / "in", "--site", "general_hospital", "--purpose", "production"]
    event = json.loads(run(*hand_in, "--synthetic", "--json").stdout)["submission"]
    listed = run("submissions").stdout
    (row,) = [line for line in listed.splitlines() if event["id"] in line]
    assert "accepted" in row
    assert event["received_at"][:16].replace("T", " ") in row


def test_rejected_folder_is_kept_and_told(tmp_path: Path, home: Path, run: Run) -> None:
    write_table(tmp_path / "in", "person", [valid_row("person", person_id="")])
    run("sites", "register", "general", "--title", "General")
    done = run("submit", tmp_path / "in", "--site", "general", "--purpose", "test", "--synthetic")
    assert done.returncode == 1
    (kept,) = (home / "landing" / "general").iterdir()
    assert f"{kept.name}: rejected" in done.stdout
    assert (kept / "person.csv").exists()


def test_the_exit_code_is_that_of_the_submission(tmp_path: Path, run: Run) -> None:
    """Handed in by a wrong dialect first, then as it should be, then once more."""
    write_table(tmp_path / "in", "pii_name", [valid_row("pii_name")])
    run("sites", "register", "general", "--title", "General")
    hand_in = ["submit", tmp_path / "in", "--site", "general", "--purpose", "test", "--synthetic"]
    assert run(*hand_in, "--dialect", "omop-5.4").returncode in (1, 2)
    first = run(*hand_in)
    assert (first.returncode, "handed in before" in first.stdout) == (0, False)
    again = run(*hand_in)
    assert again.returncode == 0
    assert "handed in before, on 20" in again.stdout
    assert "nothing changed" in again.stdout


def test_real_submission_of_five_persons(shared_data: Path, run: Run) -> None:
    folder = shared_data / "ehr_submission_five_persons"
    done = run("check", folder, "--json", "-")
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "accepted")
    rows = {file["table"]: file["rows"] for file in report["files"]}
    assert rows["measurement"] == 276
    assert rows["note"] == 3
    findings = {(f["file"], g["code"]) for f in report["files"] for g in f["findings"]}
    assert ("observation.csv", "type.timestamp_precision") in findings
    assert ("visit_detail.csv", "key.orphan") in findings


def test_metrics_are_measured_when_asked_for(tmp_path: Path, run: Run) -> None:
    write_persons(tmp_path / "in", 1)
    plain = run("check", tmp_path / "in", "--json", "-")
    assert "metrics" not in json.loads(plain.stdout)
    page = tmp_path / "report.html"
    asked = run("check", tmp_path / "in", "--metrics", "--json", "-", "--html", page)
    values = json.loads(asked.stdout)["metrics"]["values"]
    assert {"gc_1_standard", "dc_average", "consent_light"} <= {v["metric"] for v in values}
    assert "<h2>Metrics</h2>" in page.read_text(encoding="utf-8")
    assert "(GC-1)" in run("check", tmp_path / "in", "--metrics").stdout


def test_a_rejected_folder_is_not_measured(tmp_path: Path, run: Run) -> None:
    write_table(tmp_path / "in", "person", [valid_row("person", person_id="x")])
    done = run("check", tmp_path / "in", "--metrics", "--json", "-")
    assert done.returncode == 1
    assert "metrics" not in json.loads(done.stdout)
    said = run("check", tmp_path / "in", "--metrics").stdout
    assert "Metrics are measured once the folder is accepted." in said


def test_submit_shows_and_stores_metrics(tmp_path: Path, run: Run) -> None:
    write_persons(tmp_path / "in", 1)
    run("sites", "register", "hospital", "--title", "The hospital")
    place = ("--site", "hospital", "--purpose", "test", "--synthetic")
    done = run("submit", tmp_path / "in", *place, "--json")
    told = json.loads(done.stdout)
    (stored,) = (tmp_path / "home" / "landing" / "hospital").glob("*/metrics.json")
    assert told["metrics"] == json.loads(stored.read_bytes())
    light = [v for v in told["metrics"]["values"] if v["metric"] == "consent_light"]
    assert [value["status"] for value in light] == ["not measured"]


def test_a_link_is_followed_in_one_s_own_folder_and_never_opened_when_handing_in(
    run: Run, tmp_path: Path
) -> None:
    write_persons(tmp_path / "elsewhere", 1)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "person.csv").symlink_to(tmp_path / "elsewhere" / "person.csv")
    assert run("check", "in").returncode == 0
    run("sites", "register", "hospital", "--title", "H")
    # A pipe that nobody writes to: whoever opened it would wait for ever.
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "in" / "note.csv").symlink_to(tmp_path / "pipe")
    hand_in = ("submit", "in", "--site", "hospital", "--purpose", "test", "--synthetic")
    for options in ((), ("--dry-run",)):
        refused = run(*hand_in, *options)
        assert refused.returncode == 2
        assert "note.csv, person.csv in in: links" in refused.stderr
