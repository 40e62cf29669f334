"""Seals a release: manifest, dictionary and signature beside the tables, named by its hash.

The object folder appears whole or not at all; the pointer is written last and only once,
so a release is there exactly when its pointer is.
"""

import platform
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.storage import Location, readable_json, sha256_of, whole_folder
from commonweal.pipeline.signing import get_signing_key, publish_key, sign
from commonweal.release.catalogue import (
    Release,
    get_content_hash,
    get_object_folder,
    get_release,
    get_releases_folder,
    list_ids,
)
from commonweal.release.dictionary import TierNotes, build_dictionary, print_dictionary
from commonweal.release.identifier import ReleaseId, next_id
from commonweal.release.manifest import (
    DICTIONARY_FILE,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    Envelope,
    Manifest,
    ReleaseFile,
    ReleaseTable,
    content_hash,
)
from commonweal.release.verify import verify_files
from commonweal.schema.errors import CommonwealError

SOFTWARE = ("commonweal", "duckdb", "pyarrow", "sqlglot")
"""Programs whose version the bytes of a release depend on."""

_READ_ONLY_FILE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_READ_ONLY_FOLDER = _READ_ONLY_FILE | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True)
class ReleaseFacts:
    """What the manifest says beside the tables; nothing in it may depend on clock or host."""

    cutoff: date
    synthetic: bool
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Any, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    tier_notes: TierNotes = field(default_factory=dict)


def seal_release(
    home: Path, *, tier: str, letter: str, tables: Path, facts: ReleaseFacts, now: datetime
) -> Release:
    """Seal the Parquet files in ``tables`` as the next release of a tier.

    The same content in the same quarter is the release there is already, which is returned
    unchanged. ``now`` goes into the envelope, outside the hash.

    Raises:
        CommonwealError: the tables cannot be released, or a sealed object is damaged.
    """
    dictionary, manifest = build_manifest(tier, letter, tables, facts)
    digest = content_hash(manifest)
    folder = get_object_folder(home, digest)
    key = get_signing_key(home)
    publish_key(home, key)
    if not folder.exists():
        with whole_folder(folder) as scratch:
            for table in manifest.tables:
                shutil.copyfile(tables / table.file, scratch / table.file)
            (scratch / DICTIONARY_FILE).write_bytes(dictionary)
            (scratch / MANIFEST_FILE).write_bytes(readable_json(manifest.model_dump(mode="json")))
            signature = sign(key, digest).model_dump(mode="json")
            (scratch / SIGNATURE_FILE).write_bytes(readable_json(signature))
    _make_read_only(folder)
    _check_object(folder, digest)
    release_id = str(_point_to(home, manifest, digest))
    _record_envelope(home, release_id, digest, now)
    return get_release(home, release_id)


def build_manifest(
    tier: str, letter: str, tables: Path, facts: ReleaseFacts
) -> tuple[bytes, Manifest]:
    """The data dictionary, and the manifest that covers it and every table.

    Raises:
        CommonwealError: there are no tables, no persons, or a column that must not leave.
    """
    described = tuple(_describe(file) for file in sorted(tables.glob("*.parquet")))
    _check_tables(tables, described)
    rows = build_dictionary({t.name: t.columns for t in described}, facts.tier_notes)
    dictionary = print_dictionary(rows)
    manifest = Manifest(
        tier=tier,
        letter=letter,
        synthetic=facts.synthetic,
        cutoff=facts.cutoff,
        tables=described,
        documents=(_describe_bytes(DICTIONARY_FILE, dictionary),),
        inputs=dict(facts.inputs),
        rules=facts.rules,
        parameters=dict(facts.parameters),
        counts=dict(facts.counts),
        software={name: version(name) for name in SOFTWARE},
    )
    return dictionary, manifest


def _describe(file: Path) -> ReleaseTable:
    try:
        found = pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise CommonwealError(
            f"{file.name} cannot be sealed: it is no whole Parquet file.",
            fix="Run the stage before again.",
        ) from error
    return ReleaseTable(
        name=file.stem,
        file=file.name,
        rows=found.num_rows,
        columns=tuple(found.schema.to_arrow_schema().names),
        bytes=file.stat().st_size,
        sha256=sha256_of(file),
    )


def _describe_bytes(name: str, content: bytes) -> ReleaseFile:
    return ReleaseFile(file=name, bytes=len(content), sha256=sha256(content).hexdigest())


def _check_tables(folder: Path, tables: tuple[ReleaseTable, ...]) -> None:
    if "person" not in {table.name for table in tables}:
        raise CommonwealError(
            f"{folder} cannot be sealed: it has no person table.",
            expected="the Parquet tables of a tier",
            fix="Run the stages before again.",
        )
    lineage = [f"{t.name}.{c}" for t in tables for c in t.columns if c.startswith("_")]
    if lineage:
        raise CommonwealError(
            f"{folder} cannot be sealed: {', '.join(lineage)} lead back to the sites.",
            expected="tables without columns of lineage, whose names start with _",
            fix="Leave these columns out of the tier.",
        )


def _make_read_only(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(_READ_ONLY_FILE)
    folder.chmod(_READ_ONLY_FOLDER)


def _check_object(folder: Path, digest: str) -> None:
    problems = verify_files(folder, digest)
    if problems:
        raise CommonwealError(
            f"The sealed files in {folder} are damaged: {problems[0]}",
            fix="Bring the folder back from a copy, or remove it and build the release again.",
        )


def _point_to(home: Path, manifest: Manifest, digest: str) -> ReleaseId:
    """The id that points to an object: the one it has in this quarter, else the next revision."""
    pointers = Location.of(get_releases_folder(home))
    while True:
        known = list_ids(home)
        release_id = next_id(manifest.letter, manifest.cutoff, known)
        earlier = [found for found in known if found.series == release_id.series]
        for found in earlier:
            if get_content_hash(home, str(found)) == digest:
                return found
        pointer = readable_json({"id": str(release_id), "content_hash": digest})
        if pointers.create(f"{release_id}.json", pointer):
            return release_id


def _record_envelope(home: Path, release_id: str, digest: str, now: datetime) -> None:
    """Written once; a run that was killed before it is made good by the next one."""
    envelope = Envelope(id=release_id, content_hash=digest, sealed_at=now, host=platform.node())
    content = readable_json(envelope.model_dump(mode="json"))
    folder = Location.of(get_releases_folder(home) / "envelopes")
    folder.create(f"{release_id}.json", content)
