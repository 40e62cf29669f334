"""Where a vocabulary comes from: a folder, or the zip that Athena sends.

Nothing is unpacked whole: a table is read as a stream of bytes, from either.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Role, get_model

TEXT, PARQUET = ".csv", ".parquet"
MOST_TIMES_SMALLER = 200
"""How many times its size a file in a zip may unpack to; real ones do ten to twenty times."""
SMALL_BYTES = 1 << 20
"""What unpacks to less than this can do no harm."""
_WHOLE = "a download as Athena sends it, whole"
_AGAIN = "Fetch it again, and check its size."


@dataclass(frozen=True)
class TableFile:
    """One table of a vocabulary, still unread."""

    name: str
    """The file's name, to tell people about."""
    size: int
    """Bytes it has when unpacked."""
    path: Path | None
    """Where it is, when it is Parquet."""
    open: Callable[[], IO[bytes]]


@contextmanager
def open_source(path: Path) -> Iterator[Mapping[str, TableFile]]:
    """The tables in a folder or a zip, by name; readable as long as the block lasts.

    They may lie in one sub-folder, as some programs unpack them. Parquet goes before text.

    Raises:
        CommonwealError: there is no vocabulary, or the zip is damaged or not to be trusted.
    """
    if path.is_dir():
        yield _check_concepts(_list_folder(path), path)
    elif path.is_file():
        with _open_zip(path) as archive:
            yield _check_concepts(_list_zip(archive, path), path)
    else:
        raise CommonwealError(
            f"There is nothing at {path}.",
            expected="a folder, or a zip as Athena sends it",
            fix="Check how the path is spelled.",
        )


def _known_tables() -> frozenset[str]:
    return frozenset(t.name for t in get_model("omop-5.4").with_role(Role.VOCABULARY))


def _list_folder(folder: Path) -> Mapping[str, TableFile]:
    found = _list_files(folder)
    if "concept" in found:
        return found
    below = [_list_files(sub) for sub in sorted(folder.iterdir()) if sub.is_dir()]
    whole = [tables for tables in below if "concept" in tables]
    return _only(whole, folder) if whole else found


def _list_files(folder: Path) -> Mapping[str, TableFile]:
    known = _known_tables()
    files = [file for file in sorted(folder.iterdir()) if file.stem.lower() in known]
    by_suffix = {
        suffix: {
            file.stem.lower(): _describe_file(file)
            for file in files
            if file.suffix.lower() == suffix and file.is_file() and file.stat().st_size
        }
        for suffix in (TEXT, PARQUET)
    }
    return by_suffix[TEXT] | by_suffix[PARQUET]


def _describe_file(file: Path) -> TableFile:
    is_parquet = file.suffix.lower() == PARQUET
    return TableFile(
        file.name, file.stat().st_size, file if is_parquet else None, lambda: file.open("rb")
    )


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    if not zipfile.is_zipfile(path):
        raise CommonwealError(
            f"{path.name} is not a zip file, or its end is missing.",
            expected=f"a folder, or {_WHOLE}",
            fix=_AGAIN,
        )
    with told_plainly(path.name), zipfile.ZipFile(path) as archive:
        yield archive


@contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Turn what reading a zip can raise into a sentence about the file ``name``."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CommonwealError(f"{name} is damaged.", expected=_WHOLE, fix=_AGAIN) from error
    except RuntimeError as error:  # also what an unknown kind of packing raises
        raise CommonwealError(
            f"{name} cannot be unpacked: it has a password, or an unusual kind of packing.",
            expected=_WHOLE,
            fix="Unpack it with another program, and load the folder.",
        ) from error


def _list_zip(archive: zipfile.ZipFile, path: Path) -> Mapping[str, TableFile]:
    for member in archive.infolist():
        _check_member(member)
    known = _known_tables()
    by_folder: dict[str, dict[str, TableFile]] = {}
    for member in archive.infolist():
        place = PurePosixPath(member.filename)
        table = place.stem.lower()
        if table in known and place.suffix.lower() == TEXT and member.file_size:
            by_folder.setdefault(str(place.parent), {})[table] = _describe_member(archive, member)
    whole = [tables for tables in by_folder.values() if "concept" in tables]
    return _only(whole, path) if whole else {}


def _describe_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> TableFile:
    name = PurePosixPath(member.filename).name
    return TableFile(name, member.file_size, None, lambda: archive.open(member))


def _check_member(member: zipfile.ZipInfo) -> None:
    """Refuse paths that lead elsewhere, and what unpacks to a mountain."""
    place = PurePosixPath(member.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[:1]:
        raise CommonwealError(
            "The zip has a path that leads out of it.",
            expected=_WHOLE,
            fix="Do not use this file; fetch the download from Athena.",
        )
    bulk = max(SMALL_BYTES, member.compress_size * MOST_TIMES_SMALLER)
    if member.file_size > bulk:
        raise CommonwealError(
            f"{place.name} in the zip would unpack to {member.file_size:,} bytes, more than "
            f"{MOST_TIMES_SMALLER} times its size there.",
            expected=_WHOLE,
            fix="Do not use this file; fetch the download from Athena.",
        )


def _only(whole: Iterable[Mapping[str, TableFile]], path: Path) -> Mapping[str, TableFile]:
    tables, *others = whole
    if others:
        raise CommonwealError(
            f"There is more than one vocabulary in {path}.",
            expected="one file CONCEPT.csv",
            fix="Load one of the folders in it.",
        )
    return tables


def _check_concepts(tables: Mapping[str, TableFile], path: Path) -> Mapping[str, TableFile]:
    if "concept" not in tables:
        raise CommonwealError(
            f"There is no vocabulary in {path}.",
            expected="CONCEPT.csv as Athena delivers it, or concept.parquet",
            fix="Give the folder or the zip of the download.",
        )
    return tables
