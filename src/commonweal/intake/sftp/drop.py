"""What a steward may do in the drop area of the site: make folders, put files, hand in.

A folder belongs to the steward who made it. A file arrives under a hidden name and gets its
own when it is closed; until the folder is handed in, by putting ``_SUBMISSION.json`` into it,
a file may be sent anew or gone on with. Nothing whole is ever removed, and nothing can be
fetched but the receipt and the report: a stolen key shows names and sizes.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.settings import DropSettings
from commonweal.engine.storage import hold_lock
from commonweal.intake.drop_area import (
    OWNER,
    PART,
    check_room,
    in_words,
    is_handed_in,
    put_in_place,
)
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.sftp.arriving import Arriving
from commonweal.intake.sftp.declaring import check_declaration
from commonweal.intake.sftp.places import RECEIPTS, TEMPORARY, PlaceNamed, clean_path, read_path
from commonweal.intake.sftp.refusal import DropRefusedError, Kind, absent, denied, exists
from commonweal.schema.errors import CommonwealError

_LOCK = f"{PART}lock"
_OURS = frozenset({OWNER.removeprefix(PART), _LOCK.removeprefix(PART)})
ROOM_STEP = 64_000_000
"""Bytes after which it is asked again whether there is room."""


@dataclass(frozen=True)
class Entry:
    """A name that the steward sees, and what the file system says of it."""

    name: str
    status: os.stat_result
    is_whole: bool = True

    @property
    def mode(self) -> int:
        """Folders can be entered, whole files are read-only, unfinished ones are not."""
        if stat.S_ISDIR(self.status.st_mode):
            return stat.S_IFDIR | 0o700
        return stat.S_IFREG | (0o400 if self.is_whole else 0o600)


class Drop:
    """The drop area of one site as one steward sees it."""

    def __init__(self, area: Path, *, steward: str, settings: DropSettings) -> None:
        self._area = area
        self._steward = steward
        self._settings = settings

    def look_up(self, path: bytes) -> Entry:
        """What stands at a path."""
        place = read_path(path)
        if not place.folder:
            return Entry(".", self._area.stat())
        folder = self._get_folder(place)
        if not place.file:
            return Entry(place.folder, folder.stat())
        entry = _find_file(folder, place.file)
        if entry is None:
            raise absent()
        return entry

    def list_folder(self, path: bytes) -> list[Entry]:
        """What stands in a folder, by name."""
        place = read_path(path)
        if place.file:
            raise absent()
        if not place.folder:
            names = sorted(p.name for p in self._area.iterdir() if parse_version(p.name))
            folders = [(name, self._area / name) for name in names]
            return [Entry(name, f.stat()) for name, f in folders if _is_real_folder(f)]
        return _list_files(self._get_folder(place))

    def make_folder(self, path: bytes) -> None:
        """Begin a submission; the folder belongs to this steward."""
        name = clean_path(path).decode("utf-8", errors="replace").removeprefix("/")
        if parse_version(name) is None:
            raise denied(_HOW_TO_BEGIN)
        folder = self._area / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            raise exists(f"{name} is there already; take the next number.") from None
        (folder / OWNER).write_text(self._steward, encoding="utf-8")

    def remove_folder(self, path: bytes) -> None:
        """Take back a folder of one's own into which nothing was put."""
        folder = self._get_own(read_path(path))
        if _list_files(folder):
            raise denied("The folder is not empty.")
        (folder / OWNER).unlink()
        folder.rmdir()

    def open_file(self, path: bytes, *, anew: bool, only_new: bool) -> Arriving:
        """Begin to write a file, or go on with it when ``anew`` is false."""
        place = _read_file_path(path)
        folder = self._get_own(place)
        target, part = folder / place.file, folder / f"{PART}{place.file}"
        if target.exists() and only_new:
            raise exists(f"{place.file} is there already.")
        self._check_room(0)
        arriving = Arriving(part, place.file, anew=anew)
        if not anew and arriving.size == 0 and target.exists():
            # To go on with a file that was whole, its bytes become the unfinished ones.
            arriving.release()
            target.rename(part)
            arriving = Arriving(part, place.file, anew=False)
        return arriving

    def read_receipt(self, path: bytes) -> bytes:
        """The receipt or the report that the intake wrote; nothing else is given out."""
        place = read_path(path)
        folder = self._get_folder(place)
        if place.file not in RECEIPTS:
            raise denied("Files can be put here; only the receipt and the report are fetched.")
        if _find_file(folder, place.file) is None:
            raise absent()
        return (folder / place.file).read_bytes()

    def write(self, arriving: Arriving, offset: int, data: bytes) -> int:
        """Write a block, if there is room for it."""
        end = offset + len(data)
        if end > self._settings.largest_file:
            limit = in_words(self._settings.largest_file)
            raise DropRefusedError(Kind.NO_ROOM, f"A file may have {limit} at most.")
        if end // ROOM_STEP > offset // ROOM_STEP:
            self._check_room(len(data))
        return arriving.write(offset, data)

    def finish(self, arriving: Arriving) -> None:
        """Give a file its name after the client has closed it; the declaration hands in.

        Raises:
            DropRefusedError: bytes are missing, or the declaration does not fit the folder.
        """
        try:
            if not arriving.keep():
                raise DropRefusedError(
                    Kind.FAILED, f"{arriving.name} has a gap; send it again or go on with it."
                )
            if not arriving.name.endswith(TEMPORARY):
                self._place(arriving)
        finally:
            arriving.release()

    def abandon(self, arriving: Arriving) -> None:
        """Keep what has arrived of a file whose connection broke."""
        arriving.keep()
        arriving.release()

    def rename(self, old: bytes, new: bytes, *, replace: bool) -> None:
        """Give a file another name in its folder, as long as it is not handed in."""
        source, target = _read_file_path(old), _read_file_path(new)
        folder = self._get_own(source)
        if source.folder != target.folder or DECLARATION in {source.file, target.file}:
            raise denied("A file keeps its folder, and the declaration its name.")
        if target.file.endswith(TEMPORARY):
            raise denied("A file is not made unfinished again.")
        if (folder / target.file).exists() and not replace:
            raise exists(f"{target.file} is there already.")
        if not (folder / source.file).exists():
            self._name_part(folder, source, target)
            return
        with hold_lock(folder / _LOCK):
            self._get_own(source)
            put_in_place(folder / source.file, folder / target.file)

    def remove_file(self, path: bytes) -> None:
        """Throw away what is unfinished; what is whole stays."""
        place = _read_file_path(path)
        folder = self._get_own(place)
        if (folder / place.file).exists():
            raise denied(f"{place.file} is whole and stays; send it again to replace it.")
        part = folder / f"{PART}{place.file}"
        if not part.exists():
            raise absent()
        arriving = Arriving(part, place.file, anew=False)
        part.unlink()
        arriving.release()

    def _place(self, arriving: Arriving) -> None:
        folder = arriving.part.parent
        # Nothing may get its name between the look at the folder and its being handed in.
        with hold_lock(folder / _LOCK):
            if is_handed_in(folder):
                raise denied(_HANDED_IN)
            if arriving.name == DECLARATION:
                check_declaration(arriving.part, unfinished=_list_unfinished(folder))
            put_in_place(arriving.part, folder / arriving.name)

    def _name_part(self, folder: Path, source: PlaceNamed, target: PlaceNamed) -> None:
        part = folder / f"{PART}{source.file}"
        if not source.file.endswith(TEMPORARY) or not part.exists():
            raise absent()
        arriving = Arriving(part, target.file, anew=False)
        self.finish(arriving)

    def _get_folder(self, place: PlaceNamed) -> Path:
        folder = self._area / place.folder
        if not _is_real_folder(folder):
            raise absent()
        return folder

    def _get_own(self, place: PlaceNamed) -> Path:
        """The folder of a place, provided that this steward may change what is in it."""
        if not place.folder:
            raise denied(_HOW_TO_BEGIN)
        folder = self._get_folder(place)
        if is_handed_in(folder):
            raise denied(_HANDED_IN)
        owner = folder / OWNER
        if not owner.is_file() or owner.read_text(encoding="utf-8") != self._steward:
            raise denied(f"{place.folder} was begun by somebody else; take the next number.")
        return folder

    def _check_room(self, wanted: int) -> None:
        try:
            check_room(self._area, self._settings, wanted=wanted)
        except CommonwealError as error:
            raise DropRefusedError(Kind.NO_ROOM, error.found) from error


_HOW_TO_BEGIN = (
    "Files go into a folder that is named after the day and a number, such as 2026-11-25-v1. "
    "Make it first, and put the file of each table into it."
)
_HANDED_IN = "This folder is handed in, and nothing in it changes. Make the next one."


def _read_file_path(path: bytes) -> PlaceNamed:
    """The place of a file that is to be written; whoever gets it wrong is told how it is right."""
    try:
        place = read_path(path)
    except DropRefusedError:
        raise denied(
            f"{_HOW_TO_BEGIN} A file is called after its table, such as person.csv."
        ) from None
    if not place.file or place.file in RECEIPTS:
        raise denied(_HOW_TO_BEGIN)
    return place


def _is_real_folder(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _list_files(folder: Path) -> list[Entry]:
    names = {path.name.removeprefix(PART) for path in folder.iterdir()} - _OURS
    found = (_find_file(folder, name) for name in sorted(names) if not name.startswith("."))
    return [entry for entry in found if entry]


def _list_unfinished(folder: Path) -> list[str]:
    parts = {path.name.removeprefix(PART) for path in folder.glob(f"{PART}*")}
    return sorted(parts - _OURS - {DECLARATION})


def _find_file(folder: Path, name: str) -> Entry | None:
    """A file of a folder; an unfinished one stands for the whole one it will replace."""
    for path, is_whole in ((folder / f"{PART}{name}", False), (folder / name, True)):
        if path.is_file() and not path.is_symlink():
            return Entry(name, path.lstat(), is_whole)
    return None
