"""Checks the Ed25519 signature of a release against keys that are trusted here.

A signature names its key but is never trusted for bringing it: the public key must be in
``releases/keys`` or be given by whoever verifies.
"""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from commonweal.release.catalogue import get_releases_folder
from commonweal.release.manifest import FORMAT, SIGNATURE_FILE, read_json
from commonweal.schema.errors import CommonwealError


class Signature(BaseModel):
    """What ``signature.json`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: str
    key_id: str
    signature: str
    """Hexadecimal."""


def build_message(content_hash: str) -> bytes:
    """The bytes that are signed: the hash, which covers the manifest and so every file."""
    return f"{FORMAT} {content_hash}".encode()


def build_key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key, derived from it."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def get_key_file(home: Path, key_id: str) -> Path:
    """Where the public key with this name is, or would be."""
    return get_releases_folder(home) / "keys" / f"{key_id}.pem"


def read_public_key(file: Path) -> Ed25519PublicKey:
    """Read an Ed25519 public key in PEM.

    Raises:
        CommonwealError: the file cannot be read or holds no such key.
    """
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise CommonwealError(
            f"{file} cannot be read as a public key.", fix="Give an Ed25519 public key in PEM."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise CommonwealError(
            f"{file} holds a key of another kind.", fix="Give an Ed25519 public key in PEM."
        )
    return key


def find_signature_fault(
    home: Path, folder: Path, content_hash: str, public_key: Path | None
) -> str | None:
    """What is wrong with the signature of a release, as a sentence; None when it holds."""
    if not (folder / SIGNATURE_FILE).is_file():
        return "The release is not signed."
    try:
        signature = Signature.model_validate(read_json(folder / SIGNATURE_FILE))
        raw = bytes.fromhex(signature.signature)
    except (CommonwealError, ValidationError, ValueError):
        return "The signature is damaged."
    file = public_key or _find_trusted_key(home, signature.key_id)
    if file is None:
        return "The release is signed with a key that is not among the trusted ones."
    try:
        read_public_key(file).verify(raw, build_message(content_hash))
    except InvalidSignature:
        return "The signature is not one of this release by this key."
    return None


def _find_trusted_key(home: Path, key_id: str) -> Path | None:
    """The key is looked up among the files there, so that a name cannot lead elsewhere."""
    files = (get_releases_folder(home) / "keys").glob("*.pem")
    return next((file for file in files if file.stem == key_id), None)
