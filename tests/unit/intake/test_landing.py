"""The landing area and the site registry: append-only, whole, idempotent."""

import json
import stat
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest
from tests.intake_folders import (
    SETTINGS,
    check,
    programme_table,
    valid_row,
    write_persons,
    write_table,
)
from tests.ready_sites import register_as

from commonweal.intake.check import check_folder
from commonweal.intake.findings import build_finding
from commonweal.intake.landing import (
    Submission,
    find_submission,
    get_accepted,
    list_submissions,
    read_report,
    submit_folder,
    verify_submission,
    write_landed_parquet,
)
from commonweal.intake.sites import Purpose, Site, get_site, list_sites, register_site
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HOSPITAL = Site(
    "hospital",
    "The hospital",
    "MA",
    date(2025, 1, 31),
    tuple(Purpose),
    test_load="hospital-20250201-0",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    register_as(home, HOSPITAL)
    return home


def hand_in(
    folder: Path,
    home: Path,
    *,
    site: str = "hospital",
    purpose: Purpose = Purpose.PRODUCTION,
    synthetic: bool = False,
    now: datetime = NOW,
    dialect: str = "programme",
) -> Submission:
    return submit_folder(
        folder,
        home=home,
        site=site,
        purpose=purpose,
        synthetic=synthetic,
        now=now,
        report=check_folder(folder, dialect=dialect, settings=SETTINGS),
    )


def test_submission_holds_what_was_sent_and_the_report(tmp_path: Path, home: Path) -> None:
    sent = write_persons(tmp_path / "in", 1, 2)
    (tmp_path / "in" / "private.txt").write_text("stays at the site")
    submission = hand_in(tmp_path / "in", home)
    assert submission.id.startswith("hospital-20260301-")
    assert submission.folder == home / "landing" / "hospital" / submission.id
    assert (submission.folder / "person.csv").read_bytes() == sent.read_bytes()
    assert sorted(p.name for p in submission.folder.iterdir()) == [
        "comparison.json",
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


def test_going_back_to_earlier_files_is_a_submission_of_its_own(tmp_path: Path, home: Path) -> None:
    """What a site sent last is in force, though all come at the same moment of a clock."""
    write_persons(tmp_path / "a", 1)
    write_persons(tmp_path / "b", 1, 2)
    sent = [hand_in(tmp_path / folder, home) for folder in ("a", "b", "a", "a", "b")]
    first, other, back, same, other_again = sent
    assert same == back
    assert back.id == f"{first.id}-2"
    assert back.digest == first.digest
    assert list_submissions(home) == [first, other, back, other_again]
    assert get_accepted(home, "hospital") == other_again
    third = hand_in(tmp_path / "a", home, now=NOW - timedelta(minutes=5))
    assert third.id == f"{first.id}-3"
    assert get_accepted(home, "hospital") == third


def test_the_same_files_read_as_something_else_are_no_repetition(
    tmp_path: Path, home: Path
) -> None:
    """A wrong dialect is mended by handing in with the right one."""
    write_persons(tmp_path / "in", 1)
    header, row = (tmp_path / "in" / "person.csv").read_text().splitlines()
    (tmp_path / "in" / "person.csv").write_text(f"{header},state_id\n{row},1\n")
    wrong = hand_in(tmp_path / "in", home, dialect="omop-5.4")
    (tmp_path / "in" / "person.csv").write_text(f"{header}\n{row}\n")
    right = hand_in(tmp_path / "in", home)
    other = hand_in(tmp_path / "in", home, dialect="omop-5.4")
    assert wrong.verdict == "rejected"
    assert (right.dialect, right.verdict) == ("programme", "accepted")
    assert (other.dialect, other.digest != right.digest) == ("omop-5.4", True)
    assert get_accepted(home, "hospital") != wrong


def test_a_verdict_that_changed_is_a_submission_of_its_own(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1)
    accepted = hand_in(tmp_path / "in", home)
    report = check(tmp_path / "in")
    broken = build_finding("folder.empty")
    stricter = replace(report, findings=(*report.findings, broken))
    rejected = submit_folder(
        tmp_path / "in",
        home=home,
        site="hospital",
        purpose=Purpose.PRODUCTION,
        synthetic=False,
        now=NOW,
        report=stricter,
    )
    assert (accepted.verdict, rejected.verdict) == ("accepted", "rejected")
    assert rejected.id != accepted.id


@pytest.mark.parametrize(
    "pool",
    [
        pytest.param(partial(ThreadPoolExecutor, 5), id="threads"),
        pytest.param(partial(ProcessPoolExecutor, 3, get_context("spawn")), id="processes"),
    ],
)
def test_many_who_hand_in_at_once(tmp_path: Path, home: Path, pool: Callable[[], Executor]) -> None:
    """The same files give one submission; different files one each, and nothing is left over."""
    folders = [tmp_path / name for name in ("a", "a", "a", "b", "c")]
    for number, folder in enumerate(folders):
        write_persons(folder, *range(1, 2 + max(0, number - 2)))
    with pool() as workers:
        sent = list(workers.map(partial(hand_in, home=home), folders))
    listed = list_submissions(home)
    assert {s.id for s in sent} == {s.id for s in listed}
    assert {s.digest for s in sent} == {s.digest for s in listed}
    assert len({s.digest for s in sent}) == 3
    assert len({s.received_at for s in listed}) == len(listed)
    assert all(one.digest != after.digest for one, after in pairwise(listed))
    assert all(verify_submission(s) == [] for s in listed)
    assert [p.name for p in (home / "landing").rglob(".*")] == []


def test_what_was_handed_in_is_found_without_a_check(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "in"
    write_persons(folder, 1)
    (folder / "private.txt").write_text("stays at the site")

    def find(site: str = "hospital", dialect: str = "programme") -> Submission | None:
        return find_submission(
            folder,
            home=home,
            site=site,
            purpose=Purpose.PRODUCTION,
            synthetic=False,
            dialect=dialect,
        )

    assert find() is None
    submission = hand_in(folder, home)
    assert find() == submission
    assert find(dialect="omop-5.4") is None
    assert find(site="other") is None
    assert read_report(submission).to_json() == check(folder).to_json()
    content = (folder / "person.csv").read_bytes()
    (folder / "person.csv").write_bytes(content.replace(b"text", b"tent", 1).replace(b"1", b"2", 1))
    assert find() is None
    (folder / "person.csv").write_bytes(content)
    assert find() == submission
    write_table(folder, "death", [])
    assert find() is None


def test_a_report_is_read_back_with_its_findings(tmp_path: Path, home: Path) -> None:
    write_table(tmp_path / "in", "person", [valid_row("person", person_id="x")])
    (tmp_path / "in" / "private.txt").touch()
    report = check(tmp_path / "in")
    again = read_report(hand_in(tmp_path / "in", home))
    assert again.to_json() == report.to_json()
    assert [(f.file, f.table) for f in again.files[0].findings] == [("person.csv", "person")]


def test_the_landing_area_is_closed_to_others(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "in", 1)
    hand_in(tmp_path / "in", home)
    assert stat.S_IMODE((home / "landing").stat().st_mode) == 0o700


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


def test_links_are_not_handed_in(tmp_path: Path, home: Path) -> None:
    """What they lead to was never put into the folder, and may be anybody's."""
    write_persons(tmp_path / "elsewhere", 1)
    folder = tmp_path / "in"
    write_persons(folder, 1, 2)
    (folder / "death.csv").symlink_to(tmp_path / "elsewhere" / "person.csv")
    (folder / ".latest").symlink_to(tmp_path)
    with pytest.raises(CommonwealError, match=r"death\.csv in .*: links") as refused:
        hand_in(folder, home)
    assert "Copy the files" in refused.value.fix
    assert not (home / "landing").exists()
    (folder / "death.csv").unlink()
    assert hand_in(folder, home).is_accepted


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


def test_interrupted_hand_in_is_no_submission_and_is_cleared(tmp_path: Path, home: Path) -> None:
    left = home / "landing" / "hospital" / ".partial-hospital-20260301-00000000"
    left.mkdir(parents=True)
    (left / "submission.json").write_text("{}")
    assert list_submissions(home) == []
    write_persons(tmp_path / "in", 1)
    submission = hand_in(tmp_path / "in", home)
    assert list(left.parent.iterdir()) == [submission.folder]


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
    register_site(home, Site("starter", "A starter"))
    register_as(home, replace(HOSPITAL, name="tester", purposes=(Purpose.TEST,)))
    with pytest.raises(CommonwealError, match="no site called"):
        hand_in(tmp_path / "in", home, site="../hospital")
    with pytest.raises(CommonwealError, match="no executed"):
        hand_in(tmp_path / "in", home, site="starter")
    with pytest.raises(CommonwealError, match="not authorised"):
        hand_in(tmp_path / "in", home, site="tester")
    assert hand_in(tmp_path / "in", home, site="starter", synthetic=True).synthetic


def test_registry_is_append_only(home: Path) -> None:
    register_site(home, Site("hospital", "The hospital", "MA"))
    assert (get_site(home, "hospital"), list_sites(home)) == (HOSPITAL, [HOSPITAL])
    with pytest.raises(CommonwealError, match="registered already"):
        register_site(home, Site("hospital", "Another", "MA"))
    with pytest.raises(CommonwealError, match="cannot be the name"):
        register_site(home, Site("../x", "The hospital"))


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
