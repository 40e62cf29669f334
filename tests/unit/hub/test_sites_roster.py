"""The roster on the pages: counts, a wish that the worker grants, files that lie ready."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings as DjangoSettings
from tests.sites_pages import NOW, make_steward, make_user, register_both
from tests.small_feeds import write_small_feeds

from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.engine.storage import sha256_of
from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.actions import end_steward
from commonweal.hub.sites.models import AuditEntry, Notice, RosterRequest, RosterRow
from commonweal.hub.sites.roster import KEEP_DAYS, find_roster
from commonweal.hub.sites.roster_indexing import prepare_rosters
from commonweal.intake.matching.roster import list_downloads
from commonweal.intake.onboarding import record_isa_executed

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(home: Path, settings: DjangoSettings) -> Settings:
    """A made-up programme with three participants of the hospital and one of the clinic."""
    register_both(home)
    write_small_feeds(
        home,
        *((number, "hospital", "yes") for number in (1, 2, 3)),
        (4, "clinic", "yes"),
        (5, "hospital", "no"),
    )
    settings.COMMONWEAL = Settings(home=home, programme=ProgrammeSettings(synthetic=True))
    found: Settings = settings.COMMONWEAL
    return found


@pytest.fixture
def steward() -> User:
    return make_steward("own", "hospital").user


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(user: User, site: str = "hospital") -> None:
    answer = sign_in(user).post(reverse("sites:prepare_roster", args=[site]))
    assert answer.status_code == 302


def show(user: User, site: str = "hospital") -> str:
    return sign_in(user).get(reverse("sites:roster", args=[site])).content.decode()


def fetch(user: User, request: RosterRequest, kind: str) -> list[dict[str, str]]:
    address = reverse("sites:roster_file", args=["hospital", request.pk, kind])
    answer: HttpResponse = sign_in(user).get(address)
    content = b"".join(answer).decode()
    answer.close()
    return list(csv.DictReader(io.StringIO(content)))


def change_feeds(home: Path) -> None:
    """The day after: one is added, one withdrew, one expired."""
    write_small_feeds(
        home,
        (1, "hospital", "yes"),
        (2, "hospital", "withdrawn"),
        (3, "hospital", "expired"),
        (6, "hospital", "yes"),
        day=date(2026, 2, 2),
    )


def test_a_steward_asks_and_both_files_lie_ready(programme: Settings, steward: User) -> None:
    prepare_rosters(programme, now=NOW)
    assert "Prepare the roster" in show(steward)
    ask(steward)
    ask(steward)
    assert RosterRequest.objects.count() == 1, "one at a time"
    assert "is being prepared" in show(steward)
    assert prepare_rosters(programme, now=NOW).prepared == 1
    request = RosterRequest.objects.get()
    whole, changes = fetch(steward, request, "roster"), fetch(steward, request, "changes")
    assert [row["participant_id"] for row in whole] == ["1", "2", "3"]
    assert whole == changes, "the first roster is all new"
    change_feeds(programme.home)
    ask(steward)
    prepare_rosters(programme, now=NOW + timedelta(hours=1))
    second = RosterRequest.objects.get(number=2)
    whole, changes = fetch(steward, second, "roster"), fetch(steward, second, "changes")
    told = [(row["participant_id"], row["change"]) for row in whole]
    assert told == [("1", ""), ("6", "added"), ("2", "withdrawn"), ("3", "expired")]
    assert [(row["participant_id"], row["change"]) for row in changes] == told[1:]
    assert second.facts == {
        "as_of": "2026-02-02",
        "participants": 2,
        "added": 1,
        "withdrawn": 1,
        "expired": 1,
        "not_authorised": 0,
        "unpaired": 0,
    }


def test_a_download_is_recorded_as_the_command_line_records_it(
    programme: Settings, steward: User
) -> None:
    ask(steward)
    asked = RosterRequest.objects.get()
    prepare_rosters(programme, now=asked.asked_at + timedelta(minutes=1))
    (record,) = list_downloads(programme.home, "hospital")
    file = programme.home / "pickup" / "hospital" / "rosters" / str(asked.pk) / "roster.csv"
    assert (record.number, record.by, record.participants) == (1, steward.email, (1, 2, 3))
    assert record.sha256 == sha256_of(file)
    assert file.stat().st_mode & 0o077 == 0
    assert (programme.home / "pickup").stat().st_mode & 0o077 == 0
    fetch(steward, asked, "roster")
    taken = AuditEntry.objects.get(action="list_downloaded")
    assert (taken.by, taken.site, taken.facts["file"]) == (steward.email, "hospital", "roster")


def test_counts_are_those_since_the_last_download_whoever_made_it(
    programme: Settings, steward: User
) -> None:
    assert prepare_rosters(programme, now=NOW).counted == 2
    assert prepare_rosters(programme, now=NOW).counted == 0, "nothing has changed"
    first = find_roster("hospital")
    assert first is not None
    assert (first.participants, first.last, first.changes[0].count) == (3, None, 3)
    ask(steward)
    prepare_rosters(programme, now=NOW)
    change_feeds(programme.home)
    prepare_rosters(programme, now=NOW)
    found = find_roster("hospital")
    assert found is not None
    assert found.last is not None
    assert (found.participants, found.last.by) == (2, steward.email)
    assert [change.count for change in found.changes] == [1, 1, 1, 0, 0]


def test_curators_see_who_downloaded_last_and_no_file(programme: Settings, steward: User) -> None:
    ask(steward)
    prepare_rosters(programme, now=NOW)
    page = show(make_user("curator", Role.CURATOR))
    assert steward.email in page
    assert "roster.csv" not in page
    assert "Prepare the roster" not in page
    assert "roster.csv" in show(steward)


def test_neither_database_nor_pages_nor_mails_hold_a_participant(
    programme: Settings, steward: User
) -> None:
    write_small_feeds(programme.home, (7654321, "hospital", "yes"), day=date(2026, 2, 3))
    ask(steward)
    prepare_rosters(programme, now=NOW)
    told = Notice.objects.get(kind="roster")
    assert steward.email in told.body
    for model in (RosterRow, RosterRequest, Notice, AuditEntry):
        stored = str(list(model.objects.values()))
        assert "7654321" not in stored
        assert "Smith" not in stored
    assert "7654321" not in show(steward)
    request = RosterRequest.objects.get()
    assert fetch(steward, request, "roster")[0]["last_name"] == "Smith"


def test_files_are_removed_after_some_days_and_the_record_stays(
    programme: Settings, steward: User
) -> None:
    ask(steward)
    prepare_rosters(programme, now=NOW)
    request = RosterRequest.objects.get()
    last = NOW + timedelta(days=KEEP_DAYS)
    assert prepare_rosters(programme, now=last).removed == 0
    assert prepare_rosters(programme, now=last + timedelta(minutes=1)).removed == 1
    address = reverse("sites:roster_file", args=["hospital", request.pk, "roster"])
    assert sign_in(steward).get(address).status_code == 404
    assert not list((programme.home / "pickup").rglob("*.csv"))
    assert len(list_downloads(programme.home, "hospital")) == 1


def test_a_worker_that_was_stopped_after_the_record_makes_no_second_download(
    programme: Settings, steward: User
) -> None:
    ask(steward)
    request = RosterRequest.objects.get()
    later = request.asked_at + timedelta(minutes=1)
    prepare_rosters(programme, now=later)
    place = programme.home / "pickup" / "hospital" / "rosters" / str(request.pk)
    (place / "changes.csv").unlink()
    RosterRequest.objects.update(status="waiting", number=None)
    prepare_rosters(programme, now=later + timedelta(minutes=1))
    assert len(list_downloads(programme.home, "hospital")) == 1
    assert RosterRequest.objects.get().number == 1
    assert len(fetch(steward, request, "changes")) == 3


def test_a_worker_that_was_stopped_before_the_record_begins_anew(
    programme: Settings, steward: User
) -> None:
    ask(steward)
    place = programme.home / "pickup" / "hospital" / "rosters" / str(RosterRequest.objects.get().pk)
    place.mkdir(parents=True)
    (place / "roster.csv").write_text("half of it")
    prepare_rosters(programme, now=NOW)
    assert len(fetch(steward, RosterRequest.objects.get(), "roster")) == 3


def test_nobody_gets_one_who_may_not_have_it_by_then(programme: Settings, steward: User) -> None:
    ask(steward)
    curator = make_user("curator", Role.CURATOR)
    end_steward(curator, "hospital", steward.steward.pk)
    assert prepare_rosters(programme, now=NOW).refused == 1
    assert "no steward of the site any more" in RosterRequest.objects.get().problem
    assert list_downloads(programme.home, "hospital") == []


def test_a_real_roster_waits_for_the_agreement(
    home: Path, settings: DjangoSettings, steward: User
) -> None:
    register_both(home)
    write_small_feeds(home, (1, "hospital", "yes"))
    manifest = home / "feeds" / "2026-02-01" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("true", "false"))
    real = settings.COMMONWEAL = Settings(home=home)
    prepare_rosters(real, now=NOW)
    assert "once the information security agreement" in show(steward)
    ask(steward)
    assert prepare_rosters(real, now=NOW).refused == 1
    assert list_downloads(home, "hospital") == []
    record_isa_executed(home, "hospital", on=NOW.date(), by="x", now=NOW)
    assert "agreement is not executed yet" in show(steward)
    ask(steward)
    assert prepare_rosters(real, now=NOW).prepared == 1


def test_without_feeds_there_is_nothing_to_count_and_a_wish_is_refused_in_words(
    home: Path, settings: DjangoSettings, steward: User
) -> None:
    register_both(home)
    settings.COMMONWEAL = Settings(home=home)
    RosterRow.objects.create(site="hospital", as_of="2026-01-01", facts={}, made_of="old")
    record_isa_executed(home, "hospital", on=NOW.date(), by="x", now=NOW)
    prepare_rosters(settings.COMMONWEAL, now=NOW)
    page = show(steward)
    assert "There is nothing to count yet" in page
    assert "Prepare the roster" not in page
    ask(steward)
    prepare_rosters(settings.COMMONWEAL, now=NOW)
    page = show(steward)
    assert "missing, or cannot be used" in page
    assert str(home) not in page


def test_the_command_says_what_it_did(
    programme: Settings, steward: User, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(steward)
    call_command("prepare_rosters")
    assert capsys.readouterr().out.strip() == (
        '{"prepared": 1, "refused": 0, "removed": 0, "counted": 2}'
    )
