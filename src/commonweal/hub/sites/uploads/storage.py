"""Where uploads lie while they arrive: a hidden folder in the site's drop area.

Of an upload there are its record (``.part-ID.json``), the bytes that have arrived
(``.part-ID``) and, once it is whole, its checksum (``.part-ID.sha256``); the bytes then carry
the file's own name. How far an upload is, is the length of what lies on the disk and stands
nowhere else, so a server that is killed leaves nothing that could disagree.
"""

import errno
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from commonweal.engine.storage import hold_lock, readable_json, sha256_of
from commonweal.hub.sites.uploads.protocol import (
    CHECKSUM_MISMATCH,
    Append,
    RefusedError,
    hasher,
    read_append,
    refuse_checksum,
)
from commonweal.intake.drop_area import PART, put_in_place, sync
from commonweal.intake.lifecycle.declaration import ListedFile

ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LostConnectionError(Exception):
    """The client went away, or fell silent, before the body was whole."""


@dataclass(frozen=True)
class Upload:
    """One file on its way: ``length`` bytes that will be called ``name`` in ``folder``.

    ``sha256`` is what the client says the whole has to be, or empty. ``modified`` is what the
    browser says of the file it reads from, to recognise it by.
    """

    id: str
    name: str
    length: int
    sha256: str
    modified: str
    created_at: datetime
    folder: Path

    @property
    def part(self) -> Path:
        """Where the bytes lie until the file is whole."""
        return self.folder / f"{PART}{self.id}"

    @property
    def record(self) -> Path:
        return self.folder / f"{PART}{self.id}.json"

    @property
    def checksum_file(self) -> Path:
        return self.folder / f"{PART}{self.id}.sha256"

    @property
    def lock(self) -> Path:
        return self.folder / f"{PART}{self.id}.lock"

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return self.length if self.checksum_file.exists() else 0

    @property
    def is_whole(self) -> bool:
        """Whether the file has its own name."""
        return self.checksum_file.exists() and not self.part.exists()

    def find_expiry(self, keep: timedelta) -> datetime | None:
        """When it is thrown away unless somebody goes on with it; never, when it is whole."""
        try:
            touched = self.part.stat().st_mtime
        except FileNotFoundError:
            return None
        return datetime.fromtimestamp(touched, UTC) + keep


def create_upload(
    folder: Path, *, name: str, length: int, sha256: str, modified: str, now: datetime
) -> Upload:
    """Begin an upload; one of the same name that is there already gives way to it.

    The caller holds the lock of the folder. An empty file is whole at once.

    Raises:
        RefusedError: 423, when the other one is just being written.
    """
    for other in list_uploads(folder):
        if other.name.lower() == name.lower():
            remove_upload(other)
    upload = Upload(secrets.token_hex(16), name, length, sha256, modified, now, folder)
    with _full_disk_told():
        os.close(os.open(upload.part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _write_whole(upload.record, readable_json(_to_json(upload)))
        sync(folder)
    if length == 0:
        complete(upload)
    return upload


def get_upload(folder: Path, upload_id: str) -> Upload:
    """The upload with an id.

    Raises:
        RefusedError: 404, when there is none.
    """
    if ID.fullmatch(upload_id):
        try:
            return _read(folder / f"{PART}{upload_id}.json")
        except FileNotFoundError:
            pass
    raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such upload; it may have expired.")


def list_uploads(folder: Path) -> list[Upload]:
    """The uploads of a folder by the name of the file."""
    return sorted(map(_read, folder.glob(f"{PART}*.json")), key=lambda upload: upload.name)


def append(upload: Upload, headers: Mapping[str, str], chunks: Iterable[bytes]) -> int:
    """Write the body of a PATCH behind what is there, and return the new offset.

    What arrives before the connection breaks or the disk is full stays, except where a
    checksum vouches for the whole body only. The last byte makes the file whole.

    Raises:
        RefusedError: 423 when another request writes, 409 and others by the protocol, 460
            when a checksum does not fit, 507 when the disk is full.
        LostConnectionError: the body was not whole.
    """
    with _alone(upload):
        if upload.is_whole:
            raise RefusedError(HTTPStatus.CONFLICT, "The file is whole already.")
        wanted = read_append(headers, offset=upload.offset, length=upload.length)
        with _full_disk_told():
            _write(upload.part, wanted, chunks)
        if upload.offset == upload.length:
            _complete(upload)
    return upload.offset


def fill(upload: Upload, chunks: Iterable[bytes]) -> None:
    """Write a whole file at once; an empty one is whole already.

    Raises:
        RefusedError: as for ``append``.
        LostConnectionError: there was less than the file's length.
    """
    if upload.length > 0:
        with _alone(upload):
            with _full_disk_told():
                _write(upload.part, Append(0, upload.length, None), chunks)
            _complete(upload)


def complete(upload: Upload) -> None:
    """Give a file its name if all its bytes are there; a server may have been killed before.

    Raises:
        RefusedError: 423 when another request is at it, 460 when it is not what was stated.
    """
    if not upload.is_whole and upload.offset == upload.length:
        with _alone(upload):
            if not upload.is_whole:
                _complete(upload)


def get_file(upload: Upload) -> ListedFile:
    """Size and checksum of a whole file, as a declaration lists them."""
    checksum = upload.checksum_file.read_text(encoding="ascii").strip()
    return ListedFile(upload.length, checksum)


def remove_upload(upload: Upload) -> None:
    """Throw an upload away, whole or not.

    Raises:
        RefusedError: 423, when a request is just writing it.
    """
    with _alone(upload):
        if upload.is_whole:
            (upload.folder / upload.name).unlink(missing_ok=True)
        for file in (upload.part, upload.checksum_file, upload.record):
            file.unlink(missing_ok=True)


def _complete(upload: Upload) -> None:
    digest = sha256_of(upload.part)
    if upload.sha256 and digest != upload.sha256:
        upload.part.unlink()
        upload.record.unlink()
        raise RefusedError(
            CHECKSUM_MISMATCH,
            f"{upload.name} arrived, but is not the file whose checksum was stated. Send it again.",
        )
    with _full_disk_told():
        _write_whole(upload.checksum_file, f"{digest}\n".encode())
    put_in_place(upload.part, upload.folder / upload.name)


def _write(part: Path, wanted: Append, chunks: Iterable[bytes]) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_APPEND)
    try:
        _copy(descriptor, wanted, chunks)
    except BaseException:
        if wanted.checksum:
            os.ftruncate(descriptor, wanted.offset)
        raise
    finally:
        os.fsync(descriptor)
        os.close(descriptor)


def _copy(descriptor: int, wanted: Append, chunks: Iterable[bytes]) -> None:
    digest = hasher(wanted.checksum.algorithm) if wanted.checksum else None
    left = wanted.length
    for chunk in chunks:
        _write_all(descriptor, chunk[:left])
        left -= len(chunk)
        if digest:
            digest.update(chunk)
    if left > 0:
        raise LostConnectionError
    if digest and wanted.checksum and not wanted.checksum.matches(digest.digest()):
        raise refuse_checksum()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _write_whole(file: Path, content: bytes) -> None:
    """Write a small file under another name first, so that nobody reads half of it."""
    draft = file.with_name(f"{file.name}.draft")
    draft.write_bytes(content)
    put_in_place(draft, file)


@contextmanager
def _alone(upload: Upload) -> Iterator[None]:
    try:
        with hold_lock(upload.lock, wait=False):
            yield
    except BlockingIOError:
        raise RefusedError(
            HTTPStatus.LOCKED, f"Another request is just writing {upload.name}."
        ) from None
    except FileNotFoundError:
        raise RefusedError(
            HTTPStatus.NOT_FOUND, "The upload is not there any more; it may have been replaced."
        ) from None


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise RefusedError(
            HTTPStatus.INSUFFICIENT_STORAGE,
            "The data centre's disk is full. What has arrived is kept; go on later.",
        ) from error


def _to_json(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "name": upload.name,
        "length": upload.length,
        "sha256": upload.sha256,
        "modified": upload.modified,
        "created_at": upload.created_at.isoformat(),
    }


def _read(record: Path) -> Upload:
    content = json.loads(record.read_bytes())
    created_at = datetime.fromisoformat(content.pop("created_at"))
    return Upload(**content, created_at=created_at, folder=record.parent)
