"""What the worker does for the pages: it alone looks at what has landed."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from commonweal.engine.settings import Settings
from commonweal.hub.environment import build_environment
from commonweal.hub.folder import make_hub_folder
from commonweal.hub.provision import SETTINGS_MODULE
from commonweal.schema.errors import CommonwealError

COMMANDS = ("index_submissions", "remind", "send_notices", "remove_expired_uploads")
"""In their order: what was found is told in the same round."""


def bring_up_to_date(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """Bring rows, reminders and mail in line with what has landed; what each command counted.

    Django can be set up once for a process and for one programme, so each command has a
    process of its own.

    Raises:
        CommonwealError: a command failed; the others are run in the next round.
    """
    make_hub_folder(settings.home)
    return {command: _run(settings, command) for command in COMMANDS}


def _run(settings: Settings, command: str) -> Mapping[str, Any]:
    done = subprocess.run(  # noqa: S603  (our own module, no words of anybody else)
        [sys.executable, "-m", "django", command],
        env=build_environment(settings, django_settings=SETTINGS_MODULE),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommonwealError(
            f"The pages could not be brought up to date ({command}): {done.stderr.strip()[-500:]}",
            fix="Run `commonweal manage migrate` once, and look at the message above.",
        )
    counted: Mapping[str, Any] = json.loads(done.stdout)
    return counted
