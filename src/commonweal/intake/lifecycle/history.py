"""What happened to a submission: one small file for each event, never changed, each naming
the one before by its checksum.

A folder of the drop area has its history under its own name, from before it is a submission;
one that was handed in from a disk has it under its id. No event holds anything of a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.chain import BrokenChainError, Entry, append_entry, read_chain
from commonweal.engine.storage import Location, make_private
from commonweal.intake.lifecycle.states import get_states
from commonweal.schema.errors import CommonwealError

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
    try:
        entries = read_chain(_place(home, site, key))
        return History(site, key, tuple(map(_read, entries)))
    except BrokenChainError as broken:
        raise _damaged(site, key, broken.number) from broken


def list_histories(home: Path, site: str) -> list[History]:
    """Every history of a site by key."""
    return [read_history(home, site, key) for key in list_keys(home, site)]


def list_keys(home: Path, site: str) -> list[str]:
    """The keys of a site's histories, in their order."""
    return sorted(p.name for p in (home / "history" / site).glob("[!.]*") if p.is_dir())


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
    last = history.events[-1] if history.events else None
    content = {
        "event": name,
        "at": (max(now, last.at) if last else now).isoformat(),
        "by": by,
        "submission": submission,
        "details": dict(details),
    }
    make_private(home / "history")
    place = _place(home, history.site, history.key)
    entry = append_entry(place, last.to_json() if last else None, content)
    if entry is None:
        raise CommonwealError(
            f"Somebody else is working on {history.site}/{history.key}.",
            fix="Try again when they are done.",
        )
    return History(history.site, history.key, (*history.events, _read(entry)))


def _place(home: Path, site: str, key: str) -> Location:
    return Location.of(home / "history" / site / key)


def _read(entry: Entry) -> Event:
    try:
        return Event(
            entry["number"],
            entry["event"],
            datetime.fromisoformat(entry["at"]),
            entry["by"],
            entry["submission"],
            entry["details"],
            entry["previous"],
            entry["digest"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenChainError(entry["number"]) from error


def _damaged(site: str, key: str, number: int) -> CommonwealError:
    return CommonwealError(
        f"The history of {site}/{key} is damaged: event {number} is missing or was changed.",
        fix="Bring the folder `history` back from a copy.",
    )
