"""The drop area of a site, as the ways in write it: a folder for each submission.

A folder is named after the day and a number, such as ``2026-11-25-v1``, and holds one file
for each table. The declaration ``_SUBMISSION.json`` says what the folder is for; it is written
last, and from then on the folder is handed in. What is still arriving has a name that starts
with ``.part-`` and is nobody's business but the writer's.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path

from commonweal.engine.settings import DropSettings
from commonweal.engine.storage import Location, make_private, readable_json
from commonweal.intake.lifecycle.declaration import DECLARATION, Declaration
from commonweal.intake.lifecycle.drop import AHEAD, MOST_NUMBER, RECEIPT, Version, parse_version
from commonweal.intake.purposes import DIALECTS
from commonweal.intake.sites import Site, list_sites
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Submission, get_model

PART = ".part-"
"""How the names of unfinished files and folders begin."""
OWNER = f"{PART}owner"
"""Names the steward who began a folder by SFTP."""
_FILE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\.[A-Za-z]{3,5}", re.ASCII)


def area_of(home: Path, site: Site) -> Path:
    """The folder that a site's submissions are put into.

    Raises:
        CommonwealError: the site was closed, or it puts its files into a bucket of its own.
    """
    if site.closed_on is not None:
        raise CommonwealError(
            f"The site {site.name} was closed on {site.closed_on}.",
            fix="Ask the data centre if this is not so.",
        )
    area = Location.of(site.drop_url or home / "drop" / site.name)
    if not area.is_local:
        raise CommonwealError(
            f"The site {site.name} hands in through its bucket, {area.url}.",
            fix="Put the folder there, with the tools of the bucket.",
        )
    return area.path


def make_area(home: Path, site: Site) -> Path:
    """The drop area of a site, made when missing, closed to every other account.

    Raises:
        CommonwealError: as for ``area_of``.
    """
    area = area_of(home, site)
    make_private(home / "drop")
    make_private(area)
    return area


def list_areas(home: Path) -> list[Path]:
    """The drop areas on this machine, of every site that has one."""
    areas: list[Path] = []
    for site in list_sites(home):
        with suppress(CommonwealError):
            areas.append(area_of(home, site))
    return areas


def check_file_name(name: str) -> None:
    """Refuse what is not the file of a table that sites send, in any dialect.

    Raises:
        CommonwealError: the name is none of the layout's; the message repeats it only when
            there is nothing odd in it.
    """
    if not _FILE.fullmatch(name) or name.lower() not in list_file_names():
        named = f"{name} is" if _FILE.fullmatch(name) else "This is"
        raise CommonwealError(
            f"{named} not the name of a table's file.",
            expected="a table of the submission specification and .csv, such as person.csv, or "
            "note.jsonl",
            fix="Rename the file, or leave it out.",
        )


@cache
def list_file_names() -> frozenset[str]:
    """The names a site's files may have, in lower case."""
    sent = {
        table.name.lower()
        for model in map(get_model, DIALECTS)
        for table in model.tables.values()
        if table.submission is not Submission.NEVER
    }
    return frozenset({f"{name}.csv" for name in sent} | {"note.jsonl"})


def is_handed_in(folder: Path) -> bool:
    """Whether a folder was declared or taken in; nothing in it changes any more."""
    return (folder / DECLARATION).is_file() or (folder / RECEIPT).is_file()


def list_arrived(folder: Path) -> list[Path]:
    """The whole files of a folder, by name; what is still arriving is left out."""
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith((".", "_")))


def write_declaration(folder: Path, declaration: Declaration) -> None:
    """Write the declaration whole or not at all."""
    draft = folder / f"{PART}declaration"
    draft.write_bytes(readable_json(declaration.to_json()))
    put_in_place(draft, folder / DECLARATION)


def put_in_place(part: Path, target: Path) -> None:
    """Give a whole file its name, once its bytes are on the disk."""
    sync(part)
    part.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Have the system bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hand_over(staging: Path, area: Path, day: date, *, known: Iterable[str] = ()) -> Path:
    """Turn a staged folder into the next submission of the day; it appears whole.

    It is named after everything in the area and after ``known``, the names of folders that are
    remembered, so that it is the latest by name as well. Making the folder claims the number. If
    anybody puts something into it before ours takes its place, the system refuses, and the next
    number is tried: two never mix.

    Raises:
        CommonwealError: every number of the day is taken.
    """
    sync(staging)
    for version in _list_next([*known, *(path.name for path in area.iterdir())], day):
        target = area / version.name
        try:
            target.mkdir(mode=0o700)
            staging.rename(target)
        except FileExistsError:
            continue
        except OSError as error:
            if not _has_content(target):
                raise error
            continue
        sync(area)
        return target
    raise CommonwealError(
        f"Every number of {day.isoformat()} is taken.",
        fix="Hand the folder in tomorrow.",
    )


def _list_next(names: Iterable[str], day: date) -> Iterator[Version]:
    """Names to try: after the highest there is, then, when numbers run out, any that is free.

    Where it is tomorrow already, folders may be named so; what comes after them has that day.
    """
    versions = [version for name in names if (version := parse_version(name))]
    last = max((v for v in versions if day <= v.day <= day + AHEAD), default=Version(day, 0))
    numbers = chain(range(last.number + 1, MOST_NUMBER + 1), range(1, last.number))
    return (Version(last.day, number) for number in numbers)


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def measure_use(area: Path) -> int:
    """Bytes that lie in a drop area, unfinished files included."""
    return sum(_size(file) for file in _walk(area))


def check_room(
    area: Path, settings: DropSettings, *, wanted: int, promised: int = 0, elsewhere: int = 0
) -> None:
    """Refuse what would not fit, before it is sent.

    ``wanted`` bytes are to come; ``promised`` ones are still to come into this area, and
    ``elsewhere`` into the others on the same disk.

    Raises:
        CommonwealError: the site's share is used up, or the disk has no room.
    """
    used = measure_use(area) + promised
    if used + wanted > settings.site_quota:
        raise CommonwealError(
            f"The drop area of the site may hold {in_words(settings.site_quota)}, and "
            f"{in_words(used)} of it are taken.",
            expected=f"room for {in_words(wanted)}",
            fix="Discard uploads that are not needed, or ask the data centre for more room.",
        )
    free = shutil.disk_usage(area).free - settings.reserve - promised - elsewhere
    if wanted > free:
        raise CommonwealError(
            f"The data centre has no room for {in_words(wanted)} now.",
            expected=f"at most {in_words(max(free, 0))}",
            fix="Try again later, or tell the data centre. What was handed in is safe.",
        )


def in_words(size: int) -> str:
    """A size for people, such as 1.5 GB, in powers of a thousand."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _walk(area: Path) -> Iterator[Path]:
    return (path for path in area.rglob("*") if not path.is_symlink())


def _size(path: Path) -> int:
    """Bytes of a file; one that goes while we look weighs nothing, nor does a folder."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
