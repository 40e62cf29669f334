"""The key Django signs with: configured, or made once and kept in the hub's own folder.

It does not lie beside the key that signs releases, so the workbench need not enter that folder.
"""

import os
import secrets
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.hub.folder import make_hub_folder

SECRET_BYTES = 48


def get_secret_key(settings: Settings) -> str:
    """Return the configured key, or the one kept in ``hub/secret``, made when missing."""
    if settings.hub.secret_key is not None:
        return settings.hub.secret_key.get_secret_value()
    file = settings.home / "hub" / "secret"
    if not file.exists():
        _create_secret(make_hub_folder(settings.home), file.name)
    return file.read_text(encoding="ascii").strip()


def _create_secret(folder: Path, name: str) -> None:
    """Write a new key under a name of its own, then link it: two processes may start at once."""
    draft = folder / f"{name}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(SECRET_BYTES))
    try:
        os.link(draft, folder / name)
    except FileExistsError:
        pass  # the other process was first, and its key is the key
    finally:
        draft.unlink()
