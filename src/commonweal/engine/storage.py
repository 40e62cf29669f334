"""Places named by URL, and files written whole or not at all.

Only ``file:`` is here so far; object stores join behind the same class. A manifest or an
event is a small append-only file, so the one write that matters is *create if absent*.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore

from commonweal.schema.errors import CommonwealError

CHUNK_BYTES = 1 << 20
SCRATCH = ".partial-"
"""How the names of unfinished folders begin."""


@dataclass(frozen=True)
class Location:
    """A folder in a store, named by URL."""

    url: str

    @classmethod
    def of(cls, path: Path | str) -> "Location":
        """The location of a path, or of a URL given as text."""
        text = str(path)
        if "://" not in text:
            return cls(Path(text).resolve().as_uri())
        if urlsplit(text).scheme != "file":
            raise CommonwealError(
                f"Storage of the kind {urlsplit(text).scheme!r} is not supported.",
                expected="a folder, or a URL that starts with file://",
                fix="Give a folder on this machine.",
            )
        return cls(text)

    @property
    def path(self) -> Path:
        """Where this is on the local disk."""
        return Path(unquote(urlsplit(self.url).path))

    def __truediv__(self, name: str) -> "Location":
        return Location.of(self.path / name)

    def create(self, name: str, content: bytes) -> bool:
        """Write a new file at once; False, and nothing written, when it exists already."""
        self.path.mkdir(parents=True, exist_ok=True)
        store = LocalStore(str(self.path))
        try:
            obstore.put(store, name, content, mode="create")
        except obstore.exceptions.AlreadyExistsError:
            return False
        return True

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


def sha256_of(file: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with one spelling only, so that its hash means something."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def digest_of(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def readable_json(value: Any) -> bytes:
    """JSON for people to read, in a fixed spelling."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


@contextmanager
def hold_lock(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Let one holder at a time, of all threads and processes, go on; ``file`` is its sign.

    The system lets go of a lock even when its holder is killed. The file is gone afterwards.

    Raises:
        BlockingIOError: somebody else holds it, and ``wait`` is false.
    """
    descriptor = _lock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock(file: Path, operation: int) -> int:
    """A descriptor that holds the lock of the file that has this name now.

    The holder before may have removed the file after it was opened here; a lock on what has
    no name any more keeps nobody out.
    """
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, operation)
            if _has_name(descriptor, file):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _has_name(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def make_private(folder: Path) -> None:
    """Make a folder that nobody but its owner can look into, or close the one that is there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a scratch folder that becomes ``target`` when the block ends without error.

    The folder appears whole or not at all: a run that was killed leaves only a scratch
    folder, which the next one clears away. Of several writers one goes at a time.

    Raises:
        FileExistsError: ``target`` is there already, and stays as it is.
    """
    made = _make_folders(target.parent)
    scratch = target.with_name(f"{SCRATCH}{target.name}")
    with hold_lock(scratch.with_name(f"{scratch.name}.lock")):
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        yield scratch
        _sync_within(scratch)
        scratch.rename(target)
        for folder in (target.parent, *made):
            _sync(folder)


def clear_scratch(folder: Path) -> None:
    """Remove what killed writers left in a folder that nobody else writes to at the time."""
    for left in folder.glob(f"{SCRATCH}*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder, and give the folders whose list of names has changed by that."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [place.parent for place in missing]


def _sync_within(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    """Have the system bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
