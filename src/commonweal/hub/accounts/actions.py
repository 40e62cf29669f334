"""Writes on accounts."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from commonweal.hub.accounts.models import Role, User

PASSWORD_BYTES = 12


@dataclass(frozen=True)
class NewAccount:
    """An account to be made."""

    email: str
    name: str
    role: Role = Role.RESEARCHER


DEMO_ACCOUNTS = (
    NewAccount("researcher@demo.example", "Rosa Researcher"),
    NewAccount("colleague@demo.example", "Cal Colleague"),
    NewAccount("steward@demo.example", "Stella Steward", Role.STEWARD),
    NewAccount("curator@demo.example", "Curt Curator", Role.CURATOR),
)


@transaction.atomic
def ensure_demo_accounts(
    accounts: Sequence[NewAccount] = DEMO_ACCOUNTS,
) -> list[tuple[str, str | None]]:
    """Create the demo accounts that are missing; return email and password of all of them.

    A password is generated, stored only as a hash, and returned this once; of an account that
    was there before it is None.
    """
    existing = set(User.objects.values_list("email", flat=True))
    return [
        (account.email, None if account.email in existing else create_account(account))
        for account in accounts
    ]


def create_account(account: NewAccount) -> str:
    """Make an account and return its password, which is kept nowhere."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    User.objects.create_user(
        email=account.email, name=account.name, password=password, role=account.role
    )
    return password
