"""Rounds over a drop area on a disk: what is taken, what waits, and what is told."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.drop_areas import (
    HOSPITAL,
    LATER,
    declaration,
    events_of,
    history_of,
    make_home,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    shifted,
    today,
)
from tests.intake_folders import csv_text, valid_row

from commonweal.engine.storage import Location
from commonweal.intake.check.concepts import Terms
from commonweal.intake.landing import (
    find_metrics,
    get_accepted,
    list_submissions,
    verify_submission,
)
from commonweal.intake.lifecycle.acts import (
    declare_folder,
    exclude_submission,
    include_submission,
)
from commonweal.intake.lifecycle.declaration import DECLARATION, build_declaration
from commonweal.intake.lifecycle.drop import RECEIPT, required_tables
from commonweal.intake.lifecycle.history import list_histories
from commonweal.intake.lifecycle.lookup import get_entry, list_entries
from commonweal.intake.lifecycle.receive import RENAME, Outcome, receive_site
from commonweal.intake.metrics import Surroundings
from commonweal.intake.sites import Purpose, Site
from commonweal.intake.submission import Submission
from commonweal.schema.errors import CommonwealError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


@pytest.fixture
def drop(home: Path) -> Location:
    return Location.of(home / "drop" / "hospital")


def receive(home: Path, **options: object) -> list[Outcome]:
    return receive_site(make_receiver(home, **options), HOSPITAL)


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.folder: outcome.state for outcome in outcomes}


def test_a_declared_folder_is_taken_at_once(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1, 2)
    assert states(receive(home)) == {today(): "current"}
    assert events_of(home, today()) == [
        "seen", "ready", "begun", "copied", "accepted", "made_current", "announced",
    ]  # fmt: skip
    (submission,) = list_submissions(home)
    assert get_accepted(home, "hospital") == submission
    assert (submission.key, submission.rows) == (today(), 2)
    assert verify_submission(submission) == []
    assert (submission.folder / "person.csv").read_bytes() == persons_csv(1, 2)
    assert [p.name for p in (home / "landing").rglob(".*")] == []
    receipt = json.loads(drop.read(f"{today()}/{RECEIPT}"))
    assert (receipt["id"], receipt["verdict"]) == (submission.id, "accepted")


def test_the_next_round_has_nothing_to_tell(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    receive(home)
    events = events_of(home, today())
    assert receive(home) == []
    assert events_of(home, today()) == events
    assert len(list_submissions(home)) == 1


def test_an_empty_area_is_no_error(home: Path) -> None:
    assert receive(home) == []


def test_without_a_declaration_it_is_waited_for_and_then_held(home: Path, drop: Location) -> None:
    put(drop, today(), {"person.csv": persons_csv(1)})
    (outcome,) = receive(home)
    assert outcome.state == "uploading"
    assert receive(home) == []
    (outcome,) = receive(home, clock=shifted(LATER))
    assert (outcome.state, "never declared" in outcome.said) == ("held", True)
    assert list_submissions(home) == []
    drop.write(f"{today()}/{DECLARATION}", declaration(purpose="test", synthetic=False))
    assert states(receive(home)) == {today(): "accepted"}
    (submission,) = list_submissions(home)
    assert (submission.purpose, submission.synthetic) == (Purpose.TEST, False)
    assert get_accepted(home, "hospital") is None


def test_all_required_tables_end_the_wait(home: Path, drop: Location) -> None:
    put(drop, today(), {f"{table}.csv": b"x" for table in required_tables("programme")})
    (outcome,) = receive(home)
    assert (outcome.state, "never declared" in outcome.said) == ("held", True)


def test_files_of_the_manifest_are_waited_for(home: Path, drop: Location) -> None:
    files = {"person.csv": persons_csv(1), "death.csv": b"person_id\n"}
    put(drop, today(), {DECLARATION: declaration(files), "person.csv": files["person.csv"]})
    (outcome,) = receive(home)
    assert (outcome.state, "death.csv" in outcome.said) == ("uploading", True)
    (outcome,) = receive(home, clock=shifted(LATER))
    assert (outcome.state, "death.csv" in outcome.said) == ("held", True)
    put(drop, today(), {"death.csv": files["death.csv"]})
    assert states(receive(home)) == {today(): "rejected"}


def test_a_checksum_that_differs_holds_the_folder(home: Path, drop: Location) -> None:
    files = {"person.csv": persons_csv(1)}
    put(drop, today(), {DECLARATION: declaration(files), "person.csv": persons_csv(2)})
    (outcome,) = receive(home)
    assert (outcome.state, outcome.said) == (
        "held", "checksums differ from its manifest; person.csv",
    )  # fmt: skip
    assert list_submissions(home) == []
    assert [p.name for p in (home / "landing").rglob(".*")] == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("extra.csv", b"x", "files are not in its manifest; extra.csv"),
        (DECLARATION, b"{", "cannot be read; The declaration _SUBMISSION.json is not JSON"),
        (DECLARATION, b'{"purpose": "fun", "synthetic": true}', "has no purpose out of test"),
        (DECLARATION, b'{"purpose": "test"}', "whether it is synthetic"),
    ],
)
def test_what_cannot_be_taken_is_held_and_says_why(
    home: Path, drop: Location, name: str, content: bytes, said: str
) -> None:
    put_declared(drop, today(), 1)
    drop.write(f"{today()}/{name}", content)
    (outcome,) = receive(home)
    assert outcome.state == "held"
    assert said in outcome.said
    assert name != DECLARATION or outcome.said.endswith("Mend it and upload it again.")
    assert receive(home) == []


def test_a_site_without_an_agreement_is_held(tmp_path: Path) -> None:
    starter = Site("starter", "A starter")
    home = make_home(tmp_path, starter)
    drop = Location.of(home / "drop" / "starter")
    put_declared(drop, today(), 1, synthetic=False)
    (outcome,) = receive_site(make_receiver(home), starter)
    assert (outcome.state, "agreement" in outcome.said) == ("held", True)
    put_declared(drop, today(), 1)
    (outcome,) = receive_site(make_receiver(home), starter)
    assert outcome.state == "current"


def test_a_synthetic_programme_holds_what_is_not_declared_synthetic(
    home: Path, drop: Location
) -> None:
    put_declared(drop, today(), 1, synthetic=False)
    (outcome,) = receive(home, only_synthetic=True)
    assert (outcome.state, "synthetic as a whole" in outcome.said) == ("held", True)
    put_declared(drop, today(), 1)
    (outcome,) = receive(home, only_synthetic=True)
    assert outcome.state == "current"


def test_the_latest_wins_and_the_others_are_told(home: Path, drop: Location) -> None:
    put_declared(drop, today(1, days=1), 1)
    put_declared(drop, today(2), 1, 2)
    put_declared(drop, today(10), 1, 2, 3)
    put_declared(drop, today(1), 7, purpose="test")
    assert states(receive(home)) == {
        today(1, days=1): "superseded",
        today(2): "superseded",
        today(10): "current",
        today(1): "accepted",
    }
    superseded = history_of(home, today(2)).last("superseded")
    assert superseded is not None
    assert superseded.details["superseded_by"] == today(10)
    assert len(list_submissions(home)) == 2


def test_what_arrives_later_counts_whatever_its_name(home: Path, drop: Location) -> None:
    put_declared(drop, today(10), 1, 2, 3)
    receive(home)
    put_declared(drop, today(3), 9)
    assert states(receive(home)) == {today(10): "superseded", today(3): "current"}


def test_a_folder_named_for_tomorrow_is_no_trump(home: Path, drop: Location) -> None:
    """It is tomorrow already at some sites; what comes after it counts all the same."""
    put_declared(drop, today(9, days=-1), 1)
    assert states(receive(home)) == {today(9, days=-1): "current"}
    put_declared(drop, today(1), 1, 2)
    assert states(receive(home)) == {today(9, days=-1): "superseded", today(1): "current"}


def test_in_one_round_the_later_name_counts_and_newer_files_are_read_too(
    home: Path, drop: Location
) -> None:
    """Nothing gives way unread to what lay there before it; a touch changes nothing else."""
    put_declared(drop, today(5), 1, 2)
    put_declared(drop, today(1), 1, 2, 3)
    for file, age in {"person.csv": 60, DECLARATION: 30}.items():
        then = (drop.path / today(1) / file).stat().st_mtime - age
        os.utime(drop.path / today(5) / file, (then, then))
    assert states(receive(home)) == {today(1): "superseded", today(5): "current"}
    assert [s.key for s in list_submissions(home)] == [today(1), today(5)]


def test_what_waits_since_before_gives_way_and_what_came_after_does_not(
    home: Path, drop: Location
) -> None:
    listed = {"person.csv": persons_csv(1), "death.csv": b"person_id\n"}
    put(drop, today(1), {"person.csv": listed["person.csv"], DECLARATION: declaration(listed)})
    assert states(receive(home, clock=shifted(LATER))) == {today(1): "held"}
    put_declared(drop, today(2), 1)
    assert states(receive(home, clock=shifted(LATER))) == {
        today(1): "superseded",
        today(2): "current",
    }
    put(drop, today(1, days=1), {"person.csv": persons_csv(1), DECLARATION: declaration(listed)})
    assert states(receive(home, clock=shifted(LATER))) == {today(1, days=1): "held"}
    assert receive(home, clock=shifted(LATER)) == []


@pytest.mark.parametrize("purpose", ["sprint", "test", "alpha"])
def test_what_replaces_nothing_is_all_read_in_order(
    home: Path, drop: Location, purpose: str
) -> None:
    """The tables of a sprint come week by week: none of them may be passed over."""
    visits = csv_text("visit_occurrence", [valid_row("visit_occurrence")]).encode()
    put(drop, today(2), {"visit_occurrence.csv": visits})
    put(drop, today(1), {"person.csv": persons_csv(1)})
    for number in (1, 2):
        written = declaration(purpose=purpose, dialect="programme")
        drop.write(f"{today(number)}/{DECLARATION}", written)
    receive(home)
    assert [s.key for s in list_submissions(home)] == [today(1), today(2)]
    assert set(states(receive(home))) == set()


def test_a_newer_production_submission_takes_the_place_of_the_whole(
    home: Path, drop: Location
) -> None:
    """A table that the newer one lacks is not taken from the older."""
    first = {"person.csv": persons_csv(1), "care_site.csv": csv_text("care_site", []).encode()}
    put(drop, today(1), first | {DECLARATION: declaration(first)})
    receive(home)
    put_declared(drop, today(2), 1)
    assert states(receive(home)) == {today(1): "superseded", today(2): "current"}
    current = get_accepted(home, "hospital")
    assert current is not None
    assert [file.table for file in current.files] == ["person"]


def test_a_rejected_one_leaves_the_previous_current(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    receive(home)
    before = get_accepted(home, "hospital")
    put(drop, today(2), {"person.csv": b"person_id\nx\n", DECLARATION: declaration()})
    assert states(receive(home)) == {today(2): "rejected"}
    assert get_accepted(home, "hospital") == before


def test_the_same_again_is_no_new_submission(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    receive(home)
    put_declared(drop, today(2), 1)
    (outcome,) = receive(home)
    (submission,) = list_submissions(home)
    assert (outcome.state, outcome.submission) == ("repeated", submission.id)


def test_nothing_that_lies_around_is_passed_over_in_silence(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    put(drop, "March upload", {"person.csv": persons_csv(1)})
    put(drop, "2026-02-30-v1", {"person.csv": persons_csv(1)})
    put(drop, "participant", {"list.csv": b"x"})
    put(drop, today(), {"results.html": b"x", "curation_report/data/x.json": b"x", ".part-a": b""})
    drop.write("person.csv", b"x")
    outcomes = receive(home)
    assert states(outcomes) == {
        "2026-02-30-v1": "misnamed",
        "March upload": "misnamed",
        today(): "current",
        "": "loose",
    }
    assert outcomes[-1].said == f"outside of any folder: person.csv; {RENAME}"
    assert all(RENAME in o.said for o in outcomes if o.state == "misnamed")
    assert states(receive(home)) == {"": "loose"}


def test_unknown_files_and_folders_are_named_in_the_report(home: Path, drop: Location) -> None:
    put(
        drop,
        today(),
        {
            "person.csv": persons_csv(1),
            "letter.docx": b"x" * 5_000_000,
            "more/person.csv": b"x",
            "more/death.csv": b"x",
            DECLARATION: declaration(),
        },
    )
    assert states(receive(home)) == {today(): "current"}
    (submission,) = list_submissions(home)
    report = json.loads((submission.folder / "report.json").read_bytes())
    assert {f["code"] for f in report["findings"]} >= {"file.unknown", "folder.subfolder"}
    assert not (submission.folder / "letter.docx").exists()


def test_what_comes_after_the_reception_is_named_and_not_taken(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    receive(home)
    drop.write(f"{today()}/death.csv", b"late")
    (outcome,) = receive(home)
    assert (outcome.folder, outcome.state, outcome.said) == (today(), "current", "death.csv")
    assert receive(home) == []
    drop.delete([f"{today()}/person.csv"])
    assert receive(home) == []


def test_a_folder_from_the_future_does_not_hide_those_of_today(home: Path, drop: Location) -> None:
    put_declared(drop, "2999-01-01-v1", 1)
    put_declared(drop, today(), 1)
    assert states(receive(home)) == {"2999-01-01-v1": "held", today(): "current"}


def test_what_stays_unfinished_expires_and_is_told(home: Path, drop: Location) -> None:
    put(drop, today(), {"person.csv": persons_csv(1)})
    receive(home)
    assert states(receive(home, clock=shifted(timedelta(days=29, minutes=1)))) == {
        today(): "expired"
    }
    assert receive(home, clock=shifted(timedelta(days=40))) == []


MONTH = timedelta(days=29, minutes=1)


def expire(home: Path, drop: Location) -> None:
    put(drop, today(), {"person.csv": persons_csv(1)})
    receive(home)
    assert states(receive(home, clock=shifted(MONTH))) == {today(): "expired"}


def test_a_declaration_that_comes_late_opens_what_expired(home: Path, drop: Location) -> None:
    expire(home, drop)
    drop.write(f"{today()}/{DECLARATION}", declaration())
    assert states(receive(home, clock=shifted(MONTH))) == {today(): "current"}
    assert events_of(home, today())[1:3] == ["expired", "reopened"]


def test_the_data_centre_can_declare_what_expired(home: Path, drop: Location) -> None:
    expire(home, drop)
    ledger = make_receiver(home, clock=shifted(MONTH)).ledger(HOSPITAL)
    declare_folder(ledger, today(), build_declaration("test", synthetic=True))
    assert states(receive(home, clock=shifted(MONTH))) == {today(): "accepted"}


def test_what_was_opened_again_and_is_not_mended_expires_again(home: Path, drop: Location) -> None:
    """The site is told what is wrong with its late declaration, and has its time to mend it."""
    expire(home, drop)
    drop.write(f"{today()}/{DECLARATION}", b"{")
    (outcome,) = receive(home, clock=shifted(MONTH))
    assert (outcome.state, "cannot be read" in outcome.said) == ("held", True)
    assert receive(home, clock=shifted(MONTH + timedelta(days=28))) == []
    assert states(receive(home, clock=shifted(2 * MONTH))) == {today(): "expired"}
    assert receive(home, clock=shifted(2 * MONTH)) == []


def test_what_expired_and_is_gone_stays_so(home: Path, drop: Location) -> None:
    expire(home, drop)
    ledger = make_receiver(home, clock=shifted(MONTH)).ledger(HOSPITAL)
    declare_folder(ledger, today(), build_declaration("test", synthetic=True))
    drop.delete([f"{today()}/person.csv"])
    receive(home, clock=shifted(MONTH))
    assert history_of(home, today()).state == "expired"


def test_links_are_held(home: Path, drop: Location, tmp_path: Path) -> None:
    put_declared(drop, today(), 1)
    (tmp_path / "other").write_text("of another site")
    (drop.path / today() / "death.csv").symlink_to(tmp_path / "other")
    (outcome,) = receive(home)
    assert (outcome.state, "links" in outcome.said) == ("held", True)


def damage(home: Path, key: str, number: int) -> None:
    file = home / "history" / "hospital" / key / f"{number:06}.json"
    file.write_bytes(file.read_bytes().replace(b"commonweal receive", b"nobody"))


def test_a_damaged_history_stops_its_own_folder_alone(home: Path, drop: Location) -> None:
    put(drop, today(1, days=1), {"person.csv": persons_csv(1)})
    put(drop, "March upload", {"person.csv": persons_csv(1)})
    receive(home)
    (misnamed,) = [h.key for h in list_histories(home, "hospital") if h.state == "misnamed"]
    for key in (today(1, days=1), misnamed):
        damage(home, key, 1)
    put_declared(drop, today(1), 1)
    outcomes = {o.folder: o for o in receive(home)}
    assert {folder: o.state for folder, o in outcomes.items()} == {
        today(1): "current",
        today(1, days=1): "damaged",
        misnamed: "damaged",
    }
    said = outcomes[today(1, days=1)].said
    assert "event 1 is missing or was changed" in said
    assert f"Bring history/hospital/{today(1, days=1)} back from a copy" in said
    assert "next number" in said
    assert set(states(receive(home))) == {today(1, days=1), misnamed}
    entries = {entry.key: entry.state for entry in list_entries(home)}
    assert entries == {today(1): "current", today(1, days=1): "damaged", misnamed: "damaged"}


@pytest.mark.parametrize("number", [1, 6])
def test_what_is_current_stays_so_when_its_history_is_damaged(
    home: Path, drop: Location, number: int
) -> None:
    """The site goes on: what it sends next is taken, and takes the place."""
    put_declared(drop, today(1), 1)
    receive(home)
    first = get_accepted(home, "hospital")
    damage(home, today(1), number)
    put_declared(drop, today(2), 1, purpose="test")
    assert states(receive(home)) == {today(1): "damaged", today(2): "accepted"}
    assert first is not None
    assert get_accepted(home, "hospital") == first
    assert get_entry(home, first.id).state == "damaged"
    put_declared(drop, today(3), 1, 2)
    assert states(receive(home)) == {today(1): "damaged", today(3): "current"}
    current = get_accepted(home, "hospital")
    assert current is not None
    assert current.key == today(3)


def test_what_was_excluded_does_not_come_back_by_damage(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    receive(home)
    (submission,) = list_submissions(home)
    exclude_submission(make_receiver(home).ledger(HOSPITAL), submission, "units")
    damage(home, today(1), 3)
    receive(home)
    assert get_accepted(home, "hospital") is None
    with pytest.raises(CommonwealError, match="event 3 is missing or was changed"):
        include_submission(make_receiver(home).ledger(HOSPITAL), submission, "mended")


def test_whoever_waits_is_told_once_of_each(home: Path, drop: Location) -> None:
    told: list[Submission] = []
    put_declared(drop, today(1), 1, purpose="test")
    put_declared(drop, today(2), 1)
    receive(home, announce=told.append)
    receive(home, announce=told.append)
    assert [(s.purpose, s.verdict) for s in told] == [
        (Purpose.TEST, "accepted"),
        (Purpose.PRODUCTION, "accepted"),
    ]


def test_measures_stand_beside_the_report(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    receive(home, around=lambda _: Surroundings(Terms.shipped()))
    (submission,) = list_submissions(home)
    metrics = find_metrics(submission)
    assert metrics is not None
    assert metrics.values
    assert "Metrics" in (submission.folder / "report.html").read_text()


def test_two_who_receive_at_once(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    inner: list[Outcome] = []
    receive(home, announce=lambda _submission: inner.extend(receive(home)))
    assert [(o.state, o.folder) for o in inner] == [("busy", "")]


def test_no_paper_holds_a_value_of_the_data(home: Path, drop: Location) -> None:
    """Neither histories nor receipts nor comparisons, though cells and ids are at fault."""
    mark = "MARK-OF-A-PERSON"
    good = [valid_row("person", person_id="987654321", person_source_value=mark)]
    bad = [valid_row("death", person_id=mark, death_date=mark)]
    put_declared(drop, today(1), 1)
    receive(home)
    put(drop, today(2), {"person.csv": csv_text("person", good).encode()})
    put(drop, today(2), {"death.csv": csv_text("death", bad).encode(), DECLARATION: declaration()})
    assert states(receive(home)) == {today(2): "rejected"}
    put(drop, today(3), {"person.csv": csv_text("person", good).encode()})
    put(drop, today(3), {DECLARATION: declaration()})
    receive(home)
    data = {"person.csv", "death.csv"}
    papers = [path for path in home.rglob("*") if path.is_file() and path.name not in data]
    assert len(papers) > 30
    for paper in papers:
        content = paper.read_bytes()
        assert mark.encode() not in content, paper
        assert b"987654321" not in content, paper
