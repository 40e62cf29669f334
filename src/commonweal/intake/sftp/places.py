"""Paths of a drop: there are only ``/``, ``/FOLDER`` and ``/FOLDER/FILE``.

Nothing of a client's path ever reaches the file system but names that are a folder's or a
file's of the layout. So there is nothing to climb out of.
"""

import posixpath
from dataclasses import dataclass

from commonweal.intake.drop_area import check_file_name
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import RECEIPT, RECEIPT_PAGE, parse_version
from commonweal.intake.sftp.refusal import absent
from commonweal.schema.errors import CommonwealError

TEMPORARY = ".filepart"
"""What some clients add to a name until they have sent the whole file."""
RECEIPTS = frozenset({RECEIPT, RECEIPT_PAGE})
"""What the intake writes into a folder for the site to fetch."""


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
    if len(parts) > 2 or parse_version(parts[0]) is None:
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
    """Whether a file may be called so: a table, also with a client's temporary ending, the
    declaration or a receipt.
    """
    if name == DECLARATION or name in RECEIPTS:
        return True
    try:
        check_file_name(name.removesuffix(TEMPORARY))
    except CommonwealError:
        return False
    return True
