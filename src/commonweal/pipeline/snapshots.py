"""Folders of Parquet that the pipeline reads besides submissions, by what is in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.storage import digest_of, sha256_of


@dataclass(frozen=True)
class Snapshot:
    """Parquet files by table name, and a digest of their bytes."""

    folder: Path
    files: Mapping[str, Path]
    digest: str


def read_snapshot(folder: Path, *, without: Collection[str] = ()) -> Snapshot:
    """Every Parquet file of a folder but those ``without``, hashed as it is now."""
    found = {file.stem: file for file in sorted(folder.glob("*.parquet"))}
    files = {name: file for name, file in found.items() if name not in without}
    return Snapshot(folder, files, digest_of({n: sha256_of(f) for n, f in files.items()}))
