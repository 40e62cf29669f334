"""Places named by URL, and files written whole or not at all.

A place is a folder on this machine or in an object store; either way it is the same class.
A manifest or an event is a small append-only file, so the one write that matters is *create
if absent*.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import GCSStore, LocalStore, S3Store

from commonweal.engine.buckets import SCHEMES, StorageError, explained, open_bucket
from commonweal.engine.settings import StorageSettings
from commonweal.schema.errors import CommonwealError

CHUNK_BYTES = 1 << 20
PIECE_BYTES = 8 << 20
"""How much of a file in a bucket is asked for at once: a request has a time limit as a whole."""
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
SCRATCH = ".partial-"
"""How the names of unfinished folders begin."""


@dataclass(frozen=True)
class StoredFile:
    """A file below a location. ``name`` is relative to it, with ``/`` between folders.

    ``is_plain`` is false for links and devices, which are never opened. ``etag`` names the
    content of a file in a bucket; it is empty on a disk.
    """

    name: str
    bytes: int
    modified_at: datetime
    is_plain: bool = True
    etag: str = ""


@dataclass(frozen=True)
class Location:
    """A folder in a store, named by URL: ``file://``, ``s3://`` or ``gs://``.

    ``storage`` is how object stores are reached. It is not part of what a location is.
    """

    url: str
    storage: StorageSettings = field(default=StorageSettings(), repr=False, compare=False)

    @classmethod
    def of(cls, path: Path | str, storage: StorageSettings | None = None) -> "Location":
        """The location of a path, or of a URL given as text.

        Raises:
            CommonwealError: it is a URL of another kind, or one that holds more than a place.
        """
        text = str(path)
        settings = storage or StorageSettings()
        if "://" not in text:
            return cls(Path(text).resolve().as_uri(), settings)
        parts = urlsplit(text)
        if parts.scheme not in ("file", *SCHEMES):
            raise CommonwealError(
                f"Storage of the kind {parts.scheme!r} is not supported.",
                expected="a folder, or a URL that starts with file://, s3:// or gs://",
                fix="Give a folder on this machine or a bucket.",
            )
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise CommonwealError(
                f"A URL of the kind {parts.scheme}:// holds more than a place.",
                expected="a bucket and a folder, such as s3://bucket/site",
                fix="Keep keys out of URLs: they belong into the settings of storage.",
            )
        if parts.scheme in SCHEMES and not parts.netloc:
            raise CommonwealError(
                f"{text} names no bucket.",
                expected=f"a bucket and a folder, such as {parts.scheme}://bucket/site",
                fix="Add the name of the bucket.",
            )
        return cls(text.rstrip("/") if parts.scheme in SCHEMES else text, settings)

    @property
    def is_local(self) -> bool:
        return urlsplit(self.url).scheme == "file"

    @property
    def path(self) -> Path:
        """Where this is on the local disk.

        Raises:
            CommonwealError: it is in an object store.
        """
        if not self.is_local:
            raise CommonwealError(
                f"{self.url} is not a folder on this machine.",
                expected="a folder",
                fix="Give the path of a folder.",
            )
        return Path(unquote(urlsplit(self.url).path))

    def __truediv__(self, name: str) -> "Location":
        if self.is_local:
            return Location.of(self.path / name, self.storage)
        return Location(f"{self.url}/{name}", self.storage)

    def list_files(self) -> list[StoredFile]:
        """Every file below, by name. A folder that is not there has none.

        Raises:
            StorageError: the store is away, refuses, or has no such bucket.
        """
        if self.is_local:
            return sorted(_walk(self.path), key=lambda file: file.name)
        with explained(self.url):
            found = [entry for batch in obstore.list(self._bucket()) for entry in batch]
        return sorted(map(_describe_object, found), key=lambda file: file.name)

    def create(self, name: str, content: bytes) -> bool:
        """Write a new file at once; False, and nothing written, when it exists already."""
        try:
            self._put(name, content, mode="create")
        except obstore.exceptions.AlreadyExistsError:
            return False
        return True

    def write(self, name: str, content: bytes | Path) -> None:
        """Write a file whole, in place of one that is there; a large one goes in parts."""
        self._put(name, content, mode="overwrite")

    def read(self, name: str) -> bytes:
        """A small file.

        Raises:
            FileNotFoundError: it is not there.
            StorageError: the store cannot be used.
        """
        if self.is_local:
            return (self.path / name).read_bytes()
        with explained(self.url):
            return bytes(obstore.get(self._bucket(), name).bytes())

    def download(
        self, file: StoredFile, target: Path, tell: Callable[[int], None] | None = None
    ) -> str:
        """Copy a file that was listed to the disk, piece by piece, and return its hex SHA-256.

        ``tell`` is told how many bytes are there so far.

        Raises:
            ChangedError: it is not the file that was listed any more.
            StorageError: the store cannot be used.
        """
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as out:
            for piece in self._pieces(file):
                digest.update(piece)
                size += len(piece)
                out.write(piece)
                if tell is not None:
                    tell(size)
        if size != file.bytes:
            raise ChangedError(file.name)
        return digest.hexdigest()

    def delete(self, names: Iterable[str]) -> None:
        """Remove files; those that are gone already are passed over."""
        for name in names:
            if self.is_local:
                (self.path / name).unlink(missing_ok=True)
            else:
                with explained(self.url), suppress(FileNotFoundError):
                    obstore.delete(self._bucket(), name)

    def _bucket(self) -> S3Store | GCSStore:
        return open_bucket(self.url, self.storage)

    def _put(
        self, name: str, content: bytes | Path, *, mode: Literal["create", "overwrite"]
    ) -> None:
        if self.is_local:
            self.path.mkdir(parents=True, exist_ok=True)
            with _as_system_errors(self.path / name):
                obstore.put(LocalStore(str(self.path)), name, content, mode=mode)
            return
        with explained(self.url):
            obstore.put(self._bucket(), name, content, mode=mode)

    def _pieces(self, file: StoredFile) -> Iterator[bytes]:
        if self.is_local:
            yield from _read_pieces(self.path / file.name)
            return
        bucket = self._bucket()
        for start in range(0, file.bytes, PIECE_BYTES):
            end = min(start + PIECE_BYTES, file.bytes)
            yield self._piece(bucket, file, start, end)

    def _piece(self, bucket: S3Store | GCSStore, file: StoredFile, start: int, end: int) -> bytes:
        """A part of a file. What breaks off in the middle of it is asked for again."""
        for _ in range(self.storage.retries):
            with suppress(StorageError):
                return self._ask_for(bucket, file, start, end)
        return self._ask_for(bucket, file, start, end)

    def _ask_for(self, bucket: S3Store | GCSStore, file: StoredFile, start: int, end: int) -> bytes:
        options: Any = {"range": (start, end), "if_match": file.etag or None}
        try:
            with explained(self.url):
                return bytes(obstore.get(bucket, file.name, options=options).bytes())
        except (FileNotFoundError, obstore.exceptions.PreconditionError):
            raise ChangedError(file.name) from None


class ChangedError(Exception):
    """A file is not what it was when its folder was listed. ``args[0]`` is its name."""


@contextmanager
def _as_system_errors(path: Path) -> Iterator[None]:
    """A disk's refusal, such as that it is full, as the error the system has for it."""
    try:
        yield
    except obstore.exceptions.AlreadyExistsError:
        raise
    except obstore.exceptions.BaseError as error:
        found = _SYSTEM_ERROR.search(str(error))
        number = int(found[1]) if found else errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from error


def _describe_object(entry: Mapping[str, Any]) -> StoredFile:
    return StoredFile(
        entry["path"], entry["size"], entry["last_modified"], etag=entry["e_tag"] or ""
    )


def _walk(folder: Path) -> Iterator[StoredFile]:
    """Files of a folder and those below; links are named, and neither followed nor opened."""
    for parent, folders, names in os.walk(folder, onerror=_raise_unless_missing):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*names, *links):
            path = Path(parent, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            yield StoredFile(
                path.relative_to(folder).as_posix(),
                status.st_size,
                datetime.fromtimestamp(status.st_mtime, tz=UTC),
                is_plain=stat.S_ISREG(status.st_mode),
            )


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _read_pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes; what has become a link since it was listed is not opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOENT):
            raise ChangedError(path.name) from None
        raise
    with os.fdopen(descriptor, "rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            yield piece


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
