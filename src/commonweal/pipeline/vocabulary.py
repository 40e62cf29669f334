"""The programme's vocabulary: every version that was loaded, and which one is in force.

A version is a folder of Parquet named by its content, so a release can name the one it was
made with. Loading another changes the pointer; the older folders stay.
"""

import json
import os
from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.engine.storage import readable_json, whole_folder
from commonweal.pipeline.snapshots import Snapshot, read_snapshot
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Role, get_model
from commonweal.vocabulary.load import load_folder

POINTER = "current.json"
LOADING = "loading"


def load_vocabulary(engine: Engine, home: Path, folder: Path) -> Snapshot:
    """Bring a vocabulary in and put it in force; the same one again changes nothing.

    ``folder`` is an unpacked Athena download, or has the tables as CSV or Parquet.

    Raises:
        CommonwealError: it holds no vocabulary, or a file of it is damaged.
    """
    load_folder(engine, folder, prefix="loaded_")
    loading = home / "vocabulary" / LOADING
    _remove(loading)
    with whole_folder(loading) as scratch:
        _write_tables(engine, scratch)
    digest = read_snapshot(loading).digest
    version = home / "vocabulary" / digest[:16]
    if version.exists():
        _remove(loading)
    else:
        loading.rename(version)
    _point_to(home / "vocabulary", version.name)
    return read_snapshot(version)


def find_vocabulary(home: Path) -> Snapshot | None:
    """The vocabulary in force, or None when none was loaded yet."""
    pointer = home / "vocabulary" / POINTER
    if not pointer.is_file():
        return None
    return read_snapshot(pointer.parent / json.loads(pointer.read_bytes())["version"])


def get_vocabulary(home: Path) -> Snapshot:
    """The vocabulary in force.

    Raises:
        CommonwealError: none was loaded yet.
    """
    snapshot = find_vocabulary(home)
    if snapshot is None:
        raise CommonwealError(
            "No vocabulary is loaded.",
            expected="an OMOP vocabulary, such as a download from Athena",
            fix="Load one: commonweal vocabulary load FOLDER",
        )
    return snapshot


def _write_tables(engine: Engine, folder: Path) -> None:
    for table in get_model("omop-5.4").with_role(Role.VOCABULARY):
        view = f"loaded_{table.name}"
        if engine.rows("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [view]):
            engine.write_parquet(
                f"SELECT DISTINCT * FROM {quoted(view)}",
                folder / f"{table.name}.parquet",
                order_by=table.columns,
            )


def _point_to(folder: Path, version: str) -> None:
    scratch = folder / f".partial-{POINTER}"
    with scratch.open("wb") as file:
        file.write(readable_json({"version": version}))
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / POINTER)


def _remove(folder: Path) -> None:
    for file in folder.glob("*"):
        file.unlink()
    if folder.exists():
        folder.rmdir()
