"""What happened to a site since it was registered: one small file for each event, in order.

Each event names the one before by its digest, so a missing or changed one is noticed. They
lie beside the data, in ``registry/events/SITE/``, because what a release means depends on
them. No event holds anything of a participant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.chain import BrokenChainError, Entry, append_entry, read_chain
from commonweal.engine.storage import Location
from commonweal.schema.errors import CommonwealError

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class RegistryEvent:
    """One step of a site. ``on`` is the day it happened, ``at`` when it was written down."""

    number: int
    name: str
    on: date
    at: datetime
    by: str
    details: Mapping[str, Any]


Check = Callable[[Sequence[RegistryEvent]], None]


def list_events(home: Path, site: str) -> list[RegistryEvent]:
    """The events of a site, the first one first.

    Raises:
        CommonwealError: an event is missing, or was changed.
    """
    return [_read(entry) for entry in _read_entries(home, site)]


def _allow(_events: Sequence[RegistryEvent]) -> None:
    """Most events may follow on any other."""


def add_event(
    home: Path,
    site: str,
    name: str,
    *,
    on: date,
    by: str,
    now: datetime,
    details: Mapping[str, Any] = _NOTHING,
    check: Check = _allow,
) -> RegistryEvent:
    """Write down the next event of a site; of two writers at once, one comes after the other.

    ``check`` is given the events before it and raises where it must not follow on them.
    """
    content = {
        "event": name,
        "on": on.isoformat(),
        "at": now.isoformat(),
        "by": by,
        "details": dict(details),
    }
    while True:
        entries = _read_entries(home, site)
        check([_read(entry) for entry in entries])
        last = entries[-1] if entries else None
        written = append_entry(_place(home, site), last, content)
        if written is not None:
            return _read(written)


def _place(home: Path, site: str) -> Location:
    return Location.of(home / "registry" / "events" / site)


def _read_entries(home: Path, site: str) -> list[Entry]:
    try:
        return read_chain(_place(home, site))
    except BrokenChainError as broken:
        raise CommonwealError(
            f"The registry of {site} is not whole: event {broken.number} is missing or was "
            "changed.",
            expected="an unbroken chain of events",
            fix="Bring the folder `registry` back from a copy.",
        ) from broken


def _read(entry: Entry) -> RegistryEvent:
    return RegistryEvent(
        number=entry["number"],
        name=entry["event"],
        on=date.fromisoformat(entry["on"]),
        at=datetime.fromisoformat(entry["at"]),
        by=entry["by"],
        details=entry["details"],
    )
