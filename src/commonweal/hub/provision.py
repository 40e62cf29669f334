"""Make the hub's database ready: tables, cache and the demo's accounts."""

from dataclasses import dataclass

from commonweal.engine.settings import Settings
from commonweal.hub.commands import run_command


@dataclass(frozen=True)
class Credential:
    """How to sign in to a demo account.

    A password is shown once and kept nowhere; it is None for an account that was there before.
    """

    email: str
    password: str | None


def prepare_hub(settings: Settings, *, demo_accounts: bool = True) -> list[Credential]:
    """Bring the hub's database up to date; return the demo accounts.

    Running it again changes nothing and returns no passwords.

    Raises:
        CommonwealError: the database could not be made or changed.
    """
    arguments = ["--demo-accounts"] if demo_accounts else []
    made = run_command(settings, "provision", *arguments)
    return [Credential(email, password) for email, password in made]
