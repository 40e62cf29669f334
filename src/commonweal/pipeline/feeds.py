"""The programme's side: dated snapshots of feeds, taken only as they were written.

A snapshot holds feeds that identify participants by name and address. They are for the roster
and the matching; what builds releases is given a snapshot without them, whose digest they do
not change either.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from commonweal.engine.storage import sha256_of
from commonweal.pipeline.snapshots import Snapshot, read_snapshot
from commonweal.schema.errors import CommonwealError
from commonweal.schema.feeds import find_feed_files
from commonweal.schema.model import Role, get_model

MANIFEST = "manifest.json"


def get_latest_feeds(home: Path, *, synthetic: bool) -> Snapshot:
    """The newest dated snapshot as curation may see it, its files as its manifest says.

    Raises:
        CommonwealError: there is none, it was altered, it is not as declared, or it holds
            made-up people while the programme's are real (or the reverse).
    """
    folder = find_latest_folder(home)
    read_feeds(folder, synthetic=synthetic)
    return read_snapshot(folder, without=list_identifying_feeds())


def find_latest_folder(home: Path) -> Path:
    """The folder of the newest dated snapshot.

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
    return dated[-1]


def read_feeds(folder: Path, *, synthetic: bool) -> Snapshot:
    """A snapshot with the feeds that identify participants, for the roster and the matching.

    Raises:
        CommonwealError: it was altered, is not as declared or is about people of another kind.
    """
    manifest = _read_manifest(folder)
    _check_kind(folder, manifest, synthetic=synthetic)
    _check_files(folder, manifest)
    find_feed_files(folder)
    return read_snapshot(folder)


def list_identifying_feeds() -> frozenset[str]:
    """Feeds by which participants could be recognised, and that no release is built from."""
    return frozenset(table.name for table in get_model("feeds").with_role(Role.PII))


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return {
            "synthetic": bool(manifest["synthetic"]),
            "as_of": date.fromisoformat(manifest["as_of"]),
            "sha256": {feed["file"]: feed["sha256"] for feed in manifest["feeds"]},
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommonwealError(
            f"The feeds in {folder} have no manifest that can be read.",
            expected=f"{MANIFEST} with as_of, synthetic and the SHA-256 of every file",
            fix="Write the snapshot anew.",
        ) from error


def _check_kind(folder: Path, manifest: Mapping[str, Any], *, synthetic: bool) -> None:
    if manifest["as_of"] != date.fromisoformat(folder.name):
        raise CommonwealError(
            f"The feeds in {folder} were taken on {manifest['as_of']}.",
            expected=f"feeds of {folder.name}, as the folder's name says",
            fix="Name the folder by the day the snapshot was taken.",
        )
    if manifest["synthetic"] != synthetic:
        kind = "made-up" if manifest["synthetic"] else "real"
        raise CommonwealError(
            f"The feeds in {folder} are about {kind} people; this programme's are not.",
            expected=f"{'made-up' if synthetic else 'real'} people, as programme.synthetic says",
            fix="Keep synthetic and real data in programmes of their own.",
        )


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    known = manifest["sha256"]
    there = {file.name: sha256_of(file) for file in folder.glob("*.parquet")}
    if altered := sorted(n for n in known.keys() | there.keys() if known.get(n) != there.get(n)):
        raise CommonwealError(
            f"Feeds in {folder} are not what was written: {', '.join(altered)}.",
            expected="the files whose SHA-256 the manifest holds",
            fix="Bring the snapshot back from a copy, or write it anew.",
        )


def _is_date(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
