"""The tus protocol for resumable uploads, version 1.0.0: headers in, decision out.

Nothing here reads a body, a disk or a framework's request. Source of the rules:
https://tus.io/protocols/resumable-upload, with the extensions creation, termination,
expiration and checksum. Sizes have to be known beforehand (no ``Upload-Defer-Length``), since
room is promised when an upload is created.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

VERSION = "1.0.0"
EXTENSIONS = ("creation", "termination", "expiration", "checksum")
ALGORITHMS = ("sha256", "sha1")
"""Of the checksum extension; the protocol asks for SHA-1 at least."""
OFFSET_STREAM = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
OVERRIDABLE = frozenset({"PATCH", "DELETE", "HEAD"})
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]+")
"""ASCII without space and comma."""


class RefusedError(Exception):
    """A request that is not carried out: the status, and a sentence for whoever reads it."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.words = words
        self.headers = dict(headers or {})
        super().__init__(words)


@dataclass(frozen=True)
class Creation:
    """A new upload that is asked for: its length in bytes and what is said about it."""

    length: int
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request have to add up to."""

    algorithm: str
    digest: bytes

    def matches(self, computed: bytes) -> bool:
        return hmac.compare_digest(self.digest, computed)


@dataclass(frozen=True)
class Append:
    """Bytes that are to follow at ``offset``: exactly ``length`` of them."""

    offset: int
    length: int
    checksum: Checksum | None


@dataclass(frozen=True)
class Answer:
    """A status and its headers; there is never a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


def find_method(method: str, headers: Mapping[str, str]) -> str:
    """The method that is meant, for clients that can send nothing but POST."""
    override = headers.get("X-HTTP-Method-Override", "").upper()
    return override if method == "POST" and override in OVERRIDABLE else method


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse a client that speaks another version.

    Raises:
        RefusedError: 412, with the version that is spoken here.
    """
    if headers.get("Tus-Resumable") != VERSION:
        raise RefusedError(
            HTTPStatus.PRECONDITION_FAILED,
            f"Uploads follow tus {VERSION}; say so in the header Tus-Resumable.",
            {"Tus-Version": VERSION},
        )


def read_creation(headers: Mapping[str, str], *, largest: int) -> Creation:
    """What a creation asks for.

    Raises:
        RefusedError: the length is missing, no number or above ``largest``, or the metadata
            do not follow the protocol.
    """
    if "Upload-Defer-Length" in headers:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "The size of a file has to be known before it is sent."
        )
    length = _read_number(headers, "Upload-Length")
    if length > largest:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A file may have {largest:,} bytes at most; this one has {length:,}.",
        )
    return Creation(length, read_metadata(headers.get("Upload-Metadata", "")))


def read_metadata(text: str) -> dict[str, str]:
    """Pairs of a key and a base64 value, divided by commas; values are UTF-8.

    Raises:
        RefusedError: 400, when a pair is none or a key comes twice.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, encoded = pair.partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise _bad("Upload-Metadata")
        try:
            found[key] = _decode(encoded).decode()
        except ValueError:
            raise _bad("Upload-Metadata") from None
    return found


def _decode(encoded: str) -> bytes:
    """What base64 stands for.

    Raises:
        ValueError: it is none, or has characters beyond ASCII.
    """
    return base64.b64decode(encoded.strip(), validate=True)


def write_metadata(metadata: Mapping[str, str]) -> str:
    """The header for pairs of a key and a value."""
    pairs = (f"{k} {base64.b64encode(v.encode()).decode()}".strip() for k, v in metadata.items())
    return ",".join(pairs)


def read_append(headers: Mapping[str, str], *, offset: int, length: int) -> Append:
    """What a PATCH is to do to an upload of ``length`` bytes that has ``offset`` of them.

    Raises:
        RefusedError: the body is of another kind or of unknown size, starts elsewhere than
            the upload ends, or goes beyond its length.
    """
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != OFFSET_STREAM:
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body has to be of the type {OFFSET_STREAM}."
        )
    stated = _read_number(headers, "Upload-Offset")
    if "Content-Length" not in headers:
        raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "The header Content-Length is missing.")
    size = _read_number(headers, "Content-Length")
    checksum = _read_checksum(headers.get("Upload-Checksum"))
    if stated != offset:
        raise refuse_offset(offset)
    if offset + size > length:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The file has {length:,} bytes; these would make it {offset + size:,}.",
        )
    return Append(offset, size, checksum)


def refuse_offset(offset: int) -> RefusedError:
    """The refusal of bytes that do not follow on those that are there."""
    return RefusedError(
        HTTPStatus.CONFLICT,
        f"The upload has {offset:,} bytes; go on from there.",
        {"Upload-Offset": str(offset)},
    )


def refuse_checksum() -> RefusedError:
    """The refusal of bytes that are not those the client meant."""
    return RefusedError(
        CHECKSUM_MISMATCH, "The bytes do not have the checksum that was stated; send them again."
    )


def hasher(algorithm: str) -> "hashlib._Hash":
    """A running checksum."""
    return hashlib.new(algorithm, usedforsecurity=False)


def answer_options(largest: int) -> Answer:
    """What this server can do."""
    return Answer(
        HTTPStatus.NO_CONTENT,
        {
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            "Tus-Max-Size": str(largest),
        },
    )


def answer_created(location: str, *, expires: datetime) -> Answer:
    """The upload is there, at ``location``."""
    headers = {"Tus-Resumable": VERSION, "Location": location, **_expiry(expires)}
    return Answer(HTTPStatus.CREATED, headers)


def answer_state(
    *, offset: int, length: int, metadata: Mapping[str, str], expires: datetime | None
) -> Answer:
    """How far an upload is; a whole one does not expire."""
    headers = {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(offset),
        "Upload-Length": str(length),
        "Cache-Control": "no-store",
        **_expiry(expires),
    }
    if metadata:
        headers["Upload-Metadata"] = write_metadata(metadata)
    return Answer(HTTPStatus.OK, headers)


def answer_appended(offset: int, *, expires: datetime | None) -> Answer:
    """The bytes are on the disk."""
    headers = {"Tus-Resumable": VERSION, "Upload-Offset": str(offset), **_expiry(expires)}
    return Answer(HTTPStatus.NO_CONTENT, headers)


def answer_removed() -> Answer:
    """The upload is no more."""
    return Answer(HTTPStatus.NO_CONTENT, {"Tus-Resumable": VERSION})


def _expiry(expires: datetime | None) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(expires, usegmt=True)} if expires else {}


def _read_number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise _bad(name)
    return int(text)


def _read_checksum(text: str | None) -> Checksum | None:
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, f"Checksums are taken as {' or '.join(ALGORITHMS)}."
        )
    try:
        digest = _decode(encoded)
    except ValueError:
        raise _bad("Upload-Checksum") from None
    if len(digest) != hasher(algorithm).digest_size:
        raise _bad("Upload-Checksum")
    return Checksum(algorithm, digest)


def _bad(header: str) -> RefusedError:
    return RefusedError(
        HTTPStatus.BAD_REQUEST, f"The header {header} is missing or not as tus {VERSION} has it."
    )
