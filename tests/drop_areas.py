"""Drop areas for the tests of receiving: folders of small, valid files, and a receiver."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.intake_folders import SETTINGS, csv_text, valid_row
from tests.ready_sites import register_as

from commonweal.engine.settings import StorageSettings
from commonweal.engine.storage import Location
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.history import History, read_history
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.sites import Purpose, Site

HOSPITAL = Site(
    "hospital",
    "The hospital",
    "MA",
    date(2025, 1, 31),
    tuple(Purpose),
    test_load="hospital-20250201-0",
)
LATER = timedelta(hours=4)


def persons_csv(*ids: int) -> bytes:
    return csv_text("person", [valid_row("person", person_id=str(i)) for i in ids]).encode()


def declaration(
    files: Mapping[str, bytes] | None = None, *, purpose: str = "production", **other: Any
) -> bytes:
    """A declaration, of made-up data unless told; with ``files`` it is their manifest as well."""
    content: dict[str, Any] = {"purpose": purpose, "synthetic": True} | other
    if files is not None:
        content["files"] = [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        ]
    return json.dumps(content).encode()


def put(place: Location, folder: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        place.write(f"{folder}/{name}", content)


def put_declared(place: Location, folder: str, *ids: int, **declared: Any) -> None:
    """A folder with persons, its manifest written last."""
    files = {"person.csv": persons_csv(*ids)}
    put(place, folder, files)
    place.write(f"{folder}/{DECLARATION}", declaration(files, **declared))


def make_home(tmp_path: Path, *sites: Site) -> Path:
    home = tmp_path / "home"
    for site in sites or (HOSPITAL,):
        register_as(home, site)
    return home


def make_receiver(home: Path, drop: Location | None = None, **options: Any) -> Receiver:
    """A receiver for one site's area, by the clock of this machine unless another is given."""
    if drop is not None:
        url = drop.url
        options |= {"locate": lambda _home, _site: url, "storage": drop.storage}
    return Receiver(home, SETTINGS, **{"storage": StorageSettings()} | options)


def shifted(by: timedelta) -> Callable[[], datetime]:
    """A clock that is ahead: files of now are old by it."""
    return lambda: datetime.now(tz=UTC) + by


def history_of(home: Path, key: str, site: str = "hospital") -> History:
    return read_history(home, site, key)


def events_of(home: Path, key: str) -> list[str]:
    return [event.name for event in history_of(home, key).events]


def today(version: int = 1, *, days: int = 0) -> str:
    day = datetime.now(tz=UTC).date() - timedelta(days=days)
    return f"{day.isoformat()}-v{version}"
