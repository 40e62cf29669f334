"""What the worker does for the pages: it alone looks at what has landed."""

from collections.abc import Mapping
from typing import Any

from commonweal.engine.settings import Settings
from commonweal.hub.commands import run_command

COUNTING = ("index_submissions", "prepare_rosters")
COMMANDS = (*COUNTING, "remind", "send_notices", "remove_expired_uploads")
"""In their order: what was found is told in the same round."""


def bring_up_to_date(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """Bring rows, reminders and mail in line with what has landed; what each command counted.

    Raises:
        CommonwealError: a command failed; the others are run in the next round.
    """
    return {command: run_command(settings, command) for command in COMMANDS}


def index_sites(settings: Settings) -> None:
    """Copy what has landed into the database and count the rosters.

    Raises:
        CommonwealError: the landing area could not be read, or the database not changed.
    """
    for command in COUNTING:
        run_command(settings, command)
