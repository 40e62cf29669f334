"""Finds releases: pointers by id, objects by content hash.

``releases/<id>.json`` holds ``{"id", "content_hash"}`` and is created once; the files are
in ``releases/objects/<content_hash>``. Two ids may point to one object.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from commonweal.release.identifier import ReleaseId, find_id, parse_id
from commonweal.release.manifest import (
    FORMAT_FAMILY,
    MANIFEST_FILE,
    Manifest,
    read_json,
    read_manifest,
)
from commonweal.release.manifest import content_hash as content_hash_of
from commonweal.schema.errors import CommonwealError

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Release:
    """A sealed release: its id, what it says of itself, and where its files are."""

    id: str
    content_hash: str
    manifest: Manifest
    folder: Path

    def table(self, name: str) -> Path:
        """The Parquet file of a table.

        Raises:
            CommonwealError: the release has no such table; the message lists those it has.
        """
        files = {table.name: table.file for table in self.manifest.tables}
        if name not in files:
            raise CommonwealError(
                f"Release {self.id} has no table {name}.",
                expected=f"one of {', '.join(sorted(files))}",
                fix="Choose one of these tables.",
            )
        return self.folder / files[name]


def get_releases_folder(home: Path) -> Path:
    """Where pointers, objects, envelopes and public keys are."""
    return home / "releases"


def get_object_folder(home: Path, content_hash: str) -> Path:
    """Where the files of a release with this hash are, or would be."""
    return get_releases_folder(home) / "objects" / content_hash


def list_ids(home: Path) -> list[ReleaseId]:
    """The ids of all releases, oldest first."""
    pointers = get_releases_folder(home).glob("*.json")
    return sorted(found for file in pointers if (found := find_id(file.stem)))


def list_releases(home: Path) -> list[Release]:
    """All releases, oldest first."""
    return [get_release(home, str(known)) for known in list_ids(home)]


def find_latest(home: Path, letter: str) -> Release | None:
    """The newest release of a tier, or None when it has none yet."""
    known = [found for found in list_ids(home) if found.letter == letter]
    return get_release(home, str(max(known))) if known else None


def get_release(home: Path, release_id: str) -> Release:
    """The release with an id.

    Raises:
        CommonwealError: there is none, or its pointer or manifest is damaged.
    """
    content_hash = get_content_hash(home, release_id)
    folder = get_object_folder(home, content_hash)
    return Release(release_id, content_hash, read_manifest(folder), folder)


def get_content_hash(home: Path, release_id: str) -> str:
    """The content hash an id points to.

    Raises:
        CommonwealError: there is no such release, or its pointer is damaged.
    """
    parse_id(release_id)
    pointer = get_releases_folder(home) / f"{release_id}.json"
    if not pointer.is_file():
        raise CommonwealError(
            f"There is no release {release_id}.",
            expected=", ".join(map(str, list_ids(home))) or "a release, but none was built yet",
            fix="`commonweal release list` shows the releases there are.",
        )
    fields = read_json(pointer)
    content_hash = fields.get("content_hash")
    if fields.get("id") != release_id or not _HASH.fullmatch(str(content_hash)):
        raise CommonwealError(f"{pointer} is damaged.", fix="Bring the file back from a copy.")
    return str(content_hash)


def find_release_at(folder: Path) -> Release | None:
    """The release whose files are in ``folder``, or None when it holds no release.

    The folder may be a copy without a pointer, so the release goes by its hash.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file() or not str(read_json(file).get("format")).startswith(FORMAT_FAMILY):
        return None
    manifest = read_manifest(folder)
    digest = content_hash_of(manifest)
    return Release(digest, digest, manifest, folder)
