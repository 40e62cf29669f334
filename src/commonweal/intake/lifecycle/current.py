"""Which submission of a site is current: a pointer that moves in one step and forgets nothing.

Every move is a new file, made whole or not at all. The last one says what is in force, those
before it what was, and when. A run that dies before the move leaves the previous one current.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commonweal.engine.storage import Location, make_private, readable_json
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Switch:
    """A move of the pointer; without a ``submission`` nothing of the site is in force."""

    number: int
    submission: str
    at: datetime
    by: str


def list_switches(home: Path, site: str) -> list[Switch]:
    """Every move of a site's pointer, the first one first."""
    files = sorted(_place(home, site).path.glob("[0-9]*.json"))
    return [_read(file) for file in files]


def find_current_id(home: Path, site: str) -> str | None:
    """The id that is in force, nothing when none is, and None when nothing ever was."""
    files = sorted(_place(home, site).path.glob("[0-9]*.json"))
    return _read(files[-1]).submission if files else None


def switch_current(home: Path, site: str, submission: str, *, now: datetime, by: str) -> None:
    """Put a submission in force, at once; putting the same one in force again does nothing.

    Raises:
        CommonwealError: somebody else moved the pointer at the same time.
    """
    if (find_current_id(home, site) or "") == submission:
        return
    make_private(home / "history")
    number = len(list_switches(home, site)) + 1
    content = {"number": number, "submission": submission, "at": now.isoformat(), "by": by}
    if not _place(home, site).create(f"{number:06}.json", readable_json(content)):
        raise CommonwealError(
            f"Somebody else is changing what is current for {site}.",
            fix="Try again when they are done.",
        )


def _place(home: Path, site: str) -> Location:
    return Location.of(home / "history" / site / ".current")


def _read(file: Path) -> Switch:
    content = json.loads(file.read_bytes())
    at = datetime.fromisoformat(content["at"])
    return Switch(content["number"], content["submission"], at, content["by"])
