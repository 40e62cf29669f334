"""Taking one folder in: copy, verify, check, land. Nothing of the site changes before the end."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from commonweal.engine.settings import EngineSettings, StorageSettings
from commonweal.engine.storage import ChangedError, Location, make_private
from commonweal.intake.check import check_folder
from commonweal.intake.check.file import FileProgress
from commonweal.intake.check.folder import find_table
from commonweal.intake.findings import show_name
from commonweal.intake.landing import Delivery, submit_folder
from commonweal.intake.lifecycle.declaration import Declaration
from commonweal.intake.lifecycle.drop import DropFolder
from commonweal.intake.lifecycle.history import History
from commonweal.intake.lifecycle.reasons import Reason
from commonweal.intake.lifecycle.settle import RECEIVING, Ledger
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.metrics import Surroundings
from commonweal.intake.registry import list_events
from commonweal.intake.sites import Site
from commonweal.intake.submission import Submission
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model

BY = "commonweal receive"


def locate_drop(home: Path, site: Site) -> str:
    """Path or URL of where a site puts files: as the registry says, else a folder of ours."""
    return site.drop_url or str(home / "drop" / site.name)


def list_drops(home: Path, site: Site) -> list[str]:
    """Every place where a site puts or ever put files, the present one first."""
    opened = [
        e.details["url"] for e in list_events(home, site.name) if e.name == "drop_area_opened"
    ]
    places = [locate_drop(home, replace(site, drop_url=url)) for url in ("", *opened)]
    return list(dict.fromkeys([locate_drop(home, site), *places]))


def now_in_utc() -> datetime:
    """The time on this machine."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True)
class Receiver:
    """What receiving works with. ``locate`` gives the path or URL of a site's drop area,
    ``around`` what the metrics of a submission of that day are measured against, and ``announce``
    is called with each submission that landed, at least once; what it returns is written into
    the receipt as well. ``only_synthetic`` says that the programme takes no records of real people.
    """

    home: Path
    engine: EngineSettings = field(default_factory=EngineSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    by: str = BY
    clock: Callable[[], datetime] = now_in_utc
    locate: Callable[[Path, Site], str] = locate_drop
    around: Callable[[date], Surroundings] | None = None
    announce: Callable[[Submission], Mapping[str, Any] | None] | None = None
    progress: FileProgress | None = None
    only_synthetic: bool = False

    def drop_area(self, site: Site) -> Location:
        """The place a site puts files."""
        return Location.of(self.locate(self.home, site), self.storage)

    def ledger(self, site: Site) -> Ledger:
        """Where the events of a site are written."""
        return Ledger(self.home, site.name, self.clock, self.by)


class _MismatchError(Exception):
    """Files are not what the manifest says; ``args`` are their names."""


def name_tables(folder: DropFolder, dialect: str) -> list[str]:
    """Files of a folder that are read as tables."""
    model = get_model(dialect)
    return [name for name in folder.data if find_table(name, model)]


def take_folder(
    receiver: Receiver, site: Site, folder: DropFolder, declaration: Declaration
) -> History:
    """Copy, check and land a folder that is ready, and return its history afterwards.

    Whatever fails, the submission that was current stays current; the next round tries again.
    """
    ledger = receiver.ledger(site)
    if lack := _find_lack_of_room(receiver, site, folder):
        return _fail(ledger, folder, lack)
    history = ledger.add(ledger.read(folder.name), "begun", tags=folder.tags, **_say(declaration))
    try:
        with _room_for(receiver, site, folder) as scratch:
            _copy(receiver, site, folder, declaration, scratch)
            history = ledger.add(history, "copied")
            landed = _land(receiver, site, folder, declaration, scratch)
    except ChangedError as changed:
        return ledger.add(history, "reopened", files=[show_name(changed.args[0])])
    except _MismatchError as mismatch:
        return ledger.add(history, "held", reason=Reason.CHECKSUMS, files=list(mismatch.args))
    except CommonwealError as error:
        return _fail(ledger, folder, error.found)
    except OSError as error:
        return _fail(ledger, folder, error.strerror or type(error).__name__)
    history = ledger.read(folder.name)
    if landed.key != folder.name:
        history = ledger.add(history, "repeated", landed.id)
    return history


def _say(declaration: Declaration) -> dict[str, Any]:
    return {
        "purpose": str(declaration.purpose),
        "synthetic": declaration.synthetic,
        "dialect": declaration.dialect,
    }


def _fail(ledger: Ledger, folder: DropFolder, said: str) -> History:
    """Record what went wrong, but not round after round when it stays the same."""
    history = ledger.read(folder.name)
    last = history.events[-1]
    is_known = last.name == "failed" and last.details["said"] == said
    if is_known or not get_states().can(history.state, "failed"):
        return history
    return ledger.add(history, "failed", said=said)


def _find_lack_of_room(receiver: Receiver, site: Site, folder: DropFolder) -> str:
    """Nothing, or a sentence: a disk that would be filled to the brim is not even begun with."""
    place = receiver.home / "landing" / site.name
    make_private(place.parent)
    place.mkdir(exist_ok=True)
    needed = sum(file.bytes for file in folder.data.values())
    if needed <= shutil.disk_usage(place).free:
        return ""
    return f"There is no room for {needed:,} bytes in the landing area."


@contextmanager
def _room_for(receiver: Receiver, site: Site, folder: DropFolder) -> Iterator[Path]:
    """A folder for the copy on the disk of the landing area, gone afterwards."""
    scratch = receiver.home / "landing" / site.name / f"{RECEIVING}{folder.name}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copy(
    receiver: Receiver, site: Site, folder: DropFolder, declaration: Declaration, scratch: Path
) -> None:
    """Copy the tables and verify them; what is no table is only named, for the check to say.

    Raises:
        ChangedError: a file changed since it was listed.
        _MismatchError: a copy is not what the manifest says.
    """
    source = receiver.drop_area(site) / folder.name
    tables = set(name_tables(folder, declaration.dialect))
    listed = declaration.files or {}
    wrong: list[str] = []
    for name, stored in folder.data.items():
        target = scratch / name
        if name not in tables:
            target.touch()
            continue
        file = replace(stored, name=name)
        digest = source.download(file, target, _teller(receiver, name, file.bytes))
        if name in listed and listed[name].sha256 != digest:
            wrong.append(show_name(name))
    for name in folder.nested:
        inner = scratch / name.partition("/")[0]
        if not inner.exists():
            inner.mkdir()
    if wrong:
        raise _MismatchError(*wrong)


def _teller(receiver: Receiver, name: str, size: int) -> Callable[[int], None] | None:
    progress = receiver.progress
    if progress is None:
        return None
    return lambda done: progress(f"copying {name}", done, size)


def _land(
    receiver: Receiver,
    site: Site,
    folder: DropFolder,
    declaration: Declaration,
    scratch: Path,
) -> Submission:
    now = receiver.clock()
    around = receiver.around(now.date()) if receiver.around else None
    report = check_folder(
        scratch,
        dialect=declaration.dialect,
        settings=receiver.engine,
        today=now.date(),
        terms=around.vocabulary if around else None,
        progress=receiver.progress,
    )
    return submit_folder(
        scratch,
        home=receiver.home,
        site=site.name,
        purpose=declaration.purpose,
        synthetic=declaration.synthetic,
        now=now,
        report=report,
        delivery=Delivery(
            receiver.by,
            folder.name,
            is_ours=True,
            around=around,
            only_synthetic=receiver.only_synthetic,
        ),
    )
