"""What happened to a submission: one small file for each event, never changed, each naming
the one before by its checksum.

A folder of the drop area has its history under its own name, from before it is a submission;
one that was handed in from a disk has it under its id. No event holds anything of a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.chain import (
    DIGITS,
    BrokenChainError,
    Entry,
    append_entry,
    read_chain,
)
from commonweal.engine.storage import Location, make_private
from commonweal.intake.lifecycle.states import START, get_states
from commonweal.schema.errors import CommonwealError

DAMAGED = "damaged"
"""What stands in the place of a state when an event is missing, was changed or is impossible."""
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
    """Everything that happened to one folder, the first event first.

    ``damaged_at`` is the number of an event that is not what was written, or 0; the events are
    then those in front of it, and nothing more is recorded.
    """

    site: str
    key: str
    events: tuple[Event, ...] = ()
    damaged_at: int = 0

    @property
    def is_damaged(self) -> bool:
        return self.damaged_at > 0

    @property
    def state(self) -> str:
        if self.is_damaged:
            return DAMAGED
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


def list_not_counted(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """What an accepted submission does not count for, from its events as they are stored; what
    was made current counts.
    """
    reasons: list[str] = []
    for event in events:
        if event["event"] == "made_current":
            reasons = []
        elif event["event"] == "not_counted":
            reasons.append(str(event["details"]["reason"]))
    return reasons


def read_history(home: Path, site: str, key: str) -> History:
    """The history under a key; one of nothing yet is empty.

    Raises:
        CommonwealError: an event is missing, was changed, or could not have happened.
    """
    history = _load(home, site, key)
    if history.is_damaged:
        raise describe_damage(history)
    return history


def list_histories(home: Path, site: str) -> list[History]:
    """Every history of a site by key; damaged ones are marked, and stop none of the others."""
    place = home / "history" / site
    keys = sorted(p.name for p in place.glob("[!.]*") if p.is_dir())
    return [_load(home, site, key) for key in keys]


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
    if history.is_damaged:
        raise describe_damage(history)
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


def _load(home: Path, site: str, key: str) -> History:
    """The history, up to the first event that is not whole or could not have happened."""
    damaged_at = 0
    try:
        entries = read_chain(_place(home, site, key))
    except BrokenChainError as broken:
        entries, damaged_at = list(broken.before), broken.number
    events: list[Event] = []
    state = START
    for number, entry in enumerate(entries, start=1):
        try:
            event = _read(entry)
            state = get_states().advance(state, event.name)
        except (ValueError, KeyError, TypeError, CommonwealError):
            return History(site, key, tuple(events), number)
        events.append(event)
    return History(site, key, tuple(events), damaged_at)


def _read(entry: Entry) -> Event:
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


def describe_damage(history: History) -> CommonwealError:
    """Which event of which folder is damaged, and the ways out."""
    name, number = f"{history.site}/{history.key}", history.damaged_at
    return CommonwealError(
        f"The history of {name} is damaged: event {number} is missing or was changed.",
        expected=f"history/{name}/{number:0{DIGITS}}.json as it was written",
        fix=f"Bring history/{name} back from a copy. The other folders of the site go on without "
        "it; where there is no copy, have the site send the folder again with the next number.",
    )
