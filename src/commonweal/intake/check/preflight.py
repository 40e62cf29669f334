"""The byte preflight: what kind of file it is, and whether its structure is sound.

The file is read once, in blocks that ``records`` splits into records and fields. As long
as nothing is odd this is all the structure there is to know. At the first odd byte the
preflight stops and says so, and ``structure`` reads the file with more care.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np
import numpy.typing as npt

from commonweal.intake.check.block import (
    PAD,
    RETURN,
    Bytes,
    Split,
    keep_rest,
    new_buffer,
    room_behind,
)
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.records import split_records

BLOCK_BYTES = 2 << 20
"""Large enough that calling the loops takes no time, small enough for the cache of a core."""
MAX_RECORD_BYTES = 16 << 20
HEAD_BYTES = 4096

Progress = Callable[[int], None]

SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
)
WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Nature:
    """What the first bytes say: the code that stops the check, if any, and its detail."""

    code: str = ""
    detail: str = ""
    has_mark: bool = False


@dataclass(frozen=True)
class Structure:
    """What is known of a file's records."""

    sound: bool
    records: int
    lines: LineMap
    broken_lines: int = 0
    """Records that hold a line break inside a value."""
    mixed_ends: bool = False
    bytes: int = 0
    """Bytes of all records together; the last one may have been given its end."""


def recognise(head: bytes) -> Nature:
    """Tell from the first bytes whether this can be CSV text at all."""
    if not head:
        return Nature("file.empty")
    for mark, name in WIDE_MARKS:
        if head.startswith(mark):
            return Nature("encoding.utf16", name)
    for mark, name in SIGNATURES:
        if head.startswith(mark):
            return Nature("file.not_csv", name)
    if b"\n" not in head and b"\r" in head and b"\0" not in head:
        return Nature("structure.cr_line_ends")
    return _recognise_nuls(head) or Nature(has_mark=head.startswith(UTF8_MARK))


def _recognise_nuls(head: bytes) -> Nature | None:
    """NULs in three bytes of four or in every second mean wide characters, others binary data.

    The header decides about UTF-16: its letters are Latin whatever those of the rows are.
    """
    if _is_utf32(head):
        return Nature("encoding.utf16", "UTF-32")
    if _is_utf16(head) or _is_utf16(head.partition(b"\n")[0]):
        return Nature("encoding.utf16", "UTF-16")
    if head.count(0) > 0.6 * len(head):
        return Nature("file.not_csv", "binary data")
    return None


def _is_utf16(text: bytes) -> bool:
    """Whether every second byte is NUL, or nearly, and the others are not."""
    even, odd = text[0::2].count(0), text[1::2].count(0)
    half = max(len(text) // 2, 1)
    return max(even, odd) > 0.7 * half and min(even, odd) < 0.3 * half


def _is_utf32(head: bytes) -> bool:
    """Whether one byte of four says something, and the others are NUL."""
    quarter = max(len(head) // 4, 1)
    silent = sorted(head[place::4].count(0) / quarter for place in range(4))
    return silent[0] < 0.3 and silent[1] > 0.7


def survey(
    path: Path,
    *,
    header_bytes: int,
    header_lines: int,
    width: int,
    progress: Progress,
    limit: int = MAX_RECORD_BYTES,
) -> Structure:
    """Count the records after the header, or find that the structure is not sound.

    ``width`` is the number of columns; ``progress`` is told the bytes read so far.
    """
    counter = RecordCounter(width, header_lines, limit)
    with path.open("rb") as stream:
        stream.seek(header_bytes)
        for _ in counter.read(stream):
            progress(header_bytes + counter.bytes)
    return counter.result()


class RecordCounter:
    """Splits text into records, block after block, and counts what it has met."""

    def __init__(
        self, width: int, header_lines: int, limit: int, *, allow_nul: bool = False
    ) -> None:
        self._width = width
        self._limit = limit
        self._allow_nul = allow_nul
        self.lines = LineMap(header_lines)
        self.records = 0
        self.bytes = 0
        self.broken_lines = 0
        self.crlf = 0
        self._ends_in_crlf = False
        self.is_sound = True
        self.is_open = False
        """Whether the text so far ends within a record."""

    def read(self, stream: BufferedReader) -> Iterator[Split]:
        """The records of a stream in blocks, each of them good until the next one is asked for.

        A last line without an end is given the one that the line before it has. At the first
        odd byte the blocks end, and ``is_sound`` is false.
        """
        data, held = new_buffer(BLOCK_BYTES), 0
        while got := stream.readinto(room_behind(data, held)):
            split = self._split(data, held + got)
            if split is None:
                return
            if split.rows:
                yield split
            held += got + PAD - split.stop
            data = keep_rest(data, split.stop, held)
        if held:
            end = b"\r\n" if self._ends_in_crlf else b"\n"
            data[PAD + held : PAD + held + len(end)] = list(end)
            split = self._split(data, held + len(end))
            if split is not None and not self.is_open:
                yield split
        self.is_sound &= not self.is_open

    def take(self, text: bytes) -> bool:
        """Count the records of whole lines; False when something is odd."""
        data = new_buffer(len(text))
        room_behind(data, 0)[: len(text)] = text
        return self._split(data, len(text)) is not None

    def _split(self, data: Bytes, size: int) -> Split | None:
        split = split_records(data, size, self._width, allow_nul=self._allow_nul)
        if split is None or not self._is_within_limit(split, size):
            self.is_sound = False
            return None
        self.is_open = split.stop < PAD + size
        if split.rows:
            self._count(split)
        return split

    def _is_within_limit(self, split: Split, size: int) -> bool:
        """Whether no record is too long, the one that has only begun included."""
        ends = np.concatenate(([PAD], split.line_ends + 1, [PAD + size]))
        return int(np.diff(ends).max()) <= self._limit

    def _count(self, split: Split) -> None:
        if split.breaks.size:
            self._note_breaks(np.searchsorted(split.line_ends, split.breaks))
        self.records += split.rows
        self.bytes += split.stop - PAD
        self.crlf += split.crlf
        self._ends_in_crlf = split.data[split.stop - 2] == RETURN

    def _note_breaks(self, records: npt.NDArray[np.int64]) -> None:
        """Line breaks inside values; ``records`` are numbered from 0 within the block."""
        numbers, breaks = np.unique(records, return_counts=True)
        self.broken_lines += len(numbers)
        for number, count in zip(numbers.tolist(), breaks.tolist(), strict=True):
            ahead = self.lines.lines_past_record + count
            self.lines.shift_from(self.records + number + 2, records=0, lines=ahead)

    def result(self) -> Structure:
        """What is known after the last block."""
        mixed = 0 < self.crlf < self.records
        return Structure(
            self.is_sound, self.records, self.lines, self.broken_lines, mixed, self.bytes
        )
