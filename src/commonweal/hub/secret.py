"""The key Django signs with: configured, or made once and kept beside the other keys."""

import os
import secrets
from pathlib import Path

from commonweal.engine.settings import Settings

SECRET_BYTES = 48


def get_secret_key(settings: Settings) -> str:
    """Return the configured key, or the one kept in ``keys/hub_secret``, made when missing."""
    if settings.hub.secret_key is not None:
        return settings.hub.secret_key.get_secret_value()
    file = settings.home / "keys" / "hub_secret"
    if not file.exists():
        _create_secret(file)
    return file.read_text(encoding="ascii").strip()


def _create_secret(file: Path) -> None:
    """Write a new key under a name of its own, then link it: two processes may start at once."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(SECRET_BYTES))
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # the other process was first, and its key is the key
    finally:
        draft.unlink()
