"""The one typed settings object: ``commonweal.toml``, then environment, then defaults.

It is read once by the command line and passed in; nothing imports it as a global.
Environment variables start with ``COMMONWEAL_`` and nest with two underscores, such as
``COMMONWEAL_ENGINE__MEMORY_LIMIT=1GB``; a secret may be given as the path of a file that
holds it (``COMMONWEAL_HUB__SECRET_KEY_FILE``).
"""

import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from commonweal.schema.errors import CommonwealError

FILE = "commonweal.toml"
PREFIX = "COMMONWEAL_"


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
    sprint_start: date | None = None
    """First day of the data sprint, from which its weeks are counted."""


class HubSettings(BaseModel):
    """How the web processes run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    public_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workbench_port: Annotated[int, Field(ge=1, le=65535)] = 8001
    sites_port: Annotated[int, Field(ge=1, le=65535)] = 8002
    https: bool = False
    """True when a proxy in front speaks https: then cookies travel over https alone."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names the processes answer to, beside localhost; commas divide them in a variable."""
    count_seconds: Annotated[float, Field(gt=0)] = 30
    """How long a count or a search on the workbench may take before it is stopped."""
    public_address: str | None = None
    """Address of the public pages as visitors see it; from host and port when not given."""
    workbench_address: str | None = None
    """Address of the workbench as researchers see it; from host and port when not given."""
    sites_address: str | None = None
    """Address of the pages for sites as stewards see it; from host and port when not given."""
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())

    @model_validator(mode="after")
    def _read_secret_from_file(self) -> Self:
        _read_secrets(self, "secret_key")
        return self


class DropSettings(BaseModel):
    """How much sites may put into their drop areas, and where the SFTP server listens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest_file: ByteSize = ByteSize(200 * 10**9)
    """The largest single file that is taken, such as 200GB."""
    site_quota: ByteSize = ByteSize(10**12)
    """How much may lie in the drop area of one site."""
    reserve: ByteSize = ByteSize(2 * 10**9)
    """What has to stay free on the disk, for everything else the programme does."""
    keep_days: Annotated[int, Field(ge=1)] = 7
    """Days after which an upload that nobody went on with is thrown away."""
    clear_days: Annotated[int, Field(ge=0)] = 30
    """Days after which `submissions clear` takes what has landed out of the drop areas."""
    silence_seconds: Annotated[float, Field(gt=0)] = 30
    """Without a byte for so long, an upload's connection counts as broken; another may go on."""
    sftp_host: str = "127.0.0.1"
    sftp_port: Annotated[int, Field(ge=1, le=65535)] = 2022


class MailSettings(BaseModel):
    """How mail leaves the house; without a host it is written into the hub's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    user: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    starttls: bool = True
    sender: str = "Commonweal <data-centre@localhost>"
    """Whom mail comes from."""

    @model_validator(mode="after")
    def _read_secret_from_file(self) -> Self:
        _read_secrets(self, "password")
        return self


class StorageSettings(BaseModel):
    """How object stores are reached. Keys never stand in a URL; without any, those of the
    machine's own role in the cloud are used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str | None = None
    """Address of an S3 store that is not Amazon's, such as ``https://s3.example.org``."""
    region: str = "us-east-1"
    access_key: SecretStr | None = None
    access_key_file: Path | None = None
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None
    google_key_file: Path | None = None
    """The JSON key of a Google service account, for ``gs://``."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 30
    """How long one request may take; files go up and down in many."""
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a request is sent again when the store fails or cannot be reached."""

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None) -> str | None:
        if value is not None and not _ENDPOINT.fullmatch(value):
            raise ValueError("an address such as https://s3.example.org, with no key in it")
        return value

    @model_validator(mode="after")
    def _read_secrets_from_files(self) -> Self:
        _read_secrets(self, "access_key", "secret_key")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("an access key and a secret key belong together; one is missing")
        return self


_ENDPOINT = re.compile(r"https?://[\w.\-]+(:\d+)?/?|https?://\[[0-9a-fA-F:]+\](:\d+)?/?")


def _read_secrets(settings: HubSettings | MailSettings | StorageSettings, *names: str) -> None:
    """Fill secrets that are not given themselves from the files that are named for them."""
    for name in names:
        file = getattr(settings, f"{name}_file")
        if getattr(settings, name) is None and file is not None:
            secret = file.read_text(encoding="utf-8").strip()
            object.__setattr__(settings, name, SecretStr(secret))


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        toml_file=FILE,
    )

    home: Path = Path("commonweal-data")
    """Folder of everything the programme keeps: landing, feeds, stages, releases, vault."""

    @field_validator("home", mode="before")
    @classmethod
    def _check_home(cls, value: object) -> object:
        if "://" in str(value):
            raise ValueError("only a folder on this machine can be the home, not a URL")
        if not str(value).strip():
            raise ValueError("it is empty; name a folder")
        return value

    engine: EngineSettings = EngineSettings()
    programme: ProgrammeSettings = ProgrammeSettings()
    hub: HubSettings = HubSettings()
    drop: DropSettings = DropSettings()
    storage: StorageSettings = StorageSettings()
    mail: MailSettings = MailSettings()

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
        _check_file(Path(FILE))
        _check_variables(os.environ)
        return Settings(**overrides)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        is_text = isinstance(error, tomllib.TOMLDecodeError)
        raise CommonwealError(
            f"{FILE} cannot be read: {error if is_text else 'it is not UTF-8 text'}.",
            expected="settings written as TOML, saved as UTF-8",
            fix="Mend the file, or remove it.",
        ) from error
    except SettingsError as error:
        raise CommonwealError(
            f"A variable does not hold what its setting wants: {error}.",
            expected="a plain value, or a section written as JSON",
            fix=f"Mend the COMMONWEAL_… variable, or write the setting into {FILE}.",
        ) from error
    except ValidationError as error:
        faults = [_describe_fault(fault) for fault in error.errors(include_url=False)]
        raise CommonwealError(
            "The settings do not fit: " + "; ".join(faults) + ".",
            fix=f"Mend {FILE} or the COMMONWEAL_… variable named above.",
        ) from error
    except OSError as error:
        raise CommonwealError(
            f"A settings file cannot be read: {error.strerror} ({error.filename})",
            fix="Check that the file exists and may be read.",
        ) from error


def _check_file(file: Path) -> None:
    if file.exists() and not file.is_file():
        raise CommonwealError(
            f"{file} is not a file.",
            expected="settings written as TOML",
            fix="Remove or rename it.",
        )


def _check_variables(variables: Iterable[str]) -> None:
    """A misspelled variable would be passed over in silence."""
    names = {name.upper() for name in variables if name.upper().startswith(PREFIX)}
    known = {name.upper() for name in Settings.model_fields}
    strange = sorted(n for n in names if n.removeprefix(PREFIX).split("__")[0] not in known)
    if strange:
        raise CommonwealError(
            f"{', '.join(strange)} is not a setting.",
            expected=f"{PREFIX} and one of {', '.join(sorted(known))}",
            fix="Mend the name, or take the variable away.",
        )


def _describe_fault(fault: ErrorDetails) -> str:
    """A fault by the name of its setting; values are left out, as they may be secrets."""
    place = [str(part) for part in fault["loc"]]
    name = ".".join(place)
    if fault["type"] == "extra_forbidden":
        return f"{name} is not a setting (there are {', '.join(_names_beside(place))})"
    return f"{name}: {fault['msg'].removeprefix('Value error, ')}"


def _names_beside(place: Sequence[str]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "engine": EngineSettings,
        "programme": ProgrammeSettings,
        "hub": HubSettings,
        "drop": DropSettings,
        "storage": StorageSettings,
        "mail": MailSettings,
    }
    return sorted(sections[place[0]].model_fields if len(place) > 1 else Settings.model_fields)
