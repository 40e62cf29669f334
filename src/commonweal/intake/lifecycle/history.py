"""What happened to a submission: one small file for each event, never changed, each naming
the one before by its checksum.

A folder of the drop area has its history under its own name, from before it is a submission;
one that was handed in from a disk has it under its id. No event holds anything of a person.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.storage import Location, digest_of, make_private, readable_json
from commonweal.intake.lifecycle.states import get_states
from commonweal.schema.errors import CommonwealError

ENDING = ".json"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Event:
    """One step. ``by`` is who or what took it; ``previous`` is the digest of the one before."""

    number: int
    name: str
    at: datetime
    by: str
    submission: str
    details: Mapping[str, Any]
    previous: str
    digest: str

    def to_json(self) -> dict[str, Any]:
        """The event as it is stored."""
        return {
            "number": self.number,
            "event": self.name,
            "at": self.at.isoformat(),
            "by": self.by,
            "submission": self.submission,
            "details": dict(self.details),
            "previous": self.previous,
            "digest": self.digest,
        }


@dataclass(frozen=True)
class History:
    """Everything that happened to one folder, the first event first."""

    site: str
    key: str
    events: tuple[Event, ...] = ()

    @property
    def state(self) -> str:
        return get_states().fold(event.name for event in self.events)

    @property
    def submission(self) -> str:
        """The id of its copy in the landing area, or nothing."""
        return next((e.submission for e in reversed(self.events) if e.submission), "")

    def last(self, *names: str) -> Event | None:
        """The latest event of one of these names."""
        return next((e for e in reversed(self.events) if e.name in names), None)

    def has(self, name: str) -> bool:
        return self.last(name) is not None


def read_history(home: Path, site: str, key: str) -> History:
    """The history under a key; one of nothing yet is empty.

    Raises:
        CommonwealError: an event is missing, was changed, or could not have happened.
    """
    place = _place(home, site, key)
    files = sorted(place.path.glob(f"[0-9]*{ENDING}"))
    events: list[Event] = []
    for number, file in enumerate(files, start=1):
        event = _read(file.read_bytes())
        before = events[-1].digest if events else ""
        if event is None or (event.number, event.previous) != (number, before):
            raise _damaged(site, key, number)
        events.append(event)
    return History(site, key, tuple(events))


def list_histories(home: Path, site: str) -> list[History]:
    """Every history of a site by key."""
    place = home / "history" / site
    keys = sorted(p.name for p in place.glob("[!.]*") if p.is_dir())
    return [read_history(home, site, key) for key in keys]


def list_sites_with_history(home: Path) -> list[str]:
    """Sites of which something is known, by name."""
    return sorted(p.name for p in (home / "history").glob("[!.]*") if p.is_dir())


def record_event(
    home: Path,
    history: History,
    name: str,
    *,
    now: datetime,
    by: str,
    submission: str = "",
    details: Mapping[str, Any] = _NOTHING,
) -> History:
    """Append an event and return the history with it.

    Raises:
        CommonwealError: it may not happen in this state, or somebody else appended first.
    """
    get_states().advance(history.state, name)
    number, previous = len(history.events) + 1, ""
    if history.events:
        previous = history.events[-1].digest
        now = max(now, history.events[-1].at)
    event = _seal(Event(number, name, now, by, submission, dict(details), previous, ""))
    make_private(home / "history")
    place = _place(home, history.site, history.key)
    if not place.create(f"{number:06}{ENDING}", readable_json(event.to_json())):
        raise CommonwealError(
            f"Somebody else is working on {history.site}/{history.key}.",
            fix="Try again when they are done.",
        )
    return History(history.site, history.key, (*history.events, event))


def verify_history(home: Path, site: str, key: str) -> bool:
    """Whether every event is there, unchanged, and could have happened."""
    try:
        _ = read_history(home, site, key).state
    except CommonwealError:
        return False
    return True


def _place(home: Path, site: str, key: str) -> Location:
    return Location.of(home / "history" / site / key)


def _seal(event: Event) -> Event:
    content = {k: v for k, v in event.to_json().items() if k != "digest"}
    return Event(**{**vars(event), "digest": digest_of(content)})


def _read(content: bytes) -> Event | None:
    """An event, or nothing when it is not what was written."""
    try:
        raw = json.loads(content)
        event = Event(
            raw["number"],
            raw["event"],
            datetime.fromisoformat(raw["at"]),
            raw["by"],
            raw["submission"],
            raw["details"],
            raw["previous"],
            raw["digest"],
        )
    except (ValueError, KeyError, TypeError):
        return None
    return event if _seal(event).digest == event.digest else None


def _damaged(site: str, key: str, number: int) -> CommonwealError:
    return CommonwealError(
        f"The history of {site}/{key} is damaged: event {number} is missing or was changed.",
        fix="Bring the folder `history` back from a copy.",
    )
