"""Comparing, checking anew, excluding and listing what landed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.drop_areas import (
    HOSPITAL,
    events_of,
    history_of,
    make_home,
    make_receiver,
    put_declared,
    today,
)
from tests.intake_folders import SETTINGS, check, csv_text, valid_row, write_persons, write_table

from commonweal.engine.storage import Location
from commonweal.intake.check.concepts import Terms
from commonweal.intake.landing import (
    Delivery,
    Submission,
    get_accepted,
    submit_folder,
    verify_submission,
)
from commonweal.intake.lifecycle.acts import (
    declare_folder,
    exclude_submission,
    include_submission,
    list_reports,
    make_ledger,
    rerun_check,
)
from commonweal.intake.lifecycle.compare import (
    compare_submissions,
    find_previous,
    list_changed_persons,
)
from commonweal.intake.lifecycle.declaration import DECLARATION, build_declaration
from commonweal.intake.lifecycle.history import list_not_counted
from commonweal.intake.lifecycle.lookup import get_entry, get_landed, list_entries
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.lifecycle.settle import (
    SYNTHETIC_ASIDE,
    Ledger,
    settle_site,
)
from commonweal.intake.metrics import Surroundings
from commonweal.intake.sites import Purpose
from commonweal.intake.submission import find_metrics, list_checks
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def ledger(home: Path) -> Ledger:
    return make_ledger(home, "hospital", NOW + timedelta(days=1), "curator")


def hand_in(
    folder: Path,
    home: Path,
    *,
    purpose: Purpose = Purpose.PRODUCTION,
    hours: int = 0,
    synthetic: bool = True,
) -> Submission:
    return submit_folder(
        folder,
        home=home,
        site="hospital",
        purpose=purpose,
        synthetic=synthetic,
        now=NOW + timedelta(hours=hours),
        report=check(folder),
    )


def test_persons_lost_and_gained_and_tables_not_submitted(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1, 2, 3)
    write_table(tmp_path / "a", "care_site", [])
    write_persons(tmp_path / "b", 2, 3, 4, 5)
    write_table(tmp_path / "b", "provider", [])
    first = hand_in(tmp_path / "a", home)
    hand_in(tmp_path / "a", home, purpose=Purpose.TEST, hours=1)
    second = hand_in(tmp_path / "b", home, hours=2)
    compared = json.loads((second.folder / "comparison.json").read_bytes())
    assert compared == {
        "submission": second.id,
        "previous": first.id,
        "tables": [
            {"table": "care_site", "before": 0, "after": None},
            {"table": "person", "before": 3, "after": 4},
            {"table": "provider", "before": None, "after": 0},
        ],
        "persons": {"before": 3, "after": 4, "lost": 1, "gained": 2},
    }
    assert find_previous(second) == first
    assert compare_submissions(second, first).to_json() == compared
    assert list_changed_persons(second, first) == ([1], [4, 5])
    alone = json.loads((first.folder / "comparison.json").read_bytes())
    assert (alone["previous"], alone["persons"]["lost"]) == (None, None)


def test_a_rejected_one_is_compared_by_rows_alone(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    write_table(tmp_path / "b", "person", [valid_row("person", person_id="x")])
    hand_in(tmp_path / "a", home)
    rejected = hand_in(tmp_path / "b", home, hours=1)
    compared = json.loads((rejected.folder / "comparison.json").read_bytes())
    assert (compared["persons"]["lost"], compared["tables"][0]["after"]) == (None, 1)


def test_a_second_check_stands_beside_the_first(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    submission = hand_in(tmp_path / "a", home)
    first = (submission.folder / "report.json").read_bytes()
    done = [rerun_check(ledger(home), submission, SETTINGS) for _ in range(2)]
    assert [(d.number, d.is_same) for d in done] == [(2, True), (3, True)]
    assert list_reports(submission) == ["report.json", "report-2.json", "report-3.json"]
    assert (submission.folder / "report.json").read_bytes() == first
    assert json.loads((submission.folder / "report-2.json").read_bytes()) == json.loads(first)
    assert "check 3" in (submission.folder / "report-3.html").read_text()
    assert verify_submission(submission) == []
    assert events_of(home, submission.key)[-2:] == ["rerun", "rerun"]
    assert [p.name for p in (home / "landing").rglob(".*")] == []


def test_metrics_are_measured_anew_and_the_newest_count(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    submission = hand_in(tmp_path / "a", home)
    assert find_metrics(submission) is None, "it was handed in with nothing to go by"
    around = Surroundings(Terms.shipped())
    rerun_check(ledger(home), submission, SETTINGS, around=around, reason="new units")
    measured = find_metrics(submission)
    assert measured is not None
    assert (submission.folder / "metrics-2.json").is_file()
    rerun_check(ledger(home), submission, SETTINGS)
    assert list_checks(submission) == [1, 2, 3]
    assert find_metrics(submission) == measured, "the third had nothing to go by"
    reruns = [e for e in history_of(home, submission.key).events if e.name == "rerun"]
    assert [event.details.get("reason") for event in reruns] == ["new units", None]


def test_what_is_excluded_gives_no_data_until_it_is_included(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    write_persons(tmp_path / "b", 1, 2)
    hand_in(tmp_path / "a", home)
    current = hand_in(tmp_path / "b", home, hours=1)
    assert exclude_submission(ledger(home), current, "units").state == "excluded"
    assert get_accepted(home, "hospital") is None
    with pytest.raises(CommonwealError, match="that is excluded cannot be excluded"):
        exclude_submission(ledger(home), current, "again")
    assert include_submission(ledger(home), current, "mended").state == "current"
    assert get_accepted(home, "hospital") == current
    exclude_submission(ledger(home), current, "units")
    write_persons(tmp_path / "c", 1, 2, 3)
    newer = hand_in(tmp_path / "c", home, hours=2)
    assert get_accepted(home, "hospital") == newer


@pytest.mark.parametrize("decide", [exclude_submission, include_submission])
@pytest.mark.parametrize("reason", ["", "  ", "a\x1b[2Jb"])
def test_no_decision_goes_on_record_without_a_reason(
    tmp_path: Path, home: Path, decide: Callable[..., object], reason: str
) -> None:
    write_persons(tmp_path / "a", 1)
    current = hand_in(tmp_path / "a", home)
    if decide is include_submission:
        exclude_submission(ledger(home), current, "units")
    before = ledger(home).read(current.key).events
    with pytest.raises(CommonwealError, match="The reason"):
        decide(ledger(home), current, reason)
    with pytest.raises(CommonwealError, match="name of who does it is blank"):
        make_ledger(home, "hospital", NOW, " ")
    with pytest.raises(CommonwealError, match="The reason"):
        Retraction(current, reason, "Cora")
    with pytest.raises(CommonwealError, match="name of who does it is blank"):
        Retraction(current, "units", "")
    assert ledger(home).read(current.key).events == before


def test_a_synthetic_programme_takes_no_real_records_in(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    asked = {"home": home, "site": "hospital", "purpose": Purpose.PRODUCTION, "now": NOW}
    asked |= {"report": check(tmp_path / "a"), "delivery": Delivery(only_synthetic=True)}
    with pytest.raises(CommonwealError, match="synthetic as a whole"):
        submit_folder(tmp_path / "a", synthetic=False, **asked)
    assert get_accepted(home, "hospital") is None
    assert submit_folder(tmp_path / "a", synthetic=True, **asked).is_accepted


def test_a_submission_from_before_there_were_histories_is_known(tmp_path: Path, home: Path) -> None:
    write_persons(tmp_path / "a", 1)
    submission = hand_in(tmp_path / "a", home)
    for file in sorted((home / "history").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert get_accepted(home, "hospital") == submission
    (entry,) = list_entries(home)
    assert (entry.id, entry.state) == (submission.id, "accepted")
    (outcome,) = receive_site(make_receiver(home), HOSPITAL)
    assert (outcome.folder, outcome.state) == (submission.key, "current")
    assert history_of(home, submission.key).state == "current"


def test_a_current_submission_that_is_gone_is_told(tmp_path: Path, home: Path) -> None:
    """Older data never stand in for it."""
    write_persons(tmp_path / "a", 1)
    write_persons(tmp_path / "b", 1, 2)
    hand_in(tmp_path / "a", home)
    hand_in(tmp_path / "b", home, hours=1).folder.rename(tmp_path / "gone")
    with pytest.raises(CommonwealError, match="is not in the landing area"):
        get_accepted(home, "hospital")


def test_everything_is_listed_and_found_by_its_names(home: Path) -> None:
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1), 1)
    put_declared(drop, today(2), 1, 2)
    drop.write("March/person.csv", csv_text("person", []).encode())
    receive_site(make_receiver(home), HOSPITAL)
    states = {entry.id: entry.state for entry in list_entries(home)}
    current = get_accepted(home, "hospital")
    assert current is not None
    assert states == {
        current.id: "current",
        f"hospital/{today(1)}": "superseded",
        "hospital/March": "misnamed",
    }
    misnamed = get_entry(home, "hospital/March")
    assert get_entry(home, f"hospital/{misnamed.key}") == misnamed
    assert get_entry(home, f"hospital/{today(2)}").submission == current
    assert get_landed(home, current.id) == current
    with pytest.raises(CommonwealError, match="is superseded: nothing of it"):
        get_landed(home, f"hospital/{today(1)}")
    with pytest.raises(CommonwealError, match="no submission called"):
        get_entry(home, "hospital/1999-01-01-v1")


def test_nothing_is_the_name_of_no_submission(home: Path) -> None:
    """As it comes from a variable that was never set; a folder that waits has no id yet."""
    put_declared(Location.of(home / "drop" / "hospital"), today(), 1)
    receive_site(make_receiver(home), HOSPITAL)
    for name in ("", " "):
        with pytest.raises(CommonwealError, match="There is no submission called"):
            get_entry(home, name)


def test_only_a_folder_that_waits_can_be_declared(home: Path) -> None:
    said = build_declaration("test", synthetic=True)
    with pytest.raises(CommonwealError, match="not a folder of a drop area"):
        declare_folder(ledger(home), "March", said)
    with pytest.raises(CommonwealError, match="that is absent cannot be declared"):
        declare_folder(ledger(home), today(), said)


def test_a_folder_with_a_broken_declaration_is_not_declared_over(home: Path) -> None:
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(), 1)
    drop.write(f"{today()}/{DECLARATION}", b"{")
    receive_site(make_receiver(home), HOSPITAL)
    said = build_declaration("test", synthetic=True)
    with pytest.raises(CommonwealError, match="a declaration of its own"):
        declare_folder(ledger(home), today(), said)


def reasons(home: Path, submission: Submission) -> list[str]:
    return list_not_counted(e.to_json() for e in history_of(home, submission.key).events)


def states_of(home: Path) -> dict[str, str]:
    return {entry.id: entry.state for entry in list_entries(home)}


def test_made_up_data_never_take_the_place_of_real_ones(tmp_path: Path, home: Path) -> None:
    """They are accepted, and told why they are not in force; real ones replace them."""
    for number in range(5):
        write_persons(tmp_path / str(number), *range(1, 2 + number))
    old, newer = (hand_in(tmp_path / str(n), home, hours=n) for n in (0, 1))
    assert get_accepted(home, "hospital") == newer
    real = hand_in(tmp_path / "2", home, hours=2, synthetic=False)
    assert get_accepted(home, "hospital") == real
    aside = hand_in(tmp_path / "3", home, hours=3)
    settle_site(ledger(home))
    assert get_accepted(home, "hospital") == real
    assert reasons(home, aside) == [SYNTHETIC_ASIDE]
    assert reasons(home, real) == reasons(home, newer) == []
    assert [states_of(home)[s.id] for s in (old, newer, real, aside)] == [
        "superseded",
        "superseded",
        "current",
        "accepted",
    ]
    exclude_submission(ledger(home), real, "units")
    assert get_accepted(home, "hospital") is None
    assert states_of(home)[aside.id] == "accepted"
    include_submission(ledger(home), real, "mended")
    latest = hand_in(tmp_path / "4", home, hours=4, synthetic=False)
    assert get_accepted(home, "hospital") == latest
    assert states_of(home)[aside.id] == "superseded"


def test_made_up_data_come_into_force_when_the_real_ones_are_retracted(
    tmp_path: Path, home: Path
) -> None:
    for number in (1, 2):
        write_persons(tmp_path / str(number), number)
    real = hand_in(tmp_path / "1", home, synthetic=False)
    aside = hand_in(tmp_path / "2", home, hours=1)
    retract(home, Retraction(real, "sent in error", "me"), now=NOW, engine=SETTINGS)
    assert get_accepted(home, "hospital") == aside
    assert states_of(home)[aside.id] == "current"
    assert reasons(home, aside) == []
