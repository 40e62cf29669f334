"""The settings as environment variables, for the processes the hub starts."""

import json
import os

from pydantic import BaseModel, SecretStr

from commonweal.engine.settings import PREFIX, Settings

PLAIN_NAMES = frozenset({"HOME", "LANG", "PATH", "TMPDIR", "TZ", "VIRTUAL_ENV"})
PLAIN_PREFIXES = ("LC_", "PYTHON")
"""What a process without secrets inherits: nothing an operator would keep a password in."""


def build_environment(settings: Settings, *, django_settings: str) -> dict[str, str]:
    """Environment for a child process in which exactly ``settings`` are in force.

    Variables of the parent that start with ``COMMONWEAL_`` are left out: they are already
    part of ``settings``, and a nested one would win over what is passed here.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
    own = {PREFIX + name.upper(): _as_text(getattr(settings, name)) for name in _names(settings)}
    return inherited | own | {"DJANGO_SETTINGS_MODULE": django_settings}


def build_public_environment(settings: Settings, *, django_settings: str) -> dict[str, str]:
    """The same for a process that may hold no secret: neither ours nor any of the parent's."""
    no_secret = {"secret_key": None, "secret_key_file": None}
    no_password = {"password": None, "password_file": None}
    no_keys = {"access_key": None, "secret_key": None}
    no_keys |= {"access_key_file": None, "secret_key_file": None, "google_key_file": None}
    bare = settings.model_copy(
        update={
            "hub": settings.hub.model_copy(update=no_secret),
            "mail": settings.mail.model_copy(update=no_password),
            "storage": settings.storage.model_copy(update=no_keys),
        }
    )
    environment = build_environment(bare, django_settings=django_settings)
    kept = (*PLAIN_PREFIXES, PREFIX, "DJANGO_SETTINGS_MODULE")
    return {k: v for k, v in environment.items() if k in PLAIN_NAMES or k.startswith(kept)}


def _names(model: BaseModel) -> list[str]:
    return list(type(model).model_fields)


def _as_text(value: object) -> str:
    if not isinstance(value, BaseModel):
        return str(value)
    plain = value.model_dump(mode="json")
    for name in _names(value):
        secret = getattr(value, name)
        if isinstance(secret, SecretStr):
            plain[name] = secret.get_secret_value()
    return json.dumps(plain)
