"""What a release says of itself, and the hash that names it.

The manifest holds everything that follows from the inputs and nothing else: the time, the
machine and the signature stand beside it, so that the same inputs give the same hash.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commonweal.engine.storage import digest_of
from commonweal.schema.errors import CommonwealError

FORMAT_FAMILY = "commonweal-release/"
FORMAT: Literal["commonweal-release/1"] = "commonweal-release/1"
MANIFEST_FILE = "manifest.json"
DICTIONARY_FILE = "dictionary.csv"
SIGNATURE_FILE = "signature.json"


class ReleaseFile(BaseModel):
    """A file of a release and the bytes it must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ReleaseTable(ReleaseFile):
    """A table of a release: its file, and the rows and columns it must have."""

    name: str
    rows: int = Field(ge=0)
    columns: tuple[str, ...]


class Manifest(BaseModel):
    """What is in a release and what it was made from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["commonweal-release/1"] = FORMAT
    tier: str
    """Name of the tier, such as ``registered``."""
    letter: str = Field(pattern=r"^[A-Z]$")
    synthetic: bool
    """True when the people are made up."""
    cutoff: date
    """Last day of data; ages are counted at this day."""
    tables: tuple[ReleaseTable, ...]
    documents: tuple[ReleaseFile, ...] = ()
    """Files beside the tables, such as the data dictionary."""
    inputs: dict[str, Any] = {}
    """Digests of what the release was made from."""
    rules: tuple[Any, ...] = ()
    """The rules that were run, in order."""
    parameters: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    """Rows in, dropped, changed and added, by rule and table."""
    software: dict[str, str] = {}
    """Versions of the programs the bytes depend on."""

    @property
    def files(self) -> tuple[ReleaseFile, ...]:
        return (*self.tables, *self.documents)


class Envelope(BaseModel):
    """The circumstances of sealing, which no hash covers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    content_hash: str
    sealed_at: datetime
    host: str


def content_hash(manifest: Manifest) -> str:
    """The SHA-256 of the manifest in its one spelling; it covers every file by its hash."""
    return digest_of(manifest.model_dump(mode="json"))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a release folder.

    Raises:
        CommonwealError: it is missing, damaged, or of a format this version cannot read.
    """
    fields = read_json(folder / MANIFEST_FILE)
    if fields.get("format") != FORMAT:
        raise CommonwealError(
            f"{folder / MANIFEST_FILE} is not the manifest of a release this version can read.",
            expected=f"the format {FORMAT}",
            fix="Use the version of Commonweal that made the release, or a newer one.",
        )
    try:
        return Manifest.model_validate(fields)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise CommonwealError(
            f"{folder / MANIFEST_FILE} is damaged at {', '.join(places)}.",
            fix="Bring the release back from a copy.",
        ) from error


def read_json(file: Path) -> Mapping[str, Any]:
    """Read a JSON file of the catalogue, which holds an object.

    Raises:
        CommonwealError: it cannot be read or is not a JSON object.
    """
    try:
        fields = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CommonwealError(
            f"{file} cannot be read as JSON.", fix="Bring the file back from a copy."
        ) from error
    if not isinstance(fields, dict):
        raise CommonwealError(
            f"{file} holds no JSON object.", fix="Bring the file back from a copy."
        )
    return fields
