"""Make the hub's database ready: tables, cache and the demo's accounts.

Django can be set up once per process and for one programme, so the work is done in a
process of its own; ``prepare_hub`` is how the rest of the product asks for it.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from commonweal.engine.settings import Settings
from commonweal.hub.environment import build_environment
from commonweal.hub.folder import make_hub_folder
from commonweal.schema.errors import CommonwealError

SETTINGS_MODULE = "commonweal.hub.settings.worker"


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
    made = _run(settings, "provision", *arguments)
    return [Credential(email, password) for email, password in made]


def index_sites(settings: Settings) -> dict[str, int]:
    """Let the worker copy what has landed into the database; returns what changed.

    Raises:
        CommonwealError: the landing area could not be read, or the database not changed.
    """
    changed: dict[str, int] = _run(settings, "index_submissions")
    return changed


def _run(settings: Settings, *words: str) -> Any:
    """Run one of our own Django commands and read what it prints."""
    make_hub_folder(settings.home)
    result = subprocess.run(  # noqa: S603  (our own module, no words of anybody else)
        [sys.executable, "-m", "django", *words],
        env=build_environment(settings, django_settings=SETTINGS_MODULE),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CommonwealError(
            f"The hub's database could not be prepared: {result.stderr.strip()[-500:]}",
            fix=f"Check that {settings.home / 'hub'} can be written.",
        )
    return json.loads(result.stdout)
