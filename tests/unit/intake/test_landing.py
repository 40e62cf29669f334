"""The landing area and the site registry: append-only, whole, idempotent."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.intake_folders import check, programme_table, valid_row, write_persons, write_table

from commonweal.intake.landing import (
    Submission,
    get_accepted,
    list_submissions,
    submit_folder,
    verify_submission,
    write_landed_parquet,
)
from commonweal.intake.sites import Purpose, Site, get_site, list_sites, register_site
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HOSPITAL = Site("hospital", "The hospital", "MA", date(2025, 1, 31))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    register_site(home, HOSPITAL)
    return home


def hand_in(
    folder: Path,
    home: Path,
    *,
    site: str = "hospital",
    purpose: Purpose = Purpose.PRODUCTION,
    synthetic: bool = False,
    now: datetime = NOW,
) -> Submission:
    return submit_folder(
        folder,
        home=home,
        site=site,
        purpose=purpose,
        synthetic=synthetic,
        now=now,
        report=check(folder),
    )


def test_submission_holds_what_was_sent_and_the_report(tmp_path: Path, home: Path) -> None:
    sent = write_persons(tmp_path / "in", 1, 2)
    (tmp_path / "in" / "private.txt").write_text("stays at the site")
    submission = hand_in(tmp_path / "in", home)
    assert submission.id.startswith("hospital-20260301-")
    assert submission.folder == home / "landing" / "hospital" / submission.id
    assert (submission.folder / "person.csv").read_bytes() == sent.read_bytes()
    assert sorted(p.name for p in submission.folder.iterdir()) == [
        "completeness.json",
        "manifest.json",
        "person.csv",
        "report.html",
        "report.json",
        "submission.json",
    ]
    assert json.loads((submission.folder / "report.json").read_text())["verdict"] == "accepted"
    (file,) = submission.files
    assert (file.table, file.rows, file.bytes) == ("person", 2, sent.stat().st_size)
    assert list_submissions(home) == [submission]
    (measured,) = json.loads((submission.folder / "completeness.json").read_text())
    assert (measured["table"], measured["rows"], measured["persons"]) == ("person", 2, 2)
    assert "Data completeness" in (submission.folder / "report.html").read_text()


def test_same_files_again_give_the_same_submission(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1)
    first = hand_in(tmp_path / "in", home)
    again = hand_in(tmp_path / "in", home, now=NOW + timedelta(days=3))
    assert again == first
    other = hand_in(tmp_path / "in", home, purpose=Purpose.TEST)
    assert other.id != first.id
    assert len(list_submissions(home)) == 2


def test_rejected_submission_is_kept_and_never_curated(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "good", 1)
    accepted = hand_in(tmp_path / "good", home)
    write_table(tmp_path / "bad", "person", [valid_row("person", person_id="x")])
    rejected = hand_in(tmp_path / "bad", home, now=NOW + timedelta(hours=1))
    assert (rejected.verdict, len(list_submissions(home))) == ("rejected", 2)
    assert get_accepted(home, "hospital") == accepted
    with pytest.raises(CommonwealError, match="was rejected"):
        write_landed_parquet(
            rejected, rejected.files[0], programme_table("person"), tmp_path / "out.parquet"
        )


def test_latest_accepted_production_submission_counts(tmp_path: Path, home: Path) -> None:
    assert get_accepted(home, "hospital") is None
    write_persons(tmp_path / "a", 1)
    write_persons(tmp_path / "b", 1, 2)
    write_persons(tmp_path / "c", 1, 2, 3)
    hand_in(tmp_path / "a", home)
    latest = hand_in(tmp_path / "b", home, now=NOW + timedelta(days=1))
    hand_in(tmp_path / "c", home, purpose=Purpose.TEST, now=NOW + timedelta(days=2))
    assert get_accepted(home, "hospital") == latest


def test_file_that_changed_since_the_check_is_refused(tmp_path: Path, home: Path) -> None:
    path = write_persons(tmp_path / "in", 1)
    report = check(tmp_path / "in")
    path.write_text(path.read_text() + "2\n")
    with pytest.raises(CommonwealError, match=r"person\.csv changed"):
        submit_folder(
            tmp_path / "in",
            home=home,
            site="hospital",
            purpose=Purpose.PRODUCTION,
            synthetic=False,
            now=NOW,
            report=report,
        )
    assert list_submissions(home) == []


def test_tampering_in_the_landing_area_is_noticed(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1, 2)
    submission = hand_in(tmp_path / "in", home)
    assert verify_submission(submission) == []
    landed = submission.folder / "person.csv"
    landed.write_text(landed.read_text().rsplit("\n", 2)[0] + "\n")
    assert verify_submission(submission) == ["person.csv"]
    with pytest.raises(CommonwealError, match="had 2 rows"):
        write_landed_parquet(
            submission, submission.files[0], programme_table("person"), tmp_path / "out.parquet"
        )


def test_interrupted_hand_in_is_no_submission(tmp_path: Path, home: Path) -> None:
    partial = home / "landing" / "hospital" / ".partial-hospital-20260301-00000000"
    partial.mkdir(parents=True)
    (partial / "submission.json").write_text("{}")
    assert list_submissions(home) == []


def test_nothing_to_hand_in(tmp_path: Path, home: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(CommonwealError, match="nothing to hand in"):
        hand_in(tmp_path / "in", home)


def test_landing_that_cannot_be_written(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1)
    (home / "landing").write_text("a file where the folder should be")
    with pytest.raises(CommonwealError, match="cannot be stored"):
        hand_in(tmp_path / "in", home)


def test_unknown_and_unauthorised_sites(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1)
    register_site(home, replace(HOSPITAL, name="starter", isa_date=None))
    register_site(home, replace(HOSPITAL, name="tester", purposes=(Purpose.TEST,)))
    with pytest.raises(CommonwealError, match="no site called"):
        hand_in(tmp_path / "in", home, site="../hospital")
    with pytest.raises(CommonwealError, match="no signed"):
        hand_in(tmp_path / "in", home, site="starter")
    with pytest.raises(CommonwealError, match="not authorised"):
        hand_in(tmp_path / "in", home, site="tester")
    assert hand_in(tmp_path / "in", home, site="starter", synthetic=True).synthetic


def test_registry_is_append_only(home: Path) -> None:
    register_site(home, HOSPITAL)
    assert (get_site(home, "hospital"), list_sites(home)) == (HOSPITAL, [HOSPITAL])
    with pytest.raises(CommonwealError, match="registered already"):
        register_site(home, replace(HOSPITAL, title="Another"))
    with pytest.raises(CommonwealError, match="cannot be the name"):
        register_site(home, replace(HOSPITAL, name="../x"))


def test_accepted_files_are_read_by_name_with_their_records(tmp_path: Path, home: Path) -> None:
    (tmp_path / "in").mkdir()
    header = "MRN,person_id,health_system"
    (tmp_path / "in" / "pii_mrn.csv").write_text(f'{header}\n007,1,"two\nlines"\n8,2,x\n')
    note = valid_row("note", note_id="5") | {"person_id": 3}
    (tmp_path / "in" / "note.jsonl").write_text(json.dumps(note) + "\n")
    submission = hand_in(tmp_path / "in", home)
    files = {file.table: file for file in submission.files}
    out = tmp_path / "out.parquet"
    assert write_landed_parquet(submission, files["pii_mrn"], programme_table("pii_mrn"), out) == 2
    assert pl.read_parquet(out).rows() == [("1", "two\nlines", "007", 1), ("2", "x", "8", 2)]
    assert write_landed_parquet(submission, files["note"], programme_table("note"), out) == 1
    frame = pl.read_parquet(out)
    assert frame.columns == [*programme_table("note").columns, "_src_row"]
    assert frame.select("note_id", "person_id", "provider_id").rows() == [("5", "3", None)]
