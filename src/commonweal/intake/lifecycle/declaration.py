"""The declaration of a folder, ``_SUBMISSION.json``: purpose, synthetic or not, and files.

It is the ready marker as well, and with ``files`` the manifest: whoever uploads writes it last.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from commonweal.intake.findings import show_name
from commonweal.intake.purposes import DIALECTS, choose_dialect
from commonweal.intake.sites import Purpose
from commonweal.schema.errors import CommonwealError

DECLARATION = "_SUBMISSION.json"
MAX_BYTES = 1 << 20
_KEYS = {"purpose", "synthetic", "dialect", "files"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EXAMPLE = '{"purpose": "production", "synthetic": false}'


@dataclass(frozen=True)
class ListedFile:
    """A file as the manifest names it."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Declaration:
    """What a folder is. ``files`` is None when no manifest was given."""

    purpose: Purpose
    synthetic: bool
    dialect: str
    files: Mapping[str, ListedFile] | None = None

    def to_json(self) -> dict[str, Any]:
        """The declaration as it is written into a folder."""
        declared: dict[str, Any] = {
            "purpose": str(self.purpose),
            "synthetic": self.synthetic,
            "dialect": self.dialect,
        }
        if self.files is not None:
            declared["files"] = [
                {"name": name, "bytes": file.bytes, "sha256": file.sha256}
                for name, file in sorted(self.files.items())
            ]
        return declared


def parse_declaration(content: bytes) -> Declaration:
    """Read a declaration.

    Raises:
        CommonwealError: it is no JSON, or says something that is not understood.
    """
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raise _unfit("is not JSON in UTF-8") from None
    if not isinstance(raw, dict):
        raise _unfit("is not a JSON object")
    if strange := sorted(set(raw) - _KEYS):
        raise _unfit(f"says {show_name(', '.join(strange))[:200]}, which is not understood")
    return build_declaration(
        raw.get("purpose"), raw.get("synthetic"), raw.get("dialect", ""), _files(raw)
    )


def build_declaration(
    purpose: object,
    synthetic: object,
    dialect: object = "",
    files: Mapping[str, ListedFile] | None = None,
) -> Declaration:
    """A declaration from its parts, the dialect of the purpose when none is given.

    Raises:
        CommonwealError: a part does not fit.
    """
    if not isinstance(purpose, str) or purpose not in list(Purpose):
        raise _unfit(f"has no purpose out of {', '.join(Purpose)}")
    if not isinstance(synthetic, bool):
        raise _unfit("does not say whether it is synthetic, true or false")
    if not isinstance(dialect, str) or (dialect and dialect not in DIALECTS):
        raise _unfit(f"has a dialect that is none of {', '.join(DIALECTS)}")
    named = Purpose(purpose)
    return Declaration(named, synthetic, choose_dialect(named, dialect), files)


def _files(raw: Mapping[str, Any]) -> Mapping[str, ListedFile] | None:
    listed = raw.get("files")
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise _unfit("has files that are not a list")
    found: dict[str, ListedFile] = {}
    for entry in listed:
        name, file = _listed(entry)
        if name in found:
            raise _unfit("names a file twice")
        found[name] = file
    return MappingProxyType(found)


def _listed(entry: object) -> tuple[str, ListedFile]:
    if not isinstance(entry, dict):
        raise _unfit("has a file that is not an object with name, bytes and sha256")
    name, size, digest = (entry.get(key) for key in ("name", "bytes", "sha256"))
    if not isinstance(name, str) or not name or "/" in name or "\\" in name:
        raise _unfit("has a file without a plain name")
    if type(size) is not int or size < 0:
        raise _unfit("has a file without its size in bytes")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest.lower()):
        raise _unfit("has a file without its SHA-256 in hexadecimal")
    return name, ListedFile(size, digest.lower())


def _unfit(what: str) -> CommonwealError:
    return CommonwealError(
        f"The declaration {DECLARATION} {what}.",
        expected=f"at least {_EXAMPLE}",
        fix="Mend it and upload it again.",
    )
