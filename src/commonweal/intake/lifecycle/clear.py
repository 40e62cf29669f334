"""Clearing the drop area: what has landed need not lie there as well.

Only what was there when the folder was taken goes, and only while its copy stands whole in the
landing area. What came later, or was never looked into, stays and is named. Each clearing is an
event with the names of the files, recorded before the first of them goes.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.storage import Location, StoredFile
from commonweal.intake.findings import show_name
from commonweal.intake.lifecycle.drop import DropFolder, survey_drop
from commonweal.intake.lifecycle.history import History, list_histories
from commonweal.intake.lifecycle.settle import Ledger, receiving_alone
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.submission import Submission, list_of_site
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Clearing:
    """What goes from one folder. ``names`` are those on the disk, ``kept`` is printable."""

    site: str
    folder: str
    names: tuple[str, ...]
    bytes: int
    kept: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        files = [show_name(name) for name in self.names]
        return vars(self) | {"names": files, "kept": list(self.kept)}


def clear_received(
    ledger: Ledger, drop: Location, *, before: datetime, dry_run: bool = False
) -> list[Clearing]:
    """Clear a site's drop area on this machine of folders that landed before a moment.

    Raises:
        CommonwealError: somebody is receiving from the site right now.
    """
    try:
        with receiving_alone(ledger.home, ledger.site):
            planned = list(_plan(ledger, drop, before))
            for clearing, history in planned if not dry_run else ():
                _clear(ledger, drop, clearing, history)
    except BlockingIOError:
        raise CommonwealError(
            f"Another process is receiving from {ledger.site}.",
            fix="Try again when it is done.",
        ) from None
    return [clearing for clearing, _ in planned]


def _plan(ledger: Ledger, drop: Location, before: datetime) -> Iterator[tuple[Clearing, History]]:
    files = drop.list_files()
    histories = {h.key: h for h in list_histories(ledger.home, ledger.site)}
    landed = list_of_site(ledger.home, ledger.site)
    for folder in survey_drop(files).folders:
        history = histories.get(folder.name)
        if history is None or not get_states().can(history.state, "cleared"):
            continue
        verdict = history.last("accepted", "rejected", "repeated")
        if verdict and verdict.at < before and _stands_whole(history, landed):
            inside = [f for f in files if f.name.startswith(f"{folder.name}/")]
            if (clearing := _choose(ledger.site, folder, history, inside)).names:
                yield clearing, history


def _stands_whole(history: History, landed: Iterable[Submission]) -> bool:
    """Whether the copy is there, each file with its size."""
    ids = {event.submission for event in history.events if event.submission}
    return any(
        submission.id in ids and all(_has_size(submission.folder / f.name, f.bytes) for f in files)
        for submission in landed
        if (files := submission.files)
    )


def _has_size(file: Path, size: int) -> bool:
    return file.is_file() and file.stat().st_size == size


def _choose(
    site: str, folder: DropFolder, history: History, inside: Iterable[StoredFile]
) -> Clearing:
    """What was taken goes; when nothing else is left, receipts and hidden files go with it."""
    begun = history.last("begun")
    taken = begun.details["tags"] if begun else {}
    tags = folder.tags
    late = {name for name in folder.files if tags[show_name(name)] != taken.get(show_name(name))}
    kept = sorted(map(show_name, (*late, *folder.nested, *folder.odd)))
    own = [folder.files[name] for name in folder.files if name not in late]
    going = own if kept else list(inside)
    names = tuple(sorted(file.name for file in going))
    return Clearing(site, folder.name, names, sum(file.bytes for file in going), tuple(kept))


def _clear(ledger: Ledger, drop: Location, clearing: Clearing, history: History) -> None:
    files = [show_name(name.partition("/")[2]) for name in clearing.names]
    details = {"files": files, "bytes": clearing.bytes, "kept": list(clearing.kept)}
    ledger.add(history, "cleared", history.submission, **details)
    drop.delete(clearing.names)
    _remove_empty(drop.path / clearing.folder)


def _remove_empty(folder: Path) -> None:
    """Take away a folder, and those within, as far as nothing is in them."""
    within = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for path in (*within, folder):
        with suppress(OSError):
            path.rmdir()
