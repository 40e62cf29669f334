"""Places named by URL, and files written whole or not at all.

Only ``file:`` is here so far; object stores join behind the same class. A manifest or an
event is a small append-only file, so the one write that matters is *create if absent*.
"""

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
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a scratch folder that becomes ``target`` when the block ends without error.

    The folder appears whole or not at all: a run that was killed leaves only a scratch
    folder, which the next one clears away.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".partial-{target.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    yield scratch
    _sync(scratch)
    scratch.rename(target)


def _sync(folder: Path) -> None:
    for file in [*folder.rglob("*"), folder]:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
