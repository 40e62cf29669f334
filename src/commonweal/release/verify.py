"""Judges the bytes of a release: everything its manifest says must be so, and nothing more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.storage import digest_of, sha256_of
from commonweal.release.catalogue import get_content_hash, get_object_folder
from commonweal.release.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    Manifest,
    ReleaseFile,
    ReleaseTable,
    read_json,
    read_manifest,
)
from commonweal.release.signature import find_signature_fault
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a release, as a sentence."""

    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


def verify_release(home: Path, release_id: str, *, public_key: Path | None = None) -> list[Problem]:
    """Compare a release with its manifest, hash and signature; no problem means it holds.

    Raises:
        CommonwealError: there is no such release, or its pointer cannot be read.
    """
    content_hash = get_content_hash(home, release_id)
    folder = get_object_folder(home, content_hash)
    if not folder.is_dir():
        return [Problem(release_id, "The files of the release are not there.")]
    return [
        *verify_files(folder, content_hash),
        *_find_bad_signature(home, folder, content_hash, public_key),
    ]


def verify_files(folder: Path, content_hash: str) -> list[Problem]:
    """Compare the files of a release folder with its manifest, and that with its hash."""
    try:
        manifest = read_manifest(folder)
        digest = digest_of(read_json(folder / MANIFEST_FILE))
    except CommonwealError as error:
        return [Problem(MANIFEST_FILE, error.found)]
    problems = [] if digest == content_hash else [_changed_manifest()]
    problems += _find_strangers(folder, manifest)
    for file in manifest.files:
        problems += _find_file_problems(folder / file.file, file)
    return problems


def _changed_manifest() -> Problem:
    return Problem(MANIFEST_FILE, "The manifest does not have the hash the release is named by.")


def _find_bad_signature(
    home: Path, folder: Path, content_hash: str, public_key: Path | None
) -> Iterator[Problem]:
    fault = find_signature_fault(home, folder, content_hash, public_key)
    if fault:
        yield Problem(SIGNATURE_FILE, fault)


def _find_strangers(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    known = {MANIFEST_FILE, SIGNATURE_FILE, *(file.file for file in manifest.files)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in known:
            yield Problem(name, "The manifest does not know this file.")


def _find_file_problems(path: Path, expected: ReleaseFile) -> Iterator[Problem]:
    if not path.is_file():
        yield Problem(expected.file, "The file is missing.")
        return
    if path.stat().st_size != expected.bytes:
        yield Problem(
            expected.file,
            f"The file has {path.stat().st_size} bytes; the manifest says {expected.bytes}.",
        )
    if sha256_of(path) != expected.sha256:
        yield Problem(expected.file, "The file was changed after the release was sealed.")
    if isinstance(expected, ReleaseTable):
        yield from _find_table_problems(path, expected)


def _find_table_problems(path: Path, expected: ReleaseTable) -> Iterator[Problem]:
    try:
        found = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        yield Problem(expected.file, "The file cannot be read as Parquet.")
        return
    if found.num_rows != expected.rows:
        yield Problem(
            expected.file,
            f"The table has {found.num_rows} rows; the manifest says {expected.rows}.",
        )
    columns = tuple(found.schema.to_arrow_schema().names)
    if columns != expected.columns:
        yield Problem(expected.file, "The table has not the columns the manifest names.")
