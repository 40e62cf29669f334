"""What proves account and drop area, and what is accepted and proves nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.drop_areas import declaration, history_of, make_home, make_receiver, persons_csv, put
from tests.drop_areas import today as folder_of_today
from tests.intake_folders import check, write_persons
from tests.ready_sites import open_drop_area

from commonweal.engine.settings import Settings
from commonweal.engine.storage import Location
from commonweal.intake.landing import list_submissions, submit_folder
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.history import list_not_counted
from commonweal.intake.lifecycle.receive import Outcome, receive_site
from commonweal.intake.onboarding import (
    read_checklist,
    record_isa_executed,
    record_test_load_passed,
)
from commonweal.intake.sites import Purpose, Site, get_site
from commonweal.pipeline.receiving import build_receiver
from commonweal.schema.errors import CommonwealError

NEW = Site("new", "A new site")
NOW = datetime.now(tz=UTC)
TEST = {"purpose": "test", "synthetic": True}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A site with everything that comes before its test load."""
    home = make_home(tmp_path, NEW)
    record_isa_executed(home, "new", on=NOW.date(), by="Cora", now=NOW)
    open_drop_area(home, NEW)
    return home


def drop(home: Path, number: int, persons: bytes, **declared: Any) -> Outcome:
    """Put a folder into the drop area and receive it."""
    files = {"person.csv": persons, DECLARATION: declaration(**TEST | declared)}
    put(Location.of(home / "drop" / "new"), folder_of_today(number), files)
    (outcome,) = receive_site(make_receiver(home), get_site(home, "new"))
    return outcome


def has_passed(home: Path) -> bool:
    done = {s.step.name for s in read_checklist(home, "new") if s.is_done}
    assert ("test_load" in done) == bool(get_site(home, "new").test_load)
    return "test_load" in done


def test_made_up_records_through_the_drop_area_pass(home: Path) -> None:
    outcome = drop(home, 1, persons_csv(1))
    assert (outcome.state, outcome.said) == ("accepted", "")
    assert get_site(home, "new").test_load == outcome.submission


@pytest.mark.parametrize(
    ("ids", "declared", "said"),
    [
        ((), {}, "it has no row"),
        ((1,), {"synthetic": False}, "it is not declared as made up"),
    ],
)
def test_what_proves_nothing_is_accepted_and_told(
    home: Path, ids: tuple[int, ...], declared: dict[str, Any], said: str
) -> None:
    outcome = drop(home, 1, persons_csv(*ids), **declared)
    assert outcome.state == "accepted"
    assert "does not count as the test load" in outcome.said
    assert said in outcome.said
    assert not has_passed(home)
    assert drop(home, 2, persons_csv(1)).said == ""
    assert has_passed(home)


def test_a_rejected_one_proves_nothing(home: Path) -> None:
    assert drop(home, 1, b"person_id\n1\n").state == "rejected"
    assert not has_passed(home)


@pytest.mark.parametrize("purpose", ["sprint", "alpha", "production"])
def test_no_other_purpose_passes(home: Path, purpose: str) -> None:
    drop(home, 1, persons_csv(1), purpose=purpose, dialect="programme")
    assert not has_passed(home)
    assert len(list_submissions(home)) == 1


def test_what_is_handed_in_at_the_data_centre_proves_no_drop_area(
    home: Path, tmp_path: Path
) -> None:
    """The same bytes count when they come through it."""
    folder = tmp_path / "in"
    write_persons(folder, 1)
    for _ in range(2):
        landed = submit_folder(
            folder,
            home=home,
            site="new",
            purpose=Purpose.TEST,
            synthetic=True,
            now=NOW,
            report=check(folder),
        )
    (reason,) = list_not_counted(
        event.to_json() for event in history_of(home, landed.key, "new").events
    )
    assert "handed in at the data centre, and not put into the site's drop area" in reason
    assert not has_passed(home)
    outcome = drop(home, 1, (folder / "person.csv").read_bytes())
    assert outcome.submission != landed.id
    assert has_passed(home)
    assert drop(home, 2, (folder / "person.csv").read_bytes()).state == "repeated"


def test_stewards_and_drop_area_come_before(tmp_path: Path) -> None:
    """The same bytes count when they are sent again afterwards."""
    home = make_home(tmp_path, NEW)
    said = drop(home, 1, persons_csv(1)).said
    assert "has not recorded “Data steward accounts”, “Drop area opened” yet" in said
    assert not has_passed(home)
    open_drop_area(home, NEW)
    assert receive_site(make_receiver(home), get_site(home, "new")) == []
    assert not has_passed(home)
    assert drop(home, 2, persons_csv(1)).state == "accepted"
    assert has_passed(home)


def test_the_worker_records_it_once_more_and_tells_it_once(home: Path) -> None:
    drop(home, 1, persons_csv())
    (landed,) = list_submissions(home)
    announce = build_receiver(Settings(home=home)).announce
    assert announce is not None
    announce(landed)
    names = [event.name for event in history_of(home, landed.key, "new").events]
    assert names.count("not_counted") == 1


def test_later_tests_are_not_told_anything(home: Path) -> None:
    drop(home, 1, persons_csv(1))
    passed = get_site(home, "new").test_load
    assert drop(home, 2, persons_csv()).said == ""
    assert get_site(home, "new").test_load == passed


def test_nobody_records_it_before_its_turn(tmp_path: Path) -> None:
    home = make_home(tmp_path, NEW)
    with pytest.raises(CommonwealError, match="that has to wait"):
        record_test_load_passed(home, "new", submission="s", by="Cora", now=NOW)
