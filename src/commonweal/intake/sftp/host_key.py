"""The key by which stewards know that they talk to the data centre, made once and kept."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from commonweal.engine.storage import make_private
from commonweal.intake.sftp.keys import find_fingerprint


def get_host_key(home: Path) -> Path:
    """The file with the private host key, readable by its owner alone; made when missing."""
    folder = home / "sftp"
    file = folder / "host_key"
    if not file.exists():
        make_private(folder)
        _create(file)
    return file


def read_host_fingerprint(file: Path) -> str:
    """What stewards compare when they connect for the first time."""
    private = load_ssh_private_key(file.read_bytes(), password=None)
    line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return find_fingerprint(base64.b64decode(line.split()[1]))


def _create(file: Path) -> None:
    """Write a new key under a name of its own, then link it: two servers may start at once."""
    content = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # the other server was first, and its key is the key
    finally:
        draft.unlink()
