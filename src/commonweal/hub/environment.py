"""The settings as environment variables, for the processes the hub starts."""

import json
import os

from pydantic import BaseModel, SecretStr

from commonweal.engine.settings import Settings

PREFIX = "COMMONWEAL_"


def build_environment(settings: Settings, *, django_settings: str) -> dict[str, str]:
    """Environment for a child process in which exactly ``settings`` are in force.

    Variables of the parent that start with ``COMMONWEAL_`` are left out: they are already
    part of ``settings``, and a nested one would win over what is passed here.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
    own = {PREFIX + name.upper(): _as_text(getattr(settings, name)) for name in _names(settings)}
    return inherited | own | {"DJANGO_SETTINGS_MODULE": django_settings}


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
