"""What happened to a site since it was registered: one small file for each event, in order.

Each event names the one before by its digest, so a missing or changed one is noticed. They
lie beside the data, in ``registry/events/SITE/``, because what a release means depends on
them. No event holds anything of a participant.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.storage import Location, digest_of, readable_json
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
    previous: str

    def to_json(self) -> dict[str, Any]:
        """The event as it is stored."""
        return {
            "number": self.number,
            "event": self.name,
            "on": self.on.isoformat(),
            "at": self.at.isoformat(),
            "by": self.by,
            "details": dict(self.details),
            "previous": self.previous,
        }

    @property
    def digest(self) -> str:
        return digest_of(self.to_json())


def list_events(home: Path, site: str) -> list[RegistryEvent]:
    """The events of a site, the first one first.

    Raises:
        CommonwealError: an event is missing, or was changed.
    """
    events: list[RegistryEvent] = []
    for file in sorted(_place(home, site).path.glob("[0-9]*.json")):
        event = _read(file)
        before = events[-1].digest if events else ""
        if (event.number, event.previous) != (len(events) + 1, before):
            raise CommonwealError(
                f"The registry of {site} is not whole: {file.name} does not follow the one before.",
                expected="an unbroken chain of events",
                fix="Bring the folder `registry` back from a copy.",
            )
        events.append(event)
    return events


def add_event(
    home: Path,
    site: str,
    name: str,
    *,
    on: date,
    by: str,
    now: datetime,
    details: Mapping[str, Any] = _NOTHING,
) -> RegistryEvent:
    """Write down the next event of a site; of two writers at once, one comes after the other."""
    while True:
        events = list_events(home, site)
        previous = events[-1].digest if events else ""
        event = RegistryEvent(len(events) + 1, name, on, now, by, details, previous)
        if _place(home, site).create(f"{event.number:04}.json", readable_json(event.to_json())):
            return event


def _place(home: Path, site: str) -> Location:
    return Location.of(home / "registry" / "events" / site)


def _read(file: Path) -> RegistryEvent:
    content = json.loads(file.read_text(encoding="utf-8"))
    return RegistryEvent(
        number=content["number"],
        name=content["event"],
        on=date.fromisoformat(content["on"]),
        at=datetime.fromisoformat(content["at"]),
        by=content["by"],
        details=content["details"],
        previous=content["previous"],
    )
