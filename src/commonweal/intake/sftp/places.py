"""Paths of a drop: there are only ``/``, ``/FOLDER`` and ``/FOLDER/FILE``.

Nothing of a client's path ever reaches the file system but names that are a folder's or a
file's of the layout. So there is nothing to climb out of.
"""

import posixpath
from dataclasses import dataclass

from commonweal.intake.drop_area import DECLARATION, check_file_name, is_folder_name
from commonweal.intake.sftp.refusal import absent
from commonweal.schema.errors import CommonwealError

TEMPORARY = ".filepart"
"""What some clients add to a name until they have sent the whole file."""


@dataclass(frozen=True)
class PlaceNamed:
    """A path as names: both are empty for ``/``, the file is empty for a folder."""

    folder: str = ""
    file: str = ""


def read_path(path: bytes) -> PlaceNamed:
    """The place a client's path names, whether or not anything is there.

    Raises:
        DropRefusedError: no place of a drop has such a path.
    """
    try:
        parts = clean_path(path).decode("utf-8").split("/")[1:]
    except UnicodeDecodeError:
        raise absent() from None
    if parts == [""]:
        return PlaceNamed()
    if len(parts) > 2 or not is_folder_name(parts[0]):
        raise absent()
    if len(parts) == 1:
        return PlaceNamed(parts[0])
    if not is_drop_file(parts[1]):
        raise absent()
    return PlaceNamed(parts[0], parts[1])


def clean_path(path: bytes) -> bytes:
    """The absolute path that is meant, with the drop as its root; ``..`` ends there."""
    return posixpath.normpath(b"/" + path.lstrip(b"/"))


def is_drop_file(name: str) -> bool:
    """Whether a file may be called so: a table, the declaration, or a client's temporary name."""
    if name == DECLARATION:
        return True
    try:
        check_file_name(name.removesuffix(TEMPORARY))
    except CommonwealError:
        return False
    return True
