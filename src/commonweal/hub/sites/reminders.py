"""What sites are reminded of: deadlines, lists of contacts, training. Each day once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from commonweal.hub.sites.counted import list_counted
from commonweal.hub.sites.models import Contact, Deadline, Steward
from commonweal.hub.sites.outbox import write_notice
from commonweal.hub.sites.quarters import find_quarter_end
from commonweal.intake.sites import Purpose, Site, list_sites

DAYS_BEFORE = (30, 14, 3)
CONTACTS_DAYS = 90
TRAINING_DAYS = 365


@dataclass(frozen=True)
class Reminder:
    """One thing to remind a site of; ``key`` keeps it from being told twice."""

    key: str
    kind: str
    subject: str
    body: str


def remind(home: Path, *, now: datetime) -> int:
    """Write the reminders that are due; returns how many are new."""
    today = now.date()
    return sum(
        write_notice(
            reminder.key,
            site=site.name,
            kind=reminder.kind,
            subject=reminder.subject,
            body=reminder.body,
            now=now,
        )
        for site in list_sites(home)
        if site.closed_on is None
        for reminder in _list_due(site, today)
    )


def has_submitted(site: str, deadline: Deadline) -> bool:
    """Whether a site has a submission that counts between two deadlines."""
    previous = Deadline.objects.filter(on__lt=deadline.on).last()
    sent = list_counted(site).filter(received_at__date__lte=deadline.on)
    if previous is not None:
        sent = sent.filter(received_at__date__gt=previous.on)
    return sent.exists()


def are_contacts_stale(site: str, today: date) -> bool:
    """Whether the list of contacts is empty, or nobody has confirmed it for a quarter."""
    limit = today - timedelta(days=CONTACTS_DAYS)
    contacts = Contact.objects.filter(site=site)
    return not contacts.exists() or contacts.filter(confirmed_on__lt=limit).exists()


def is_expected(site: Site) -> bool:
    """Whether a deadline concerns a site: its production is authorised."""
    return Purpose.PRODUCTION in site.purposes


def _list_due(site: Site, today: date) -> Iterator[Reminder]:
    if is_expected(site):
        yield from _remind_of_deadlines(site, today)
    if are_contacts_stale(site.name, today):
        yield _remind_of_contacts(site, today)
    yield from _remind_of_training(site, today)


def _remind_of_deadlines(site: Site, today: date) -> Iterator[Reminder]:
    for deadline in Deadline.objects.filter(on__gte=today):
        left = (deadline.on - today).days
        passed = [days for days in DAYS_BEFORE if left <= days]
        if passed and not has_submitted(site.name, deadline):
            facts = {"title": deadline.title, "day": deadline.on.isoformat(), "days": left}
            yield Reminder(
                f"deadline/{deadline.on}/{min(passed)}/{site.name}",
                "deadline",
                _("%(title)s is due on %(day)s") % facts,
                _(
                    "There are %(days)d days left, and no production submission has been accepted "
                    "since the deadline before."
                )
                % facts,
            )


def _remind_of_contacts(site: Site, today: date) -> Reminder:
    oldest = Contact.objects.filter(site=site.name).order_by("confirmed_on").first()
    if oldest is None:
        return _remind_of_no_contacts(site, today)
    confirmed = oldest.confirmed_on
    return Reminder(
        f"contacts/{confirmed}/{site.name}",
        "contacts",
        _("Please confirm the contacts of %(site)s") % {"site": site.title},
        _("The list was confirmed on %(day)s. Look at it, change what has changed, and confirm it.")
        % {"day": confirmed.isoformat()},
    )


def _remind_of_no_contacts(site: Site, today: date) -> Reminder:
    """Once in a quarter, to the stewards; where there are none a curator sees it in the outbox."""
    return Reminder(
        f"contacts/none/{find_quarter_end(today)}/{site.name}",
        "contacts",
        _("Please name the contacts of %(site)s") % {"site": site.title},
        _("The list of contacts is empty, so that nobody can be told of what concerns the site."),
    )


def _remind_of_training(site: Site, today: date) -> Iterator[Reminder]:
    limit = today - timedelta(days=TRAINING_DAYS)
    for steward in Steward.objects.filter(site=site.name, ended_on=None, training_on__lt=limit):
        yield Reminder(
            f"training/{steward.training_on}/{steward.pk}",
            "training",
            _("The security training of %(name)s has to be renewed") % {"name": steward.user.name},
            _("It was attested on %(day)s.") % {"day": steward.training_on.isoformat()},
        )
