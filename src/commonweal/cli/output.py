"""How every verb speaks: results to standard output, everything else to standard error."""

import getpass
import json
import os
from typing import Annotated, Any

import typer
from rich.console import Console

from commonweal.intake.recording import check_words
from commonweal.schema.errors import CommonwealError

OUT = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Results. Brackets are brackets: a name or title that somebody typed is shown as it is."""
ERR = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Progress, warnings and errors, with brackets as they are."""

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, for other programs to read.")
]


def name_account() -> str:
    """Who works on this machine; a container may have no name for its account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"account {os.getuid()}"


def name_actor(by: str | None) -> str:
    """In whose name an act is recorded: as said, else the account on this machine.

    Raises:
        CommonwealError: what was said is blank.
    """
    return name_account() if by is None else check_words("The name after --by", by)


def confirm(question: str, *, reason: str, fix: str) -> None:
    """Ask before something that is hard to take back; a no ends the verb.

    Raises:
        CommonwealError: there is no terminal, and so nobody to ask.
    """
    if not ERR.is_terminal:
        raise CommonwealError(f"{reason}, and there is nobody to ask.", expected="--yes", fix=fix)
    typer.confirm(question, abort=True, err=True)


def print_json(value: Any) -> None:
    """Print a result for programs: nothing else goes to standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_json_line(value: Any) -> None:
    """One of many results for programs, on a line of its own, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
