"""The programme's vocabulary: every version that was loaded, and which one is in force.

Until one is loaded, the abridged vocabulary that comes with the product is in force. A loaded
version is a folder of Parquet named by its content, so a release can name the one it was made
with. Loading another changes the pointer; the older folders stay.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.engine.storage import digest_of, hold_lock, readable_json, sha256_of, whole_folder
from commonweal.intake.check.concepts import Terms
from commonweal.pipeline.progress import Progress, Silent
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.abridged import DATA, list_shipped
from commonweal.vocabulary.load import count_pieces, load_table, read_version
from commonweal.vocabulary.search_text import write_search
from commonweal.vocabulary.source import TableFile, open_source
from commonweal.vocabulary.views import register_vocabulary

POINTER = "current.json"
LOADING = "loading"
LOCK = ".loading.lock"
MANIFEST = "vocabulary.json"
SEARCH = Path("search") / "concept.parquet"
ROOM_OF_TEXT = 0.5
"""Bytes of disk that one byte of text may need: parts, sorted rows and what the engine spills."""


@dataclass(frozen=True)
class Vocabulary:
    """One version of the vocabulary: its files by table, and what tells it from others."""

    folder: Path
    files: Mapping[str, tuple[Path, ...]]
    digest: str
    version: str | None
    """What its makers call it, such as "v5.0 30-AUG-24"."""
    search: Path | None
    """What was prepared for searching; small vocabularies need nothing."""
    is_abridged: bool


def load_vocabulary(
    engine: Engine, home: Path, source: Path, progress: Progress | None = None
) -> Vocabulary:
    """Bring a vocabulary in and put it in force; the same one again changes nothing.

    ``source`` is an Athena download, unpacked or as the zip it comes in, or a folder with the
    tables as CSV or Parquet. Nothing half-loaded is left behind, whatever happens.

    Raises:
        CommonwealError: it holds no vocabulary, a file of it is damaged, or the disk is too full.
    """
    base = home / "vocabulary"
    with open_source(source) as tables:
        _check_room(home, tables)
        base.mkdir(parents=True, exist_ok=True)
        with hold_lock(base / LOCK):
            shutil.rmtree(base / LOADING, ignore_errors=True)
            with whole_folder(base / LOADING) as scratch, _nothing_left(scratch):
                _write_version(engine, tables, scratch, progress or Silent())
            version = _keep(base / LOADING)
            _point_to(base, version.name)
    return _read_version(version)


def use_abridged(home: Path) -> Vocabulary:
    """Put the vocabulary that comes with the product back in force; loaded ones are kept."""
    (home / "vocabulary" / POINTER).unlink(missing_ok=True)
    return read_abridged()


def find_loaded(home: Path) -> Vocabulary | None:
    """The loaded vocabulary in force, or None when the abridged one is."""
    pointer = home / "vocabulary" / POINTER
    if not pointer.is_file():
        return None
    return _read_version(pointer.parent / _read_pointer(pointer))


def _read_pointer(pointer: Path) -> str:
    try:
        return str(json.loads(pointer.read_bytes())["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise CommonwealError(
            f"{pointer} does not say which vocabulary is in force.",
            fix="Load the vocabulary again, or go back: commonweal vocabulary load --abridged",
        ) from error


def get_vocabulary(home: Path) -> Vocabulary:
    """The vocabulary in force.

    Raises:
        CommonwealError: the loaded one is damaged.
    """
    return find_loaded(home) or read_abridged()


def get_terms(home: Path) -> Terms:
    """The vocabulary in force, for the check of a submission to look concepts up in."""
    vocabulary = get_vocabulary(home)
    return Terms(vocabulary.files, vocabulary.version, vocabulary.is_abridged)


def read_abridged(data: Path = DATA) -> Vocabulary:
    """The vocabulary that comes with the product."""
    files = list_shipped(data)
    digests = {name: [sha256_of(file) for file in parts] for name, parts in files.items()}
    return Vocabulary(data, files, digest_of(digests), read_version(files), None, is_abridged=True)


def _write_version(
    engine: Engine, tables: Mapping[str, TableFile], folder: Path, progress: Progress
) -> None:
    for name, file in sorted(tables.items()):
        progress.begin(f"Loading {file.name}", count_pieces(file) + 1)
        load_table(engine, name, file, folder, tell=progress.advance)
        progress.end()
    progress.begin("Preparing the search", 1)
    files = {file.stem: (file,) for file in folder.glob("*.parquet")}
    (folder / SEARCH).parent.mkdir()
    write_search(engine, register_vocabulary(engine, files), folder / SEARCH)
    digests = {name: sha256_of(file) for name, (file,) in files.items()}
    manifest = {
        "digest": digest_of(digests),
        "version": read_version(files),
        "bytes": {name: file.stat().st_size for name, (file,) in files.items()},
    }
    (folder / MANIFEST).write_bytes(readable_json(manifest))
    progress.end()


def _keep(loading: Path) -> Path:
    """Give a finished version its name; one of the same content stays as it is."""
    digest = str(json.loads((loading / MANIFEST).read_bytes())["digest"])
    version = loading.parent / digest[:16]
    if version.exists():
        shutil.rmtree(loading)
    else:
        loading.rename(version)
    return version


def _read_version(folder: Path) -> Vocabulary:
    """A loaded version; its files are not hashed again, which would take longer than a search.

    Raises:
        CommonwealError: a file is missing or has not the size it had.
    """
    files = {file.stem: (file,) for file in sorted(folder.glob("*.parquet"))}
    sizes = {name: file.stat().st_size for name, (file,) in files.items()}
    manifest = folder / MANIFEST
    told = json.loads(manifest.read_bytes()) if manifest.is_file() else {}
    if told.get("bytes") != sizes or not (folder / SEARCH).is_file():
        raise CommonwealError(
            "The loaded vocabulary is damaged: a file is missing or has another size.",
            expected=f"the folder {folder} as it was written",
            fix="Remove that folder and load the vocabulary again, "
            "or go back: commonweal vocabulary load --abridged",
        )
    return Vocabulary(
        folder, files, told["digest"], told["version"], folder / SEARCH, is_abridged=False
    )


@contextmanager
def _nothing_left(scratch: Path) -> Iterator[None]:
    """Clear an unfinished folder when the block does not end well."""
    try:
        yield
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _check_room(home: Path, tables: Mapping[str, TableFile]) -> None:
    there = next(place for place in (home, *home.resolve().parents) if place.exists())
    free = shutil.disk_usage(there).free
    needed = int(sum(file.size for file in tables.values()) * ROOM_OF_TEXT)
    if free < needed:
        raise CommonwealError(
            f"The disk is too full: {free / 1e9:.1f} GB are free.",
            expected=f"about {needed / 1e9:.1f} GB for this vocabulary",
            fix="Make room, or choose another home.",
        )


def _point_to(folder: Path, version: str) -> None:
    scratch = folder / f".partial-{POINTER}"
    with scratch.open("wb") as file:
        file.write(readable_json({"version": version}))
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / POINTER)
