"""Bringing histories and the pointer in line with what has landed.

A folder in the landing area is the fact; the events that follow from it are added afterwards,
each of them once. So a run may be killed anywhere, and the next one finishes what it began.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.engine.storage import SCRATCH, hold_lock, make_private
from commonweal.intake.lifecycle.certificate import write_certificate
from commonweal.intake.lifecycle.current import find_current_id, switch_current
from commonweal.intake.lifecycle.history import (
    Event,
    History,
    list_histories,
    read_history,
    record_event,
)
from commonweal.intake.submission import Submission, find_production, list_of_site, read_report

RECEIVING = ".receiving-"
"""How the folders of unfinished copies begin."""
VERDICTS = ("accepted", "rejected")
SYNTHETIC_ASIDE = (
    "It is not made current: it is synthetic, and the site has data of real people, which stay."
)


@dataclass(frozen=True)
class Ledger:
    """Where events of a site are written, by which clock, and in whose name."""

    home: Path
    site: str
    clock: Callable[[], datetime]
    by: str

    @property
    def now(self) -> datetime:
        return self.clock()

    def read(self, key: str) -> History:
        return read_history(self.home, self.site, key)

    def add(self, history: History, name: str, submission: str = "", /, **details: Any) -> History:
        """Append an event."""
        return record_event(
            self.home,
            history,
            name,
            now=self.now,
            by=self.by,
            submission=submission,
            details=details,
        )


def settle_site(ledger: Ledger) -> None:
    """Record what follows from the landing area, and put the right submission in force.

    Whoever calls this is alone in the site's landing area.
    """
    known = list_histories(ledger.home, ledger.site)
    damaged = {history.key for history in known if history.is_damaged}
    everything = list_of_site(ledger.home, ledger.site)
    landed = _finish_replacements(ledger, [s for s in everything if s.key not in damaged])
    histories = {s.key: _settle_verdict(ledger, s) for s in landed}
    known = list_histories(ledger.home, ledger.site)
    ordered = [h for h in known if not h.is_damaged and find_order(h)]
    erased = {history.key for history in ordered}
    kept = [submission for submission in landed if submission.key not in erased]
    unclear = [submission for submission in everything if submission.key in damaged]
    current = _find_in_force(ledger, kept, unclear, histories)
    if current or find_current_id(ledger.home, ledger.site):
        current_id = current.id if current else ""
        switch_current(ledger.home, ledger.site, current_id, now=ledger.now, by=ledger.by)
    for history in ordered:
        _finish_erasure(ledger, history)
    latest = find_production(kept)
    for submission in kept:
        if latest is not None and _is_made_up_after(submission, latest):
            tell_not_counted(ledger, submission, SYNTHETIC_ASIDE)
        else:
            _settle_state(ledger, histories[submission.key], submission, current)


def _find_in_force(
    ledger: Ledger,
    kept: Sequence[Submission],
    unclear: Sequence[Submission],
    histories: Mapping[str, History],
) -> Submission | None:
    """What is to be current. Where it would be one whose history is damaged, so that nobody
    knows whether it was excluded or is to be erased, what is current stays so.
    """
    latest = find_production([*kept, *unclear])
    if latest not in unclear:
        return choose_current(kept, histories)
    current_id = find_current_id(ledger.home, ledger.site) or None
    return next((s for s in (*kept, *unclear) if current_id in (s.id, s.replaces)), None)


def choose_current(
    landed: Sequence[Submission], histories: Mapping[str, History]
) -> Submission | None:
    """The accepted production submission in force, unless it is kept out of curation."""
    latest = find_production(landed)
    if latest is None or histories[latest.key].state == "excluded":
        return None
    return latest


def _is_made_up_after(submission: Submission, latest: Submission) -> bool:
    """Whether it came after the real data that are in force, and is synthetic."""
    is_later = submission.is_production and submission.received_at > latest.received_at
    return is_later and submission.synthetic and not latest.synthetic


def tell_not_counted(ledger: Ledger, submission: Submission, reason: str) -> None:
    """Say in the history what an accepted submission does not count for, once."""
    history = ledger.read(submission.key)
    last = history.last("not_counted")
    if last is None or (last.submission, last.details["reason"]) != (submission.id, reason):
        ledger.add(history, "not_counted", submission.id, reason=reason)


def find_order(history: History) -> Event | None:
    """An erasure of everything that was ordered and is not finished."""
    order = history.last("retraction_begun", "retracted", "persons_retracted")
    is_open = order is not None and order.name == "retraction_begun"
    return order if order and is_open and order.details["scope"] == "all" else None


def describe(submission: Submission) -> dict[str, Any]:
    """What an event says of a submission: how it was declared, and sizes."""
    report = read_report(submission)
    return {
        "purpose": str(submission.purpose),
        "synthetic": submission.synthetic,
        "dialect": submission.dialect,
        "complete": report.complete,
        "tables": len(submission.files),
        "rows": submission.rows,
    }


def remove_folder(folder: Path) -> None:
    """Take a folder away at once, then its bytes."""
    gone = folder.with_name(f"{SCRATCH}gone-{folder.name}")
    if gone.exists():
        shutil.rmtree(gone)
    if folder.exists():
        folder.rename(gone)
        shutil.rmtree(gone)


@contextmanager
def receiving_alone(home: Path, site: str) -> Iterator[None]:
    """Be the only one who copies from a site's drop area, and clear what killed ones left.

    Raises:
        BlockingIOError: somebody else is at it.
    """
    make_private(home / "history")
    with hold_lock(home / "history" / f".{site}.receiving", wait=False):
        for left in (home / "landing" / site).glob(f"{RECEIVING}*"):
            shutil.rmtree(left)
        yield


def _finish_replacements(ledger: Ledger, landed: list[Submission]) -> list[Submission]:
    """Where persons were retracted, the new folder takes the place of the old one."""
    by_id = {submission.id: submission for submission in landed}
    for new in landed:
        if not new.replaces:
            continue
        old = by_id.pop(new.replaces, None)
        if find_current_id(ledger.home, ledger.site) == new.replaces:
            switch_current(ledger.home, ledger.site, new.id, now=ledger.now, by=ledger.by)
        if old is not None:
            remove_folder(old.folder)
        history = ledger.read(new.key)
        order = history.last("retraction_begun", "persons_retracted")
        if order and order.name == "retraction_begun" and order.submission == new.replaces:
            certificate = write_certificate(ledger.home, order, new, now=ledger.now)
            ledger.add(history, "persons_retracted", new.id, certificate=certificate)
    return list(by_id.values())


def _finish_erasure(ledger: Ledger, history: History) -> None:
    """Carry out an order; the folder may be gone already."""
    order = find_order(history)
    if order is not None:
        remove_folder(ledger.home / "landing" / ledger.site / order.submission)
        certificate = write_certificate(ledger.home, order, None, now=ledger.now)
        ledger.add(history, "retracted", order.submission, certificate=certificate)


def _settle_verdict(ledger: Ledger, submission: Submission) -> History:
    """The history with the verdict in it."""
    history = ledger.read(submission.key)
    if any(e.submission == submission.id and e.name in VERDICTS for e in history.events):
        return history
    if history.has("persons_retracted") and history.submission == submission.id:
        return history
    if history.state == "absent":
        history = ledger.add(history, "handed_in")
    if history.state == "receiving":
        history = ledger.add(history, "copied")
    return ledger.add(history, submission.verdict, submission.id, **describe(submission))


def _settle_state(
    ledger: Ledger, history: History, submission: Submission, current: Submission | None
) -> None:
    state = history.state
    if current is not None and submission.id == current.id:
        if state in ("accepted", "superseded"):
            ledger.add(history, "made_current", submission.id)
    elif state == "current" or (state == "accepted" and submission.is_production):
        by = current.id if current else ""
        ledger.add(history, "superseded", submission.id, superseded_by=by)
