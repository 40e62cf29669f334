"""The layout of a drop area, and what is to be done with each folder in it: pure decisions.

Facts and figures: the three hours, the 29 days, the name of a folder and what is ignored are
those of the programme's production intake since 2017. What it did in silence is told here.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from commonweal.engine.storage import StoredFile, digest_of
from commonweal.intake.check.folder import JUNK
from commonweal.intake.findings import show_name
from commonweal.intake.lifecycle.declaration import DECLARATION, Declaration
from commonweal.intake.lifecycle.reasons import Reason
from commonweal.intake.sites import Purpose
from commonweal.schema.model import Submission as Sent
from commonweal.schema.model import get_model

QUIET = timedelta(hours=3)
"""A folder without a declaration is finished when its newest file is older than this."""
EXPIRY = timedelta(days=29)
"""A day before buckets may delete what lies in them."""
AHEAD = timedelta(days=1)
"""How far a folder's day may lie in the future: it is tomorrow already at some sites."""

REPLACING = (Purpose.PRODUCTION,)
"""Purposes whose submission takes the place of all the site's data, so that only the latest
counts. Those of the others add up, such as a sprint's few tables a week, and are all read.
"""

RECEIPT, RECEIPT_PAGE = "_RECEIPT.json", "_REPORT.html"
"""What is written back into a folder for the site to see."""

MOST_NUMBER = 9999
"""The highest number of a folder on one day, as its name has room for four digits."""
_FOLDER = re.compile(r"(\d{4}-\d{2}-\d{2})-v([1-9]\d{0,3})", re.ASCII)
_IGNORED_FOLDER = re.compile(
    r"participant|dailyparticipants|drc-validations-\d{8}|validation_\d{8}", re.IGNORECASE
)
_IGNORED_FILES = JUNK | {"processed.txt", "results.html", RECEIPT.lower(), RECEIPT_PAGE.lower()}
_IGNORED_WITHIN = "curation_report/"


@dataclass(frozen=True, order=True)
class Version:
    """What the name of a folder says; later ones are greater."""

    day: date
    number: int

    @property
    def name(self) -> str:
        return f"{self.day.isoformat()}-v{self.number}"


@dataclass(frozen=True)
class DropFolder:
    """One folder of a drop area. ``nested`` are files in folders of their own, ``odd`` those
    that cannot be taken: links, devices, and names that no disk holds.
    """

    version: Version
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    nested: Mapping[str, StoredFile] = field(default_factory=dict)
    odd: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.version.name

    @property
    def data(self) -> Mapping[str, StoredFile]:
        """The files but for the declaration."""
        return {name: file for name, file in self.files.items() if name != DECLARATION}

    @property
    def newest(self) -> datetime:
        """The time of the youngest file; there has to be one."""
        return max(file.modified_at for file in self.files.values())

    @property
    def tags(self) -> dict[str, str]:
        """What tells the content of each file without reading it."""
        return {
            show_name(name): f"{file.bytes} {file.etag or file.modified_at.isoformat()}"
            for name, file in self.files.items()
        }

    @property
    def fingerprint(self) -> str:
        return digest_of([self.tags, [show_name(name) for name in self.odd]])


@dataclass(frozen=True)
class DropArea:
    """Everything in a drop area: nothing that lies there goes unnamed."""

    folders: tuple[DropFolder, ...]
    misnamed: tuple[str, ...]
    root_files: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class Arrival:
    """A declared folder that may be taken. ``ready_at`` is when a round found it complete, and
    ``newest`` the time of its youngest file.
    """

    version: Version
    purpose: Purpose
    ready_at: datetime
    newest: datetime


@dataclass(frozen=True)
class Standing:
    """What is to become of a folder now. ``files`` are those that the reason speaks of."""

    state: str
    reason: Reason
    files: tuple[str, ...] = ()


def parse_version(name: str) -> Version | None:
    """The day and number of a folder called ``YYYY-MM-DD-vN``, or None."""
    found = _FOLDER.fullmatch(name)
    if found is None:
        return None
    try:
        return Version(date.fromisoformat(found[1]), int(found[2]))
    except ValueError:
        return None


def survey_drop(files: Iterable[StoredFile]) -> DropArea:
    """Sort the files of a drop area into folders, and name what belongs nowhere."""
    folders: dict[str, list[StoredFile]] = defaultdict(list)
    root: list[StoredFile] = []
    for file in files:
        folder, slash, _ = file.name.partition("/")
        if slash:
            folders[folder].append(file)
        else:
            root.append(file)
    known = {name: version for name in folders if (version := parse_version(name))}
    ignored = [name for name in folders if _is_ignored_folder(name)]
    loose = [f.name for f in root if not _is_marker(f, folders) and not is_ignored(f.name)]
    return DropArea(
        tuple(
            _survey_folder(version, folders[name])
            for name, version in sorted(known.items(), key=lambda item: item[1])
        ),
        tuple(sorted(map(show_name, folders.keys() - known.keys() - set(ignored)))),
        tuple(sorted(map(show_name, loose))),
        tuple(sorted(map(show_name, ignored))),
    )


def is_ignored(name: str) -> bool:
    """Whether a file in a folder is passed over: hidden, unfinished, or none of the site's."""
    return (
        name.lower() in _IGNORED_FILES
        or name.lower().startswith(_IGNORED_WITHIN)
        or any(part.startswith(".") for part in name.split("/"))
    )


def judge(
    folder: DropFolder,
    declaration: Declaration | None,
    *,
    now: datetime,
    is_broken: bool = False,
    since: datetime | None = None,
) -> Standing:
    """What is to become of a folder: ``uploading``, ``held``, ``ready`` or ``expired``.

    ``is_broken`` says that there is a declaration, but none that can be read, and ``since`` when
    a folder that had expired was opened again; otherwise the age of its oldest file counts.
    """
    standing = _judge_content(folder, declaration, now, is_broken=is_broken)
    oldest = min((file.modified_at for file in folder.files.values()), default=now)
    if standing.state != "ready" and now - max(oldest, since or oldest) >= EXPIRY:
        return Standing("expired", standing.reason, standing.files)
    return standing


def choose(
    ready: Iterable[Arrival], waiting: Iterable[Arrival]
) -> tuple[tuple[Version, ...], dict[Version, Version]]:
    """Which folders to take now, in this order, and which are superseded by which.

    What became ready in a later round comes later, whatever its name; of what became ready in
    the same round the later name does. Of a purpose that replaces, the last one counts, and
    those before it are passed over, but only when the name and the files agree that it is later:
    nothing gives way unread to what arrived before it. The order of taking is that of the
    purposes, so that a test load goes before production.
    """
    arrived = sorted(ready, key=lambda one: (one.ready_at, one.version))
    held = list(waiting)
    taken: list[Version] = []
    superseded: dict[Version, Version] = {}
    for purpose in Purpose:
        standing = [one for one in arrived if one.purpose is purpose]
        if standing and purpose in REPLACING:
            last = standing[-1]
            before = standing[:-1] + [
                one for one in held if one.purpose is purpose and one.version < last.version
            ]
            passed = [one.version for one in before if one.newest <= last.newest]
            superseded |= dict.fromkeys(passed, last.version)
        taken += [one.version for one in standing if one.version not in superseded]
    return tuple(taken), superseded


def required_tables(dialect: str) -> frozenset[str]:
    """Tables that make a folder complete."""
    return frozenset(t.name for t in get_model(dialect).with_submission(Sent.REQUIRED))


def find_late_changes(before: Mapping[str, str], folder: DropFolder) -> list[str]:
    """Files that came or changed after a folder was received. Those gone do not matter."""
    return sorted(name for name, tag in folder.tags.items() if before.get(name) != tag)


def _survey_folder(version: Version, files: Sequence[StoredFile]) -> DropFolder:
    own: dict[str, StoredFile] = {}
    nested: dict[str, StoredFile] = {}
    odd: list[str] = []
    for file in files:
        name = file.name.partition("/")[2]
        if is_ignored(name):
            continue
        if not file.is_plain or len(name.encode("utf-8", "surrogateescape")) > 255:
            odd.append(name)
        elif "/" in name:
            nested[name] = file
        else:
            own[name] = file
    return DropFolder(version, own, nested, tuple(odd))


def _is_ignored_folder(name: str) -> bool:
    return name.startswith(".") or _IGNORED_FOLDER.fullmatch(name) is not None


def _is_marker(file: StoredFile, folders: Collection[str]) -> bool:
    """Consoles of object stores show an empty folder by an empty object with its name."""
    return file.bytes == 0 and (file.name in folders or parse_version(file.name) is not None)


def _judge_content(
    folder: DropFolder, declaration: Declaration | None, now: datetime, *, is_broken: bool
) -> Standing:
    if folder.version.day > (now + AHEAD).date():
        return Standing("held", Reason.DAY_AHEAD)
    if folder.odd:
        return Standing("held", Reason.LINKS, folder.odd)
    if is_broken:
        return Standing("held", Reason.BROKEN_DECLARATION, (DECLARATION,))
    quiet = _is_quiet(folder, now)
    if not folder.data:
        return _judge_empty(folder, quiet=quiet)
    if declaration is None:
        return _judge_undeclared(folder, quiet=quiet)
    return _judge_declared(folder, declaration, quiet=quiet)


def _judge_empty(folder: DropFolder, *, quiet: bool) -> Standing:
    if folder.nested:
        return Standing("held" if quiet else "uploading", Reason.NESTED, tuple(folder.nested))
    return Standing("held" if quiet and folder.files else "uploading", Reason.NO_FILES)


def _judge_undeclared(folder: DropFolder, *, quiet: bool) -> Standing:
    if quiet or not _missing(folder, "programme"):
        return Standing("held", Reason.UNDECLARED)
    return Standing("uploading", Reason.TABLES_MISSING, _missing(folder, "programme"))


def _judge_declared(folder: DropFolder, declaration: Declaration, *, quiet: bool) -> Standing:
    listed = declaration.files
    if listed is None:
        return _judge_without_manifest(folder, declaration, quiet=quiet)
    absent = [
        name
        for name, file in listed.items()
        if name not in folder.data or folder.data[name].bytes != file.bytes
    ]
    if absent:
        state = "held" if quiet else "uploading"
        return Standing(state, Reason.NOT_AS_LISTED, tuple(absent))
    if unlisted := tuple(sorted(folder.data.keys() - listed.keys())):
        return Standing("held", Reason.UNLISTED, unlisted)
    return Standing("ready", Reason.LISTED)


def _judge_without_manifest(
    folder: DropFolder, declaration: Declaration, *, quiet: bool
) -> Standing:
    if DECLARATION in folder.files:
        return Standing("ready", Reason.DECLARED)
    missing = _missing(folder, declaration.dialect)
    if not missing:
        return Standing("ready", Reason.COMPLETE)
    if quiet:
        return Standing("ready", Reason.QUIET, missing)
    return Standing("uploading", Reason.TABLES_MISSING, missing)


def _missing(folder: DropFolder, dialect: str) -> tuple[str, ...]:
    """Required tables without a file of their name, whatever its ending."""
    stems = {name.lower().rpartition(".")[0] for name in folder.data}
    return tuple(sorted(required_tables(dialect) - stems))


def _is_quiet(folder: DropFolder, now: datetime) -> bool:
    every = (*folder.files.values(), *folder.nested.values())
    return all(now - file.modified_at > QUIET for file in every)
