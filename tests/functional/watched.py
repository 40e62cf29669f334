"""Writes down what a process opens below the programme's folder; the strict settings use it.

The list stands beside that folder, and every line is the path of one attempt, made or refused.
"""

import os
import sys
from pathlib import Path
from urllib.parse import unquote

HOME = Path(os.environ["COMMONWEAL_HOME"]).absolute()
EVENTS = {"open", "os.listdir", "os.scandir", "os.mkdir", "sqlite3.connect"}


def list_file(home: Path, process: str) -> Path:
    """Where the paths a process opened are written."""
    return home.with_name(f"{home.name}.{process}.opened")


def watch(process: str) -> None:
    """Write down from now on."""
    target = os.open(list_file(HOME, process), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, arguments: tuple[object, ...]) -> None:
        path = _find_path(arguments[0]) if event in EVENTS and arguments else None
        if path is not None and path.is_relative_to(HOME):
            os.write(target, f"{path}\n".encode())

    sys.addaudithook(note)


def _find_path(named: object) -> Path | None:
    """The path an event is about; a database may be named by a URI, a file by its number."""
    if not isinstance(named, str | bytes | os.PathLike):
        return None
    text = os.fsdecode(named)
    if text.startswith("file:"):
        text = unquote(text.removeprefix("file:").partition("?")[0])
    return Path(os.path.abspath(text))  # noqa: PTH100  (follows no link and asks no disk)
