"""What a site is told of every folder that was not taken: found, expected, what to do."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.drop_areas import (
    HOSPITAL,
    LATER,
    declaration,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    shifted,
    today,
)
from tests.ready_sites import register_as
from tests.sites_pages import NOW

from commonweal.engine.storage import Location
from commonweal.hub.sites.folder_notices import MOST_FILES, REASONS, STATES, SUBJECTS
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.models import Notice, SubmissionRow
from commonweal.intake.lifecycle import reception
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import required_tables
from commonweal.intake.lifecycle.reasons import READY, Reason
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.sites import Site, register_site

pytestmark = pytest.mark.django_db
LANDED_OR_ON_THE_WAY = {
    "absent", "uploading", "ready", "receiving", "checking", "accepted", "rejected", "current",
    "excluded", "retracted",
}  # fmt: skip


@pytest.fixture(autouse=True)
def programme(home: Path) -> None:
    register_as(home, HOSPITAL)


@pytest.fixture
def drop(home: Path) -> Location:
    return Location.of(home / "drop" / "hospital")


def tell(home: Path, later: timedelta = timedelta(), site: Site = HOSPITAL) -> dict[str, Notice]:
    """One round of the worker; the new notices of folders by subject."""
    before = set(Notice.objects.values_list("pk", flat=True))
    receive_site(make_receiver(home, clock=shifted(later)), site)
    index_submissions(home, now=NOW)
    return {n.subject: n for n in Notice.objects.filter(kind="folder").exclude(pk__in=before)}


def test_every_reason_and_every_end_has_its_words() -> None:
    assert set(REASONS) == set(Reason) - set(READY)
    assert set(get_states().states) == set(SUBJECTS) | LANDED_OR_ON_THE_WAY
    assert set(SUBJECTS) == set(STATES) | {"held", "expired"}


def test_what_is_held_names_the_files_and_says_what_to_do(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    drop.write(f"{today()}/extra.csv", b"x")
    ((subject, notice),) = tell(home).items()
    assert subject == f"The folder {today()} waits for you"
    assert notice.body.split("\n\n") == [
        "Found: There are files that the manifest does not list.",
        "Concerns: extra.csv",
        f"Expected: {REASONS[Reason.UNLISTED].expected}",
        "What to do: Add these files to the manifest, or take them out of the folder.",
    ]
    assert tell(home) == {}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"person.csv": b"x"}, "Nothing says what the folder is for"),
        ({"person.csv": b"x", DECLARATION: b"{"}, "_SUBMISSION.json is not JSON"),
        ({"more/person.csv": b"x"}, "Concerns: more/person.csv"),
        ({"letter.csv": b"x", DECLARATION: declaration()}, "named after a table"),
        ({DECLARATION: declaration()}, "There are no files"),
        (
            {"death.csv": b"y", DECLARATION: declaration({"person.csv": b"x", "death.csv": b"y"})},
            "Concerns: person.csv",
        ),
        ({"person.csv": b"y", DECLARATION: declaration({"person.csv": b"x"})}, "checksums"),
    ],
)
def test_whatever_holds_a_folder_is_told(
    home: Path, drop: Location, files: dict[str, bytes], words: str
) -> None:
    put(drop, today(), files)
    (notice,) = tell(home, LATER).values()
    assert notice.subject == f"The folder {today()} waits for you"
    assert words in notice.body
    assert "What to do: " in notice.body


def test_a_name_that_cannot_be_taken_is_told_by_the_name_the_site_gave(
    home: Path, drop: Location
) -> None:
    put(drop, "March upload", {"person.csv": persons_csv(1)})
    ((subject, notice),) = tell(home).items()
    assert subject == "The folder March upload has a name that cannot be taken"
    assert "YYYY-MM-DD-vN" in notice.body
    assert SubmissionRow.objects.get().submission == "hospital/March upload"


def test_a_folder_that_was_passed_over_is_told(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    put_declared(drop, today(2), 1, 2)
    ((subject, notice),) = tell(home).items()
    assert subject == f"The folder {today(1)} was passed over, for a later one"
    assert f"The folder {today(2)} is the later of the two" in notice.body


def test_the_same_again_is_told(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1)
    tell(home)
    put_declared(drop, today(2), 1)
    ((subject, notice),) = tell(home).items()
    assert subject == f"The folder {today(2)} is nothing new"
    assert SubmissionRow.objects.get(folder=today(1)).submission in notice.body


def test_what_was_never_finished_is_told_with_the_reason(home: Path, drop: Location) -> None:
    put(drop, today(), {f"{table}.csv": b"x" for table in list(required_tables("programme"))[1:]})
    assert set(tell(home, LATER)) == {f"The folder {today()} waits for you"}
    ((subject, notice),) = tell(home, timedelta(days=30)).items()
    assert subject == f"The folder {today()} was never finished"
    assert "Found: Nothing says what the folder is for." in notice.body
    assert "opens it again" in notice.body


def test_what_went_wrong_on_our_side_names_no_place_of_ours(
    home: Path, drop: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(home))

    put_declared(drop, today(), 1)
    monkeypatch.setattr(reception, "check_folder", refuse)
    ((subject, notice),) = tell(home).items()
    assert subject == f"The folder {today()} could not be taken yet"
    assert "You need not do anything" in notice.body
    assert str(home) not in notice.body


def test_files_that_come_too_late_are_told_each_time(home: Path, drop: Location) -> None:
    put_declared(drop, today(), 1)
    assert tell(home) == {}
    names = [f"late{number:02}.csv" for number in range(MOST_FILES + 2)]
    put(drop, today(), dict.fromkeys(names, b"x"))
    ((subject, notice),) = tell(home).items()
    assert subject == f"Files came too late into the folder {today()}"
    assert f"{names[MOST_FILES - 1]} and 2 more" in notice.body
    drop.write(f"{today()}/once-more.csv", b"x")
    (notice,) = tell(home).values()
    assert "Concerns: once-more.csv\n" in notice.body
    assert tell(home) == {}


def test_a_site_that_may_not_send_yet_is_told_what_it_lacks(home: Path) -> None:
    starter = Site("starter", "A starter")
    register_site(home, starter)
    put_declared(Location.of(home / "drop" / "starter"), today(), 1, synthetic=False)
    (notice,) = tell(home, site=starter).values()
    assert "Your site may not send this yet" in notice.body
    assert "information security agreement" in notice.body


def test_no_value_of_a_file_is_in_a_notice(home: Path, drop: Location) -> None:
    mark = "MARK-OF-A-PERSON"
    files = {"person.csv": mark.encode(), DECLARATION: json.dumps({"purpose": mark}).encode()}
    put(drop, today(), files)
    assert tell(home)
    assert mark not in str(list(Notice.objects.values()))
