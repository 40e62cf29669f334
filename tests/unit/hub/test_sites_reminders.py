"""Reminders: of the right thing, at the right time, once."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings as DjangoSettings
from tests.ready_sites import register_as
from tests.sites_pages import NOW, make_row, make_steward

from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.hub.sites.models import Contact, Deadline, Notice
from commonweal.hub.sites.quarters import find_quarter_end, list_quarter_ends
from commonweal.hub.sites.reminders import are_contacts_stale, has_submitted, remind
from commonweal.intake.onboarding import record_deprovisioned
from commonweal.intake.sites import Purpose, Site, register_site

pytestmark = pytest.mark.django_db
DUE = NOW.date() + timedelta(days=20)
READY = Site("hospital", "The hospital", "", date(2026, 1, 1), tuple(Purpose), test_load="t")


@pytest.fixture(autouse=True)
def contact() -> None:
    """Somebody to talk to; who has nobody is another test."""
    for site in ("hospital", "new"):
        Contact.objects.create(
            site=site, name="C", email="c@x.org", confirmed_on=NOW.date() + timedelta(days=9)
        )


def kinds() -> list[str]:
    return sorted(notice.kind for notice in Notice.objects.all())


def test_a_deadline_is_told_at_30_14_and_3_days(home: Path) -> None:
    register_as(home, READY)
    Deadline.objects.create(title="Q1", on=DUE)
    told = [remind(home, now=NOW + timedelta(days=day)) for day in range(-20, 22)]
    assert [day for day, number in zip(range(-20, 22), told, strict=True) if number] == [-10, 6, 17]


def test_who_missed_a_day_of_the_worker_is_told_the_nearest_only(home: Path) -> None:
    register_as(home, READY)
    Deadline.objects.create(title="Q1", on=DUE)
    assert remind(home, now=NOW + timedelta(days=18)) == 1


def test_a_site_that_has_sent_or_may_not_send_is_left_alone(home: Path) -> None:
    register_as(home, READY)
    register_site(home, Site("new", "A new site"))
    make_row("new", synthetic=True)
    Deadline.objects.create(title="Q1", on=DUE)
    make_row(number=1)
    assert remind(home, now=NOW) == 0


def test_what_was_sent_before_the_last_deadline_does_not_count(home: Path) -> None:
    register_as(home, READY)
    Deadline.objects.create(title="Q4", on=NOW.date() - timedelta(days=1))
    make_row(received_at=NOW - timedelta(days=9))
    coming = Deadline.objects.create(title="Q1", on=DUE)
    assert not has_submitted("hospital", coming)
    make_row(number=2, verdict="rejected")
    make_row(number=3, purpose="test")
    assert not has_submitted("hospital", coming)
    make_row(number=4)
    assert has_submitted("hospital", coming)


@pytest.mark.parametrize("whole", [False, True])
def test_made_up_records_meet_a_deadline_only_where_all_are_made_up(
    home: Path, settings: DjangoSettings, *, whole: bool
) -> None:
    """Not for a site that sends real ones, nor for one that may; in the demonstration they do."""
    register_as(home, READY)
    settings.COMMONWEAL = Settings(home=home, programme=ProgrammeSettings(synthetic=whole))
    coming = Deadline.objects.create(title="Q1", on=DUE)
    make_row(number=1, synthetic=True)
    assert has_submitted("hospital", coming) is whole
    assert remind(home, now=NOW) == (0 if whole else 1)
    make_row(number=2, synthetic=False)
    assert has_submitted("hospital", coming)


def test_contacts_and_training_grow_old(home: Path) -> None:
    register_site(home, Site("hospital", "The hospital"))
    make_steward("own", "hospital", training_on=NOW.date() - timedelta(days=366))
    Contact.objects.update(confirmed_on=NOW.date() - timedelta(days=91))
    assert [remind(home, now=NOW), remind(home, now=NOW + timedelta(days=1))] == [2, 0]
    assert kinds() == ["contacts", "training"]


def test_a_site_without_any_contact_is_reminded_once_a_quarter(home: Path) -> None:
    register_site(home, Site("hospital", "The hospital"))
    Contact.objects.all().delete()
    assert are_contacts_stale("hospital", NOW.date())
    told = [remind(home, now=NOW + timedelta(days=day)) for day in (0, 1, 29, 45, 46)]
    assert told == [1, 0, 0, 1, 0]
    assert "is empty" in Notice.objects.all()[0].body
    Contact.objects.create(site="hospital", name="C", email="c@x.org", confirmed_on=NOW.date())
    assert not are_contacts_stale("hospital", NOW.date())


def test_a_closed_site_is_told_nothing(home: Path) -> None:
    register_as(home, READY)
    Deadline.objects.create(title="Q1", on=DUE)
    record_deprovisioned(home, "hospital", on=NOW.date(), reason="x", by="me", now=NOW)
    assert remind(home, now=NOW) == 0


def test_ends_of_quarters() -> None:
    assert find_quarter_end(date(2026, 12, 31)) == date(2026, 12, 31)
    assert list_quarter_ends(date(2026, 11, 25), 3) == [
        date(2026, 12, 31),
        date(2027, 3, 31),
        date(2027, 6, 30),
    ]
