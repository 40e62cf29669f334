"""The key releases are signed with: made once, readable by its owner alone."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from commonweal.engine.storage import Location
from commonweal.release.signature import Signature, build_key_id, build_message, get_key_file
from commonweal.schema.errors import CommonwealError

KEY_FILE = "release-signing.pem"


def get_signing_key(home: Path) -> Ed25519PrivateKey:
    """The signing key of this programme, made when there is none yet.

    Raises:
        CommonwealError: the key file is damaged or holds a key of another kind.
    """
    file = home / "keys" / KEY_FILE
    if not file.exists():
        _create_key(file)
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _unusable(file) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(file)
    return key


def sign(key: Ed25519PrivateKey, content_hash: str) -> Signature:
    """Sign the hash that names a release; the same key and hash give the same signature."""
    raw = key.sign(build_message(content_hash))
    return Signature(
        algorithm="Ed25519", key_id=build_key_id(key.public_key()), signature=raw.hex()
    )


def publish_key(home: Path, key: Ed25519PrivateKey) -> None:
    """Put the public half among the trusted keys, where verifiers look for it."""
    public = key.public_key()
    file = get_key_file(home, build_key_id(public))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    Location.of(file.parent).create(file.name, pem)


def _create_key(file: Path) -> None:
    """The file appears whole, with its mode set, and never replaces another."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with NamedTemporaryFile(dir=file.parent) as scratch:
        scratch.write(pem)
        scratch.flush()
        os.fsync(scratch.fileno())
        try:
            os.link(scratch.name, file)
        except FileExistsError:
            return


def _unusable(file: Path) -> CommonwealError:
    return CommonwealError(
        f"{file} cannot be used to sign.",
        expected="an Ed25519 private key in PEM, without a password",
        fix="Bring the file back from a copy; a new key would break trust in earlier releases.",
    )
