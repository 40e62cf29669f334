"""What the system refused, in words: every verb reads and writes files somewhere."""

import errno
from collections.abc import Mapping
from types import MappingProxyType

from commonweal.engine.storage import SCRATCH
from commonweal.schema.errors import CommonwealError

EXPLAINED: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        errno.ENOSPC: ("room on the disk", "Make room, or choose another folder."),
        errno.EFBIG: ("files that may grow as large as they must", "Lift the limit on file sizes."),
        errno.EROFS: ("a disk that can be written to", "Choose a folder on another disk."),
        errno.EACCES: ("permission to read and write there", "Choose a folder you own."),
        errno.EPERM: ("permission to read and write there", "Choose a folder you own."),
        errno.ENOENT: ("a file or folder that exists", "Check how the path is spelled."),
        errno.EEXIST: ("a folder, but a file has that name", "Choose another path."),
        errno.ENOTDIR: ("a folder, but a file has that name", "Choose another path."),
        errno.EISDIR: ("a file, but a folder has that name", "Choose another path."),
    }
)


def explain_os_error(error: OSError) -> CommonwealError:
    """The sentence for an error of the system; scratch names are not shown to anybody."""
    expected, fix = EXPLAINED.get(error.errno or 0, ("a file that can be used", "Check the path."))
    place = str(error.filename or "").replace(SCRATCH, "").removesuffix(".lock")
    said = error.strerror or type(error).__name__
    return CommonwealError(f"{said}: {place}" if place else said, expected=expected, fix=fix)
