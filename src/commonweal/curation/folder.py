"""Folders of Parquet tables that are named by what went into them.

A folder is named by a digest of its recipe and its inputs. It appears whole or not at all,
so when it exists the work is done: running again returns it untouched.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.engine.storage import digest_of, readable_json, sha256_of, whole_folder
from commonweal.schema.errors import CommonwealError

MANIFEST = "manifest.json"
FORMAT = 1
"""Version of what a stage folder holds; a new one makes every stage run again."""


@dataclass(frozen=True)
class TableFolder:
    """A finished folder: where it is, what made it, and how many rows each table has."""

    name: str
    digest: str
    folder: Path
    rows: Mapping[str, int]
    facts: Mapping[str, Any]
    """What the step that made it counted."""

    def file(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    @property
    def files(self) -> dict[str, tuple[Path, ...]]:
        """Every table's file, in the shape the runner takes as inputs."""
        return {table: (self.file(table),) for table in self.rows}


def digest_files(files: Mapping[str, Sequence[Path]]) -> dict[str, list[str]]:
    """SHA-256 of each table's files, in their order."""
    return {table: [sha256_of(file) for file in files[table]] for table in sorted(files)}


def make_folder(
    out: Path, name: str, recipe: Any, write: Callable[[Path], tuple[Mapping[str, int], Any]]
) -> TableFolder:
    """The folder for ``recipe`` under ``out``; written by ``write`` unless it is there.

    ``write`` is given a scratch folder, and returns the rows of each table and the facts to
    keep in the manifest. ``recipe`` must hold everything the result depends on, as plain
    data: digests of inputs, texts of rules, values of parameters.
    """
    digest = digest_of({"format": FORMAT, "name": name, "recipe": recipe})
    target = out / digest[:16]
    if not target.exists():
        with whole_folder(target) as scratch:
            rows, facts = write(scratch)
            manifest = {
                "format": FORMAT,
                "name": name,
                "digest": digest,
                "recipe": recipe,
                "tables": {table: {"rows": rows[table]} for table in sorted(rows)},
                "files": _digests_within(scratch),
                "facts": facts,
            }
            (scratch / MANIFEST).write_bytes(readable_json(manifest))
    return read_folder(target)


def read_folder(folder: Path) -> TableFolder:
    """Read back what ``make_folder`` wrote.

    Raises:
        CommonwealError: there is no manifest there.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommonwealError(
            f"{folder.name} holds no stage that can be read.",
            expected=f"a folder with {MANIFEST}",
            fix="Remove the folder and run the stage again.",
        ) from error
    rows = {table: entry["rows"] for table, entry in manifest["tables"].items()}
    return TableFolder(manifest["name"], manifest["digest"], folder, rows, manifest["facts"])


def _digests_within(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.parquet"))
    return {str(file.relative_to(folder)): sha256_of(file) for file in files}
