"""The one typed settings object: ``commonweal.toml``, then environment, then defaults.

It is read once by the command line and passed in; nothing imports it as a global.
Environment variables start with ``COMMONWEAL_`` and nest with two underscores, such as
``COMMONWEAL_ENGINE__MEMORY_LIMIT=1GB``; a secret may be given as the path of a file that
holds it (``COMMONWEAL_HUB__SECRET_KEY_FILE``).
"""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from commonweal.schema.errors import CommonwealError


class EngineSettings(BaseModel):
    """How much of the machine relational work may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s?([KMGT]i?B)$")] = "1GB"
    threads: Annotated[int, Field(ge=1)] = min(os.cpu_count() or 1, 8)
    spill_folder: Path | None = None
    """Where work that does not fit in memory goes; the programme's ``spill`` by default."""


class ProgrammeSettings(BaseModel):
    """What the programme is and which dates its data are judged by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Commonweal programme"
    synthetic: bool = False
    """True for a programme whose data are made up; marked so everywhere, for good."""
    cutoff: date | None = None
    """Last day of data in the next release; also the date ages are counted at."""


class HubSettings(BaseModel):
    """How the web processes run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    public_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workbench_port: Annotated[int, Field(ge=1, le=65535)] = 8001
    https: bool = False
    """True when a proxy in front speaks https: then cookies travel over https alone."""
    allowed_hosts: tuple[str, ...] = ()
    """Names the processes answer to, beside localhost."""
    public_address: str | None = None
    """Address of the public pages as visitors see it; from host and port when not given."""
    workbench_address: str | None = None
    """Address of the workbench as researchers see it; from host and port when not given."""
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None

    @model_validator(mode="after")
    def _read_secret_from_file(self) -> Self:
        if self.secret_key is None and self.secret_key_file is not None:
            secret = self.secret_key_file.read_text(encoding="utf-8").strip()
            object.__setattr__(self, "secret_key", SecretStr(secret))
        return self


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="COMMONWEAL_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        toml_file="commonweal.toml",
    )

    home: Path = Path("commonweal-data")
    """Folder of everything the programme keeps: landing, feeds, stages, releases, vault."""
    engine: EngineSettings = EngineSettings()
    programme: ProgrammeSettings = ProgrammeSettings()
    hub: HubSettings = HubSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def masked(self) -> dict[str, Any]:
        """The settings as plain data, secrets shown as asterisks."""
        return self.model_dump(mode="json")


def read_settings(**overrides: Any) -> Settings:
    """Read the settings that are in force, with ``overrides`` from the command line.

    Raises:
        CommonwealError: a setting is unknown or its value does not fit.
    """
    try:
        return Settings(**overrides)
    except tomllib.TOMLDecodeError as error:
        raise CommonwealError(
            f"commonweal.toml cannot be read: {error}", fix="Mend the file, or remove it."
        ) from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise CommonwealError(
            "The settings do not fit: " + "; ".join(faults),
            fix="Mend commonweal.toml or the COMMONWEAL_… variable named above.",
        ) from error
    except OSError as error:
        raise CommonwealError(
            f"A settings file cannot be read: {error.strerror} ({error.filename})",
            fix="Check that the file exists and may be read.",
        ) from error
