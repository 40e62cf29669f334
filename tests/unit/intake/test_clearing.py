"""Clearing drop areas: what has landed goes after its time, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.drop_areas import (
    HOSPITAL,
    declaration,
    events_of,
    history_of,
    make_home,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    today,
)

from commonweal.engine.storage import Location
from commonweal.intake.landing import list_submissions, verify_submission
from commonweal.intake.lifecycle.clear import Clearing, clear_received
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.settle import receiving_alone
from commonweal.schema.errors import CommonwealError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


@pytest.fixture
def drop(home: Path) -> Location:
    return Location.of(home / "drop" / "hospital")


def receive(home: Path) -> None:
    receive_site(make_receiver(home), HOSPITAL)


def clear(
    home: Path, drop: Location, *, later: timedelta = timedelta(days=1), dry_run: bool = False
) -> list[Clearing]:
    ledger = make_receiver(home).ledger(HOSPITAL)
    before = datetime.now(tz=UTC) + later
    return clear_received(ledger, drop, before=before, dry_run=dry_run)


def left(drop: Location) -> set[str]:
    return {file.name for file in drop.list_files()}


def test_what_landed_goes_after_its_time_and_the_history_names_it(
    home: Path, drop: Location
) -> None:
    put_declared(drop, today(1), 1)
    receive(home)
    put(drop, today(2), {"person.csv": b"person_id\nx\n", "letter.docx": b"x", "._x": b"hidden"})
    drop.write(f"{today(2)}/{DECLARATION}", declaration())
    receive(home)
    assert clear(home, drop, later=-timedelta(days=1)) == []
    planned = clear(home, drop, dry_run=True)
    assert [one.folder for one in planned] == [today(1), today(2)]
    assert f"{today(1)}/person.csv" in left(drop)
    assert clear(home, drop) == planned
    assert left(drop) == set()
    assert list(drop.path.iterdir()) == []
    event = history_of(home, today(2)).events[-1]
    assert event.name == "cleared"
    assert {"person.csv", "letter.docx", DECLARATION} <= set(event.details["files"])
    assert [verify_submission(s) for s in list_submissions(home)] == [[], []]
    assert history_of(home, today(1)).state == "current"
    receive(home)
    assert clear(home, drop) == []
    assert events_of(home, today(1))[-1] == "cleared"


def test_what_was_not_taken_stays(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    put_declared(drop, today(2), 1, 2)
    put(drop, today(3), {"person.csv": persons_csv(7)})
    put(drop, today(2), {"within/person.csv": b"x"})
    receive(home)
    drop.write(f"{today(2)}/late.csv", b"late")
    receive(home)
    (cleared,) = clear(home, drop)
    assert (cleared.folder, cleared.kept) == (today(2), ("late.csv", "within/person.csv"))
    assert {name.partition("/")[2] for name in cleared.names} == {"person.csv", DECLARATION}
    kept = {f"{today(2)}/late.csv", f"{today(2)}/within/person.csv", f"{today(3)}/person.csv"}
    assert kept | {f"{today(1)}/person.csv"} <= left(drop)
    assert clear(home, drop) == []


def test_a_folder_sent_twice_goes_as_well(home: Path, drop: Location) -> None:
    for number in (1, 2):
        put_declared(drop, today(number), 1)
        receive(home)
    assert [one.folder for one in clear(home, drop)] == [today(1), today(2)]


def test_nothing_goes_whose_copy_is_not_whole(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    receive(home)
    (submission,) = list_submissions(home)
    (submission.folder / "person.csv").unlink()
    assert clear(home, drop) == []


def test_nothing_is_cleared_while_somebody_receives(home: Path, drop: Location) -> None:
    with receiving_alone(home, "hospital"), pytest.raises(CommonwealError, match="is receiving"):
        clear(home, drop)
