"""Accounts of stewards whose site was closed where no account is known: at the command line.

On the pages, closing a site ends them at once (``registry_acts.close_site``); the worker makes
the other way end alike, also when the site was reopened meanwhile.
"""

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from commonweal.hub.sites.actions import close_account, write_audit
from commonweal.hub.sites.models import Steward
from commonweal.intake.registry import RegistryEvent, list_events
from commonweal.intake.stewards import OPENED, SITE_CLOSED


def end_accounts_of_closed_sites(home: Path) -> int:
    """End every account whose site was closed after the account was opened; return how many."""
    ended = 0
    for steward in Steward.objects.filter(ended_on=None).select_related("user"):
        closing = _find_closing(steward, list_events(home, steward.site))
        if closing is not None:
            _end(steward, closing)
            ended += 1
    return ended


def _find_closing(steward: Steward, events: Sequence[RegistryEvent]) -> RegistryEvent | None:
    """The last closing of the site since the account was opened.

    An account of which the registry tells nothing is as old as the day it started on.
    """
    email = steward.user.email.lower()
    openings = [e.number for e in events if e.name == OPENED and e.details["email"] == email]
    closings = [e for e in reversed(events) if e.name == SITE_CLOSED]
    if openings:
        return next((e for e in closings if e.number > openings[-1]), None)
    return next((e for e in closings if e.at.date() >= steward.started_on), None)


@transaction.atomic
def _end(steward: Steward, closing: RegistryEvent) -> None:
    close_account(steward, closing.at.date())
    write_audit(closing.by, "steward_ended", site=steward.site, email=steward.user.email)
