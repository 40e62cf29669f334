"""One round over the drop areas: look, tell what is wrong, and take what is ready.

Every round looks at everything anew and only adds to the histories, so it can be stopped and
started at will. A store that is away costs its site a round, and nobody else anything.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commonweal.engine.buckets import StorageError
from commonweal.engine.storage import Location, readable_json
from commonweal.intake.findings import show_name
from commonweal.intake.landing import alone_in
from commonweal.intake.lifecycle.declaration import (
    DECLARATION,
    MAX_BYTES,
    Declaration,
    build_declaration,
    parse_declaration,
)
from commonweal.intake.lifecycle.drop import (
    RECEIPT,
    RECEIPT_PAGE,
    Arrival,
    DropArea,
    DropFolder,
    Standing,
    choose,
    find_late_changes,
    judge,
    survey_drop,
)
from commonweal.intake.lifecycle.history import (
    DAMAGED,
    History,
    describe_damage,
    list_histories,
)
from commonweal.intake.lifecycle.reasons import Reason
from commonweal.intake.lifecycle.reception import Receiver, name_tables, take_folder
from commonweal.intake.lifecycle.settle import Ledger, receiving_alone, settle_site
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.sites import Site, check_authorised, check_fits_programme
from commonweal.intake.submission import REPORT_PAGE, Submission, list_of_site
from commonweal.schema.errors import CommonwealError

RENAME = "put it into a folder called YYYY-MM-DD-vN, such as 2026-03-01-v1"
OPEN = ("absent", "uploading", "held", "ready", "receiving", "checking", "failed")
"""States of a folder that may still be taken."""


@dataclass(frozen=True)
class Outcome:
    """What came of one folder in a round, or of a whole drop area when ``folder`` is empty."""

    site: str
    folder: str
    state: str
    said: str = ""
    submission: str = ""

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class _Seen:
    """A folder that may be taken, as it stands in this round."""

    folder: DropFolder
    declaration: Declaration | None
    state: str


def receive_sites(receiver: Receiver, sites: Iterable[Site]) -> list[Outcome]:
    """One round over the drop areas of these sites."""
    return [outcome for site in sites for outcome in receive_site(receiver, site)]


def receive_site(receiver: Receiver, site: Site) -> list[Outcome]:
    """One round over one drop area; only what is new since the last one is told.

    An area that cannot be read, and a disk that is full, are outcomes and not errors.
    """
    try:
        with receiving_alone(receiver.home, site.name):
            return _receive(receiver, site)
    except BlockingIOError:
        return [Outcome(site.name, "", "busy", "another process is receiving from this site")]
    except CommonwealError as error:
        return [Outcome(site.name, "", "failed", error.found)]
    except OSError as error:
        return [Outcome(site.name, "", "failed", error.strerror or type(error).__name__)]


def _receive(receiver: Receiver, site: Site) -> list[Outcome]:
    ledger = receiver.ledger(site)
    before = {h.key: len(h.events) for h in list_histories(receiver.home, site.name)}
    with alone_in(receiver.home / "landing" / site.name):
        settle_site(ledger)
    drop = receiver.drop_area(site)
    try:
        area = _leave_out_damaged(ledger, survey_drop(drop.list_files()))
        _tell_misnamed(ledger, area)
        seen = [found for f in area.folders if (found := _look(receiver, site, drop, f))]
    except StorageError as error:
        return [Outcome(site.name, "", "unreachable", error.found)]
    for folder, declaration in _decide(ledger, seen):
        take_folder(receiver, site, folder, declaration)
    _announce(receiver, ledger, site, area)
    return _tell(ledger, area, before)


def _leave_out_damaged(ledger: Ledger, area: DropArea) -> DropArea:
    """The area without folders of which nobody knows what happened; they stop no other."""
    damaged = _list_damaged(ledger)
    return replace(
        area,
        folders=tuple(folder for folder in area.folders if folder.name not in damaged),
        misnamed=tuple(name for name in area.misnamed if _key_of_misnamed(name) not in damaged),
    )


def _list_damaged(ledger: Ledger) -> dict[str, History]:
    histories = list_histories(ledger.home, ledger.site)
    return {history.key: history for history in histories if history.is_damaged}


def _key_of_misnamed(name: str) -> str:
    return f"misnamed-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _tell_misnamed(ledger: Ledger, area: DropArea) -> None:
    for name in area.misnamed:
        history = ledger.read(_key_of_misnamed(name))
        if not history.events:
            ledger.add(history, "misnamed", folder=name)


def _look(receiver: Receiver, site: Site, drop: Location, folder: DropFolder) -> _Seen | None:
    """Bring the history of a folder up to what is there; None when it is closed."""
    ledger = receiver.ledger(site)
    history = _reopen_expired(ledger, ledger.read(folder.name), folder)
    if history.state not in OPEN:
        _note_late_changes(ledger, history, folder)
        return None
    declaration, said = _read_declaration(drop, folder, history)
    standing = judge(
        folder,
        declaration,
        now=ledger.now,
        is_broken=bool(said),
        since=_find_second_life(history),
    )
    if history.state == "absent":
        history = ledger.add(history, "seen", **_detail(standing, "", declaration))
    if declaration is not None and standing.state == "ready":
        standing, said = _check_gates(receiver, site, folder, declaration, standing)
    history = _apply(ledger, history, folder, standing, _detail(standing, said, declaration))
    return _Seen(folder, declaration, history.state) if history.state in OPEN else None


def _reopen_expired(ledger: Ledger, history: History, folder: DropFolder) -> History:
    """Open a folder again that expired, when it was declared or a file came since then."""
    if history.state != "expired":
        return history
    late = _list_late_changes(history, folder)
    last = history.last("expired", "declared")
    if not late and last and last.name == "expired":
        return history
    return ledger.add(history, "reopened", files=late)


def _find_second_life(history: History) -> datetime | None:
    """When a folder that had expired was opened again; 29 days are counted anew from there."""
    names = [event.name for event in history.events]
    if "expired" not in names:
        return None
    opened = history.events[len(names) - names[::-1].index("expired") :]
    return next((event.at for event in opened if event.name == "reopened"), None)


def _read_declaration(
    drop: Location, folder: DropFolder, history: History
) -> tuple[Declaration | None, str]:
    """The declaration in the folder, else the one made for it; or what is wrong with it."""
    file = folder.files.get(DECLARATION)
    if file is None:
        made = history.last("declared")
        return (build_declaration(**made.details) if made else None), ""
    if file.bytes > MAX_BYTES:
        return None, f"The declaration {DECLARATION} is too long."
    try:
        return parse_declaration(drop.read(file.name)), ""
    except FileNotFoundError:
        return None, ""
    except CommonwealError as error:
        if isinstance(error, StorageError):
            raise
        return None, _say(error)


def _check_gates(
    receiver: Receiver,
    site: Site,
    folder: DropFolder,
    declaration: Declaration,
    standing: Standing,
) -> tuple[Standing, str]:
    """Hold what the site or the programme does not take, and what holds no table."""
    try:
        check_fits_programme(
            synthetic=declaration.synthetic, only_synthetic=receiver.only_synthetic
        )
        check_authorised(
            site,
            declaration.purpose,
            synthetic=declaration.synthetic,
            dialect=declaration.dialect,
        )
    except CommonwealError as error:
        return Standing("held", Reason.NOT_AUTHORISED), _say(error)
    if not name_tables(folder, declaration.dialect):
        return Standing("held", Reason.NO_TABLE), ""
    return standing, ""


def _say(error: CommonwealError) -> str:
    """What was found, what was expected and what to do, in one paragraph."""
    expected = f"Expected: {error.expected}." if error.expected else ""
    return " ".join(filter(None, [error.found, expected, error.fix]))


def _apply(
    ledger: Ledger,
    history: History,
    folder: DropFolder,
    standing: Standing,
    details: dict[str, Any],
) -> History:
    """Record where a folder stands, once."""
    state, target = history.state, standing.state
    if target == "ready" and state in ("ready", "receiving", "checking", "failed"):
        return history
    if target == state and (target == "uploading" or _says(history, target, details)):
        return history
    event = "reopened" if target == "uploading" else target
    if not get_states().can(state, event):
        history = ledger.add(history, "reopened")
    if target == "expired":
        details["tags"] = folder.tags
    if history.state == target == "uploading":
        return history
    return ledger.add(history, event, **details)


def _detail(standing: Standing, said: str, declaration: Declaration | None) -> dict[str, Any]:
    """What an event says: the reason, the files it is about, and what the folder is declared as."""
    details: dict[str, Any] = {
        "reason": standing.reason,
        "files": [show_name(name) for name in standing.files],
    }
    if declaration is not None:
        details |= {"purpose": str(declaration.purpose), "synthetic": declaration.synthetic}
    return details | ({"said": said} if said else {})


def _says(history: History, name: str, details: Mapping[str, Any]) -> bool:
    last = history.last(name)
    return last is not None and last.details == details


def _decide(ledger: Ledger, seen: list[_Seen]) -> list[tuple[DropFolder, Declaration]]:
    """What to take now; what is superseded is said so."""
    known = {s.folder.version: s for s in seen if s.declaration}
    ready = [_describe_arrival(ledger, s) for s in seen if s.state not in ("uploading", "held")]
    waiting = [_describe_arrival(ledger, s) for s in seen if s.state == "held"]
    taken, superseded = choose(filter(None, ready), filter(None, waiting))
    for version, by in superseded.items():
        history = ledger.read(version.name)
        tags = known[version].folder.tags
        ledger.add(history, "superseded", superseded_by=by.name, tags=tags)
    chosen = [known[version] for version in taken]
    return [(s.folder, s.declaration) for s in chosen if s.declaration]


def _describe_arrival(ledger: Ledger, seen: _Seen) -> Arrival | None:
    """When a folder came; None when nobody said what it is, or there is nothing in it."""
    if seen.declaration is None or not seen.folder.files:
        return None
    ready = ledger.read(seen.folder.name).last("ready")
    newest = seen.folder.newest
    at = ready.at if ready else newest
    return Arrival(seen.folder.version, seen.declaration.purpose, at, newest)


def _note_late_changes(ledger: Ledger, history: History, folder: DropFolder) -> None:
    """A folder is closed once it was taken; what comes later is named, and needs a new one."""
    late = _list_late_changes(history, folder)
    if late and get_states().can(history.state, "changed"):
        ledger.add(history, "changed", files=late, tags=folder.tags)


def _list_late_changes(history: History, folder: DropFolder) -> list[str]:
    tagged = [event.details["tags"] for event in history.events if "tags" in event.details]
    return find_late_changes(tagged[-1] if tagged else {}, folder)


def _announce(receiver: Receiver, ledger: Ledger, site: Site, area: DropArea) -> None:
    """Tell whoever waits, and write the receipt into the folder, for each that landed."""
    folders = {folder.name for folder in area.folders}
    damaged = _list_damaged(ledger)
    for submission in list_of_site(receiver.home, site.name):
        if submission.key in damaged:
            continue
        history = ledger.read(submission.key)
        if history.has("announced") or not (receiver.announce or submission.key in folders):
            continue
        told = (receiver.announce(submission) if receiver.announce else None) or {}
        receipt = submission.key in folders and _write_receipt(receiver, site, submission, told)
        ledger.add(history, "announced", submission.id, receipt=receipt)


def _write_receipt(
    receiver: Receiver, site: Site, submission: Submission, told: Mapping[str, Any]
) -> bool:
    """The verdict and the report beside the files; False where we may not write."""
    folder = receiver.drop_area(site) / submission.key
    try:
        folder.write(RECEIPT_PAGE, submission.folder / REPORT_PAGE)
        folder.write(RECEIPT, readable_json({**submission.to_json(), **told}))
    except (StorageError, OSError):
        return False
    return True


def _tell(ledger: Ledger, area: DropArea, before: Mapping[str, int]) -> list[Outcome]:
    outcomes = [
        _describe(history)
        for history in list_histories(ledger.home, ledger.site)
        if len(history.events) > before.get(history.key, 0) or history.is_damaged
    ]
    if area.root_files:
        names = ", ".join(area.root_files)
        outcomes.append(
            Outcome(ledger.site, "", "loose", f"outside of any folder: {names}; {RENAME}")
        )
    return outcomes


def _describe(history: History) -> Outcome:
    """The latest word on a folder; of a damaged one the same in every round."""
    if history.is_damaged:
        damage = _say(describe_damage(history))
        return Outcome(history.site, history.key, DAMAGED, damage, history.submission)
    told = [event for event in history.events if event.name not in ("announced", "changed")]
    last = history.events[-1] if history.events[-1].name == "changed" else told[-1]
    said = [str(last.details[k]) for k in ("reason", "said", "superseded_by") if k in last.details]
    files = [] if "said" in last.details else last.details.get("files", [])
    named = [", ".join(files)] if files else []
    folder = str(last.details.get("folder", history.key))
    advice = [RENAME] if history.state == "misnamed" else []
    text = "; ".join([*said, *named, *advice])
    return Outcome(history.site, folder, history.state, text, history.submission)
