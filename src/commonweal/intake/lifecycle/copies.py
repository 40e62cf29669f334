"""Copies of what is erased, wherever they lie in a site's drop area.

A site may send the same twice, or leave a folder that was never read; a browser or SFTP may
have left an upload in the middle. Where persons are erased, every folder with a record of
theirs goes. Where a whole submission is, a folder goes that holds nothing but copies of its
files. What is not certain, or belongs to a submission that stands, stays and is named.
"""

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from commonweal.engine.buckets import StorageError
from commonweal.engine.storage import (
    CHUNK_BYTES,
    SCRATCH,
    ChangedError,
    Location,
    StoredFile,
    make_private,
)
from commonweal.intake.check.preflight import recognise
from commonweal.intake.drop_area import PART
from commonweal.intake.findings import show_name
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import RECEIPT, RECEIPT_PAGE
from commonweal.intake.lifecycle.erase import PERSON_COLUMNS
from commonweal.intake.lifecycle.records import (
    find_numbers,
    find_numbers_in,
    has_plain_header,
    is_json_lines,
    read_header,
    read_records,
    to_number,
)
from commonweal.intake.lifecycle.tombstones import name_ids
from commonweal.intake.sites import Purpose
from commonweal.intake.submission import Submission, list_of_site
from commonweal.schema.model import get_model

DRAFT = f"{PART}draft"
"""Says what an upload from a browser is for."""
_PAPERS = (DECLARATION, RECEIPT, RECEIPT_PAGE)
_OF_UPLOADS = (".json", ".sha256", ".lock", ".draft")


@dataclass(frozen=True)
class DropCopy:
    """A folder of a drop area, or a file outside of any, and its files there.

    ``stays`` says why it is not erased; it is empty for what is.
    """

    name: str
    files: tuple[str, ...]
    stays: str = ""


@dataclass(frozen=True)
class _Wanted:
    """What is looked for: records of ``persons``, or, where these are None, whole files.

    ``going`` are folders that go in any case; ``standing`` are submissions by their folder.
    """

    submission: Submission
    persons: frozenset[int] | None
    going: Collection[str]
    standing: Mapping[str, Submission]


def find_copies(
    home: Path,
    drop: Location,
    submissions: Sequence[Submission],
    persons: frozenset[int] | None,
) -> list[DropCopy]:
    """Everything in a drop area that holds what is to be erased from submissions, the folders
    they came from included. All of them have ids of one kind.
    """
    try:
        files = drop.list_files()
    except StorageError as error:
        return [DropCopy("", (), error.found)]
    folders: dict[str, list[StoredFile]] = defaultdict(list)
    for file in files:
        folders[file.name.partition("/")[0]].append(file)
    first = submissions[0]
    going = {submission.key for submission in submissions}
    standing = {s.key: s for s in list_of_site(home, first.site) if s.key not in going}
    wanted = _Wanted(first, persons, going, standing)
    with _fetching(home, first, drop) as fetch:
        judged = (_judge(fetch, name, held, wanted) for name, held in folders.items())
        return [copy for copy in judged if copy is not None]


def erase_copies(drop: Location, copies: Sequence[DropCopy]) -> list[DropCopy]:
    """Erase what does not stay, and return them all with how that went."""
    return [copy if copy.stays else _erase(drop, copy) for copy in copies]


def _erase(drop: Location, copy: DropCopy) -> DropCopy:
    try:
        drop.delete(copy.files)
        if drop.is_local and copy.name.startswith(PART):
            shutil.rmtree(drop.path / copy.name, ignore_errors=True)
    except StorageError as error:
        return replace(copy, stays=error.found)
    except OSError as error:
        return replace(copy, stays=error.strerror or type(error).__name__)
    return copy


class _Fetcher:
    """Gives files of a drop area as paths; those in a bucket are copied, one at a time."""

    def __init__(self, drop: Location, scratch: Path) -> None:
        self._drop = drop
        self._scratch = scratch

    @contextmanager
    def __call__(self, file: StoredFile) -> Iterator[Path]:
        if self._drop.is_local:
            yield self._drop.path / file.name
            return
        target = self._scratch / "file"
        self._drop.download(file, target)
        yield target
        target.unlink()


@contextmanager
def _fetching(home: Path, submission: Submission, drop: Location) -> Iterator[_Fetcher]:
    place = home / "landing" / submission.site
    make_private(place.parent)
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}copies-", dir=place) as scratch:
        yield _Fetcher(drop, Path(scratch))


def _judge(fetch: _Fetcher, name: str, files: list[StoredFile], wanted: _Wanted) -> DropCopy | None:
    """What becomes of one folder; None when it holds nothing that is looked for."""
    copy = DropCopy(name, tuple(file.name for file in files))
    if name in wanted.going:
        return copy
    try:
        if wanted.persons is None:
            return _judge_files(fetch, copy, files, wanted)
        if name in wanted.standing or not _is_of_these_ids(fetch, files, wanted):
            return None
        return _judge_persons(fetch, copy, files, wanted.persons)
    except StorageError as error:
        return replace(copy, stays=error.found)
    except (ChangedError, FileNotFoundError):
        return replace(copy, stays="its files are changing")


def _judge_persons(
    fetch: _Fetcher, copy: DropCopy, files: list[StoredFile], persons: frozenset[int]
) -> DropCopy | None:
    wanted = {str(person) for person in persons}
    doubtful: list[str] = []
    for file in files:
        if not file.is_plain:
            continue
        with fetch(file) as path:
            found = names_any(path, wanted)
        if found:
            return copy
        if found is None:
            doubtful.append(_show(file))
    if doubtful:
        return replace(copy, stays=f"may hold them, but cannot be read: {', '.join(doubtful)}")
    return None


def names_any(path: Path, persons: Collection[str]) -> bool | None:
    """Whether a file has a record of one of the persons; None where that cannot be told."""
    numbers = {person.encode() for person in persons}
    names = read_header(path)[1]
    is_plain = is_json_lines(path) or has_plain_header(path)
    if is_plain and (not names or any(column in names for column in PERSON_COLUMNS)):
        doubtful = False
        for record in read_records(path, PERSON_COLUMNS):
            cell = record.cells[0] or record.cells[1]
            person = to_number(cell)
            if person in persons:
                return True
            if not record.is_whole or not person:
                is_odd = any(character.isdigit() for character in cell)
                doubtful |= is_odd or bool(find_numbers(record.raw, numbers))
        return None if doubtful else False
    if is_plain and _is_of_nobody(names):
        return False
    return None if _is_no_text(path) or find_numbers_in(path, numbers) else False


def _is_of_nobody(names: Collection[str]) -> bool:
    """Whether all columns are those of one table, and that table has no persons."""
    tables = (set(table.columns) for table in get_model("programme").tables.values())
    return any(set(names) <= own and own.isdisjoint(PERSON_COLUMNS) for own in tables)


def _is_no_text(path: Path) -> bool:
    """Whether it is compressed, or something else that holds no numbers as they are written."""
    with path.open("rb") as stream:
        head = stream.read(CHUNK_BYTES)
    return b"\0" in head or recognise(head).code in ("file.not_csv", "encoding.utf16")


def _is_of_these_ids(fetch: _Fetcher, files: list[StoredFile], wanted: _Wanted) -> bool:
    """Whether ids in a folder are of the same kind as those of the submission."""
    purpose = Purpose.PRODUCTION
    for file in files:
        if file.is_plain and file.name.rpartition("/")[2] in (DECLARATION, DRAFT):
            with fetch(file) as path, suppress(ValueError, TypeError, KeyError):
                purpose = Purpose(json.loads(path.read_bytes())["purpose"])
    return name_ids(purpose) == name_ids(wanted.submission.purpose)


def _judge_files(
    fetch: _Fetcher, copy: DropCopy, files: list[StoredFile], wanted: _Wanted
) -> DropCopy | None:
    data = [file for file in files if file.is_plain and file.bytes and _is_data(file)]
    same = [file for file in data if _is_copy(fetch, file, wanted.submission)]
    if not same:
        return None
    if other := wanted.standing.get(copy.name):
        return replace(copy, stays=f"it came in as {other.id}, which stands")
    if len(same) < len(data):
        named = ", ".join(map(_show, same))
        return replace(copy, stays=f"holds other files besides copies of these: {named}")
    return copy


def _is_data(file: StoredFile) -> bool:
    name = file.name.rpartition("/")[2]
    is_record = name.startswith(PART) and name.endswith(_OF_UPLOADS)
    return name not in _PAPERS and not is_record and name != DRAFT


def _is_copy(fetch: _Fetcher, file: StoredFile, submission: Submission) -> bool:
    """Whether a file is one of the submission's, or the beginning of one that is arriving."""
    is_arriving = PART in file.name or file.name.endswith(".filepart")
    candidates = [
        landed.name
        for landed in submission.files
        if landed.bytes == file.bytes or (is_arriving and landed.bytes > file.bytes)
    ]
    if not candidates:
        return False
    with fetch(file) as path:
        return any(_begins_with(submission.folder / name, path) for name in candidates)


def _begins_with(whole: Path, part: Path) -> bool:
    with whole.open("rb") as long, part.open("rb") as short:
        while chunk := short.read(CHUNK_BYTES):
            if long.read(len(chunk)) != chunk:
                return False
    return True


def _show(file: StoredFile) -> str:
    return show_name(file.name.partition("/")[2] or file.name)
