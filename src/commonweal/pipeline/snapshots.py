"""Folders of Parquet the pipeline reads besides submissions; feeds are dated snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commonweal.engine.storage import digest_of, sha256_of
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Snapshot:
    """Parquet files by table name, and a digest of their bytes."""

    folder: Path
    files: Mapping[str, Path]
    digest: str


def read_snapshot(folder: Path) -> Snapshot:
    """Every Parquet file of a folder, hashed as it is now."""
    files = {file.stem: file for file in sorted(folder.glob("*.parquet"))}
    return Snapshot(folder, files, digest_of({n: sha256_of(f) for n, f in files.items()}))


def get_latest_feeds(home: Path) -> Snapshot:
    """The newest dated snapshot of the programme's side.

    Raises:
        CommonwealError: there is none.
    """
    dated = sorted(f for f in (home / "feeds").glob("????-??-??") if _is_date(f.name))
    if not dated:
        raise CommonwealError(
            "There is no snapshot of the programme's feeds.",
            expected=f"a folder named by date in {home / 'feeds'}",
            fix="Put a snapshot there; docs/reference/feeds.md says what it holds.",
        )
    return read_snapshot(dated[-1])


def _is_date(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
