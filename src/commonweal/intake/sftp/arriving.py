"""A file that is being written into a drop, block by block."""

import errno
import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

from commonweal.intake.sftp.refusal import DropRefusedError, Kind, denied


@dataclass
class Extent:
    """Which bytes of a file are there: all up to ``end``, and some spans beyond.

    Clients send many blocks without waiting. What has a hole in it is not whole, and after a
    broken connection only what lies before the first hole counts.
    """

    end: int = 0
    spans: dict[int, int] = field(default_factory=dict)

    def add(self, start: int, stop: int) -> None:
        """Note that the bytes from ``start`` to before ``stop`` are there."""
        self.spans[start] = max(stop, self.spans.get(start, 0))
        for begin in sorted(self.spans):
            if begin > self.end:
                break
            self.end = max(self.end, self.spans.pop(begin))

    @property
    def has_hole(self) -> bool:
        return bool(self.spans)


class Arriving:
    """An open part of a file; the lock on it lasts as long as it is open."""

    def __init__(self, part: Path, name: str, *, anew: bool) -> None:
        self.part = part
        self.name = name
        self._descriptor = _open_alone(part)
        if anew:
            os.ftruncate(self._descriptor, 0)
        self.extent = Extent(end=self.size)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    @property
    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def write(self, offset: int, data: bytes) -> int:
        """Write a block where it belongs, wholly or with an error.

        Raises:
            DropRefusedError: the disk is full. What was written before stays.
        """
        view = memoryview(data)
        position = offset
        try:
            while view:
                written = os.pwrite(self._descriptor, view, position)
                view = view[written:]
                position += written
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise
            raise DropRefusedError(
                Kind.NO_ROOM,
                "The data centre's disk is full. What has arrived is kept; go on later.",
            ) from error
        finally:
            if position > offset:
                self.extent.add(offset, position)
        return len(data)

    def cut(self, size: int) -> None:
        """Shorten the file, which some clients do before they go on."""
        if size > self.extent.end:
            raise denied("A file grows by what is written to it.")
        os.ftruncate(self._descriptor, size)
        self.extent = Extent(end=size)

    def keep(self) -> bool:
        """Bring what is there to the disk, up to the first hole; whether there was none."""
        whole = not self.extent.has_hole
        if not whole:
            os.ftruncate(self._descriptor, self.extent.end)
        os.fsync(self._descriptor)
        return whole

    def release(self) -> None:
        """Let others write."""
        os.close(self._descriptor)


def _open_alone(part: Path) -> int:
    """A descriptor that holds the lock of the file that has this name now."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held the lock may have given the file its name meanwhile.
            if os.path.samestat(os.fstat(descriptor), part.lstat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise denied("Another connection is just writing this file.") from None
        except FileNotFoundError:
            pass
        os.close(descriptor)
