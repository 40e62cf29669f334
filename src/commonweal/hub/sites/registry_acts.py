"""Steps of the registry that curators record on the pages, with their notices.

The registry is the truth; what a step means for accounts is done here at once.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from commonweal.hub.accounts.models import User
from commonweal.hub.sites.actions import close_account, write_audit
from commonweal.hub.sites.checklist import has_contacts, has_stewards
from commonweal.hub.sites.models import Steward
from commonweal.hub.sites.outbox import list_recipients, write_notice
from commonweal.intake.onboarding import (
    authorise,
    record_deprovisioned,
    record_drop_area,
    record_edited,
    record_isa_executed,
    record_reopened,
    record_step,
)
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.schema.errors import CommonwealError

Act = Callable[[Path, Site, User, date], object]


def add_site(home: Path, by: User, site: Site) -> None:
    """Register a site."""
    register_site(home, site)
    write_audit(by.email, "site_registered", site=site.name)


def edit_site(home: Path, by: User, site: Site, said: Mapping[str, str]) -> None:
    """Mend what is said of a site; what stays the same is not written down.

    Raises:
        CommonwealError: a detail does not fit.
    """
    different = record_edited(home, site.name, said, by=by.email, now=timezone.now())
    if different:
        write_audit(by.email, "site_edited", site=site.name, **different)


def record(home: Path, by: User, site: Site, step: str, *, on: date) -> None:
    """Record a step of the onboarding; one of ``DONE_HERE`` is done at once, whatever ``on``.

    Raises:
        CommonwealError: its turn has not come, the day does not fit, or the site is closed.
    """
    if step in DONE_HERE:
        on = timezone.now().date()
    act = _ACTS.get(step, _record_other(step))
    act(home, site, by, on)
    write_audit(by.email, "step_recorded", site=site.name, step=step, on=on.isoformat())


def close_site(home: Path, by: User, site: Site, *, reason: str) -> None:
    """Take nothing from a site any more, and close the accounts of its stewards at once.

    Raises:
        CommonwealError: it is closed already, or the reason is blank.
    """
    now = timezone.now()
    record_deprovisioned(home, site.name, on=now.date(), reason=reason, by=by.email, now=now)
    with transaction.atomic():
        for steward in Steward.objects.filter(site=site.name, ended_on=None):
            close_account(steward, now.date())
        write_audit(by.email, "site_closed", site=site.name, reason=reason)


def reopen_site(home: Path, by: User, site: Site) -> None:
    """Take the closing back; accounts of stewards stay closed until they are added again.

    Raises:
        CommonwealError: it is not closed.
    """
    record_reopened(home, site.name, by=by.email, now=timezone.now())
    write_audit(by.email, "site_reopened", site=site.name)


def _record_other(step: str) -> Act:
    def act(home: Path, site: Site, by: User, on: date) -> None:
        record_step(home, site.name, step, on=on, by=by.email, now=timezone.now())

    return act


def _record_isa(home: Path, site: Site, by: User, on: date) -> None:
    record_isa_executed(home, site.name, on=on, by=by.email, now=timezone.now())


def _open_drop_area(home: Path, site: Site, by: User, on: date) -> None:
    del on
    _check_stewards(site.name)
    record_drop_area(home, site.name, url=site.drop_url, by=by.email, now=timezone.now())


def _announce(home: Path, site: Site, by: User, on: date) -> None:
    """Write the notice of the drop area, then record that it was written."""
    if not list_recipients(site.name):
        raise CommonwealError(
            _("There is nobody to tell: the site has neither stewards nor contacts."),
            fix=_("Add them first."),
        )
    now = timezone.now()
    record_step(home, site.name, "notice", on=on, by=by.email, now=now)
    write_notice(
        f"drop_area/{site.name}/{now.isoformat()}",
        site=site.name,
        kind="drop_area",
        subject=_("The drop area of %(site)s is open") % {"site": site.title},
        body=_(
            "Files are put into the drop area on the upload page, by SFTP or at %(place)s. Please "
            "send one folder with the purpose test and made-up records first: it proves that the "
            "account and the drop area work."
        )
        % {"place": site.drop_url or _("the programme's own folder for the site")},
        now=now,
    )


def _authorise(home: Path, site: Site, by: User, on: date) -> None:
    del on
    now = timezone.now()
    authorise(home, site.name, purposes=tuple(Purpose), by=by.email, now=now)
    write_notice(
        f"production/{site.name}/{now.isoformat()}",
        site=site.name,
        kind="production",
        subject=_("%(site)s may send production data") % {"site": site.title},
        body=_(
            "The agreement is executed and the test load has passed. Submit when you are ready."
        ),
        now=now,
    )


def _check_contacts(home: Path, site: Site, by: User, on: date) -> None:
    if not has_contacts(site.name):
        raise CommonwealError(
            _("The site has no contacts yet."), fix=_("Add at least one, then confirm the list.")
        )
    _record_other("contacts")(home, site, by, on)


def _approve_stewards(home: Path, site: Site, by: User, on: date) -> None:
    _check_stewards(site.name)
    _record_other("stewards")(home, site, by, on)


def _check_stewards(site: str) -> None:
    if not has_stewards(site):
        raise CommonwealError(
            _("The site has no steward yet."),
            fix=_("Add the primary steward first, with rules of behaviour and training."),
        )


DONE_HERE = ("drop_area", "production")
"""Steps that are not reported but done, by being recorded: their day is the day of the act."""
_ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "isa": _record_isa,
        "contacts": _check_contacts,
        "stewards": _approve_stewards,
        "drop_area": _open_drop_area,
        "notice": _announce,
        "production": _authorise,
    }
)
"""What a step does beside its event; the others are only written down."""
