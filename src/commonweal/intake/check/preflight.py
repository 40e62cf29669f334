"""The byte preflight: what kind of file it is, and whether its structure is sound.

The file is read once in blocks of whole lines. In each block numpy finds the quotes,
commas and line ends; counting quotes says which of them are inside a value, and that
gives the number of records and of fields in each. As long as nothing is odd this is all
the structure there is to know. At the first odd byte the preflight stops and says so, and
``structure`` reads the file with more care.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from commonweal.intake.check.lines import LineMap

BLOCK_BYTES = 128 << 10
MAX_RECORD_BYTES = 16 << 20
HEAD_BYTES = 4096

QUOTE, COMMA, NEWLINE, RETURN = b'",\n\r'
BEFORE_OPENING = np.zeros(256, dtype=bool)
BEFORE_OPENING[[COMMA, NEWLINE, QUOTE]] = True
AFTER_CLOSING = np.zeros(256, dtype=bool)
AFTER_CLOSING[[COMMA, NEWLINE, RETURN, QUOTE]] = True

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
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
    """Every second byte NUL means two-byte characters; many NULs otherwise mean binary."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if max(even, odd) > 0.7 * half and min(even, odd) < 0.3 * half:
        return Nature("encoding.utf16", "UTF-16")
    if even + odd > 0.6 * len(head):
        return Nature("file.not_csv", "binary data")
    return None


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
        done = header_bytes
        for block in read_blocks(stream, limit):
            if block is None or not counter.take(block):
                return counter.result(sound=False)
            done += len(block)
            progress(done)
    return counter.result(sound=not counter.is_open)


def read_blocks(stream: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """Blocks of whole lines; None and no more after an endless line.

    A last line without an end is given the one that the line before it has.
    """
    rest, line_end = b"", b"\n"
    while chunk := stream.read(BLOCK_BYTES):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield rest + chunk[:cut]
            line_end = b"\r\n" if chunk[:cut].endswith(b"\r\n") else b"\n"
            rest = chunk[cut:]
        else:
            rest += chunk
        if len(rest) > limit:
            yield None
            return
    if rest:
        yield rest + line_end


class RecordCounter:
    """Counts records and fields over blocks; a record may reach over several of them."""

    def __init__(self, width: int, header_lines: int, limit: int) -> None:
        self._commas_expected = width - 1
        self._limit = limit
        self.lines = LineMap(header_lines)
        self.records = 0
        self._is_inside = False
        self._open_commas = 0
        self._open_bytes = 0
        self.broken_lines = 0
        self._last_broken = 0
        self.crlf = 0

    @property
    def is_open(self) -> bool:
        """A quote was opened and not closed."""
        return self._is_inside

    def take(self, block: bytes) -> bool:
        """Count a block; False when something is odd."""
        if not _is_text(block):
            return False
        data = np.frombuffer(block, dtype=np.uint8)
        marked = (data == COMMA) | (data == NEWLINE) | (data == QUOTE)
        if RETURN in block:
            marked |= data == RETURN
        marks = np.flatnonzero(marked)
        inside = self._inside_quotes(data, marks)
        if inside is None:
            return False
        inner = marks[inside & (data[marks] == NEWLINE)]
        outer = marks[~inside & (data[marks] != QUOTE)]
        return self._count(data, outer, inner)

    def _inside_quotes(self, data: Bytes, marks: Positions) -> Mask | None:
        """Which marks are inside quotes; None when a quote is where none may be."""
        is_quote = data[marks] == QUOTE
        inside: Mask = np.bitwise_xor.accumulate(is_quote) ^ self._is_inside
        opens, closes = marks[is_quote & inside], marks[is_quote & ~inside]
        if opens.size and opens[0] == 0:
            opens = opens[1:]
        if not (BEFORE_OPENING[data[opens - 1]].all() and AFTER_CLOSING[data[closes + 1]].all()):
            return None
        self._is_inside = bool(inside[-1])
        return inside

    def _count(self, data: Bytes, outer: Positions, inner: Positions) -> bool:
        """Count the records that end in a block, and the fields of each."""
        kinds = data[outer]
        if not self._returns_are_ends(data, outer[kinds == RETURN]):
            return False
        outer = outer[kinds != RETURN]
        ends = np.flatnonzero(data[outer] == NEWLINE)
        commas = np.diff(ends, prepend=-1) - 1
        if commas.size:
            commas[0] += self._open_commas
            self._open_commas = len(outer) - int(ends[-1]) - 1
            self._open_bytes = len(data) - int(outer[ends[-1]]) - 1
        else:
            self._open_commas += len(outer)
            self._open_bytes += len(data)
        if inner.size:
            self._note_breaks(np.searchsorted(outer[ends], inner))
        self.records += len(ends)
        fits = bool((commas == self._commas_expected).all())
        return fits and self._open_bytes <= self._limit

    def _returns_are_ends(self, data: Bytes, returns: Positions) -> bool:
        """Every carriage return outside quotes stands right before a line feed."""
        self.crlf += len(returns)
        return bool((data[returns + 1] == NEWLINE).all())

    def _note_breaks(self, records: Positions) -> None:
        """Line breaks inside values; ``records`` are numbered from 0 within the block."""
        numbers, breaks = np.unique(records, return_counts=True)
        for number, count in zip(numbers.tolist(), breaks.tolist(), strict=True):
            record = self.records + number + 1
            self.broken_lines += record != self._last_broken
            self._last_broken = record
            ahead = self.lines.lines_past_record + count
            self.lines.shift_from(record + 1, records=0, lines=ahead)

    def result(self, *, sound: bool) -> Structure:
        mixed = 0 < self.crlf < self.records
        return Structure(sound, self.records, self.lines, self.broken_lines, mixed)


def _is_text(block: bytes) -> bool:
    """UTF-8 without NUL bytes; a block ends with a line, so no character is cut."""
    if b"\0" in block:
        return False
    if block.isascii():
        return True
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
