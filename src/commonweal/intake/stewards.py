"""Who may send for a site: the accounts of its stewards, as the site's events tell of them.

The account itself, with its password and what was signed for it, is a row of the hub. That it
was opened and closed stands beside the data too, because the SFTP server, which knows no
database, lets nobody in without an account. Closing a site closes its accounts, and reopening it
opens none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commonweal.intake.registry import RegistryEvent, add_event, list_events
from commonweal.intake.sites import get_site
from commonweal.schema.errors import CommonwealError

MOST_STEWARDS = 2
"""A primary and a backup (reference: onboarding)."""
OPENED, CLOSED, SITE_CLOSED = "account_opened", "account_closed", "deprovisioned"


@dataclass(frozen=True)
class Account:
    """A steward's account that is open; ``email`` is in lower case."""

    site: str
    email: str
    opened_at: datetime


def record_account_opened(home: Path, site: str, *, email: str, by: str, now: datetime) -> Account:
    """Write down that a steward has an account; of one who has, nothing changes.

    Raises:
        CommonwealError: there is no such site, it is closed, or two others are its stewards.
    """
    email = _clean(email)
    if known := find_account(home, site, email):
        return known
    if get_site(home, site).closed_on is not None:
        raise CommonwealError(
            f"The site {site} is closed.", expected="a site that takes part before its stewards"
        )

    def check_room(events: Sequence[RegistryEvent]) -> None:
        """Also for two who are added in the same moment."""
        if len(fold_accounts(site, events)) >= MOST_STEWARDS:
            raise CommonwealError(
                f"The site {site} has {MOST_STEWARDS} stewards already.",
                fix="Close the account of one of them first.",
            )

    details = {"email": email}
    add_event(home, site, OPENED, on=now.date(), by=by, now=now, details=details, check=check_room)
    return Account(site, email, now)


def record_account_closed(home: Path, site: str, *, email: str, by: str, now: datetime) -> None:
    """Write down that an account is closed; what opens the drop for it, opens it no more."""
    if find_account(home, site, email) is not None:
        details = {"email": _clean(email)}
        add_event(home, site, CLOSED, on=now.date(), by=by, now=now, details=details)


def list_accounts(home: Path, site: str) -> list[Account]:
    """The accounts of a site that are open, the oldest first."""
    return fold_accounts(site, list_events(home, site))


def fold_accounts(site: str, events: Iterable[RegistryEvent]) -> list[Account]:
    """The accounts that are open after these events, the oldest first."""
    accounts: dict[str, Account] = {}
    for event in events:
        if event.name == OPENED:
            email = event.details["email"]
            accounts[email] = Account(site, email, event.at)
        elif event.name == CLOSED:
            accounts.pop(event.details["email"], None)
        elif event.name == SITE_CLOSED:
            accounts.clear()
    return list(accounts.values())


def find_account(home: Path, site: str, email: str) -> Account | None:
    """The open account of somebody at a site."""
    wanted = _clean(email)
    return next((one for one in list_accounts(home, site) if one.email == wanted), None)


def _clean(email: str) -> str:
    return email.strip().lower()
