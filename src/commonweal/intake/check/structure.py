"""The structural reader: splits a damaged file into records with care, line by line.

It copies the well-formed records to a scratch file, so that a fast reader can go on with
them, and counts and locates the others. After a broken record it starts again at the next
physical line: a quote that never closes costs one line and not the rest of the file.

Damage is rare, so blocks of lines are first looked at as the preflight does, and copied
whole when nothing is odd in them.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, Progress, RecordCounter
from commonweal.intake.findings import Tally

BLOCK_BYTES = 128 << 10
"""Small, because a block with one odd record in it is read line by line."""
_FIELD = rb'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_RECORD = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*+\r?\n?")
_OPEN = re.compile(rb"(?:" + _FIELD + rb',)*+"(?:[^"]|"")*+\Z')
_UP_TO_CLOSING = re.compile(rb'(?:[^"]|"")*+')
_QUOTED = re.compile(rb'"(?:[^"]|"")*+"')
_END = re.compile(rb"\r?\n?")


class Reading(Enum):
    """How the text of a record looks so far."""

    WHOLE = auto()
    OPEN = auto()
    BROKEN = auto()


@dataclass(frozen=True)
class Copy:
    """The records that could be read, and how many could not."""

    path: Path
    rows: int
    rejected: int
    lines: LineMap
    mixed_ends: bool
    lines_read: int
    """Physical lines that some record, kept or not, was read from."""
    is_whole: bool
    """Whether the file was read to its end, and not only to a line without one."""

    @property
    def seen(self) -> int:
        return self.rows + self.rejected


def copy_sound_records(
    source: Path,
    target: Path,
    *,
    header_bytes: int,
    header_lines: int,
    width: int,
    tally: Tally,
    progress: Progress,
    limit: int = MAX_RECORD_BYTES,
) -> Copy:
    """Copy the well-formed records of ``source``, after its header, to ``target``."""
    with source.open("rb") as stream, target.open("wb") as sink:
        stream.seek(header_bytes)
        lines = _Lines(stream, header_bytes, limit)
        splitter = _Splitter(
            lines, sink, width=width, header_lines=header_lines, tally=tally, limit=limit
        )
        splitter.run(progress)
    return splitter.result(target)


class _Lines:
    """The physical lines of a stream, with some of them put back to be read again."""

    def __init__(self, stream: BinaryIO, offset: int, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._again: deque[bytes] = deque()
        self.offset = offset
        self.too_long = False

    def next(self) -> bytes:
        """The next line; nothing at the end, or when a line has no end."""
        line = self._again.popleft() if self._again else self._stream.readline(self._limit + 1)
        if len(line) > self._limit:
            self.too_long = True
            return b""
        self.offset += len(line)
        return line

    def next_block(self) -> bytes:
        """The next lines, many at once; nothing while lines are waiting to be read again."""
        if self._again or self.too_long:
            return b""
        block = self._stream.read(BLOCK_BYTES)
        if block and not block.endswith(b"\n"):
            block += self._stream.readline(self._limit + 1)
        self.offset += len(block)
        return block

    def put_back(self, lines: list[bytes]) -> None:
        self._again.extendleft(reversed(lines))
        self.offset -= sum(map(len, lines))

    def put_back_block(self, block: bytes) -> None:
        lines = [line + b"\n" for line in block.split(b"\n")]
        last = lines.pop().removesuffix(b"\n")
        self.put_back([*lines, last] if last else lines)


class _Splitter:
    """The loop over records with its counters."""

    def __init__(
        self,
        lines: _Lines,
        sink: BinaryIO,
        *,
        width: int,
        header_lines: int,
        tally: Tally,
        limit: int,
    ) -> None:
        self._lines = lines
        self._sink = sink
        self._width = width
        self._tally = tally
        self._limit = limit
        self._line = header_lines
        self._header_lines = header_lines
        self._rows = 0
        self._rejected = 0
        self._ends = 0
        self._crlf = 0
        self._map = LineMap(header_lines)

    def run(self, progress: Progress) -> None:
        while True:
            block = self._lines.next_block()
            if block and self._keep_block(block):
                progress(self._lines.offset)
                continue
            if block:
                self._lines.put_back_block(block)
            first = self._lines.next()
            if not first:
                break
            self._judge_from(first)
        if self._lines.too_long:
            self._report("structure.record_too_long")
            self._tally.explain("structure.record_too_long", f"{self._limit >> 20} MiB")

    def result(self, path: Path) -> Copy:
        mixed = 0 < self._crlf < self._ends
        return Copy(
            path,
            self._rows,
            self._rejected,
            self._map,
            mixed,
            lines_read=self._line - self._header_lines,
            is_whole=not self._lines.too_long,
        )

    def _keep_block(self, block: bytes) -> bool:
        """Copy a block in which nothing is odd; False when it must be read line by line."""
        whole = block if block.endswith(b"\n") else block + b"\n"
        counter = RecordCounter(self._width, 0, self._limit)
        if not counter.take(whole) or counter.is_open:
            return False
        ahead = self._line - self._rows - self._rejected
        self._map.shift_from(self._rows + 1, records=self._rejected, lines=ahead)
        for row, shift in counter.lines.line_shifts():
            self._map.shift_from(self._rows + row, records=self._rejected, lines=ahead + shift)
            record, line = self._map.place(self._rows + row - 1)
            self._tally.add("structure.newline_in_value", line=line, record=record)
        self._sink.write(whole)
        self._rows += counter.records
        self._line += whole.count(b"\n")
        self._ends += counter.records - (whole != block)
        self._crlf += counter.crlf
        return True

    def _judge_from(self, first: bytes) -> None:
        """Read one record carefully, keep it or count its fault."""
        lines = [first] if b'"' not in first else self._gather(first)
        text = lines[0] if len(lines) == 1 else b"".join(lines)
        fault = self._find_fault(text)
        self._note_end(text)
        if fault:
            self._report(fault)
            self._rejected += 1
        else:
            self._keep(text, len(lines))
        self._line += len(lines)

    def _gather(self, first: bytes) -> list[bytes]:
        """A record with quotes: its one line, or all of them when a value goes over lines."""
        gathered, size = [first], len(first)
        reading = read_start(first)
        while reading is Reading.OPEN and size <= self._limit:
            line = self._lines.next()
            if not line:
                break
            gathered.append(line)
            size += len(line)
            if b'"' in line:
                reading = read_on(line)
        if len(gathered) > 1 and not self._belongs_together(gathered, reading):
            self._lines.put_back(gathered[1:])
            return gathered[:1]
        return gathered

    def _belongs_together(self, lines: list[bytes], reading: Reading) -> bool:
        """Whether lines are one record, rather than a broken line and others after it."""
        if reading is not Reading.WHOLE:
            return False
        if count_fields(b"".join(lines)) == self._width:
            return True
        second = lines[1]
        alone = read_start(second) is Reading.WHOLE and count_fields(second) == self._width
        return not alone

    def _find_fault(self, text: bytes) -> str | None:
        bare = _without_end(text)
        if not bare:
            return "structure.blank_line"
        if b'"' not in text:
            if b"\r" in bare:
                return "structure.lone_carriage_return"
        elif (reading := read_start(text)) is not Reading.WHOLE:
            return _name_quote_fault(text, reading)
        return None if count_fields(text) == self._width else "structure.ragged_row"

    def _keep(self, text: bytes, line_count: int) -> None:
        self._rows += 1
        record = self._rows + self._rejected
        self._map.shift_from(self._rows, records=self._rejected, lines=self._line + 1 - record)
        if line_count > 1:
            self._report("structure.newline_in_value", record=record)
        if b"\0" in text:
            self._report("encoding.nul", record=record)
        self._sink.write(self._as_utf8(text, record))
        if not text.endswith(b"\n"):
            self._sink.write(b"\n")

    def _as_utf8(self, text: bytes, record: int) -> bytes:
        if text.isascii():
            return text
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            self._report("encoding.invalid_utf8", record=record)
            start = self._lines.offset - len(text)
            self._tally.explain("encoding.invalid_utf8", f"{start + error.start:,}")
            return text.decode("utf-8", errors="replace").encode()
        return text

    def _note_end(self, text: bytes) -> None:
        if text.endswith(b"\n"):
            self._ends += 1
            self._crlf += text.endswith(b"\r\n")

    def _report(self, code: str, *, record: int = 0) -> None:
        number = record or self._rows + self._rejected + 1
        self._tally.add(code, line=self._line + 1, record=number)


def count_lines(path: Path, *, after: int) -> int:
    """Physical lines from a byte on, counted without any thought of records."""
    ends, last = 0, b"\n"
    with path.open("rb") as stream:
        stream.seek(after)
        while chunk := stream.read(BLOCK_BYTES):
            ends += chunk.count(b"\n")
            last = chunk[-1:]
    return ends + (last != b"\n")


def read_start(text: bytes) -> Reading:
    """How a text reads as a record from its beginning."""
    if _RECORD.fullmatch(text):
        return Reading.WHOLE
    return Reading.OPEN if _OPEN.match(text) else Reading.BROKEN


def read_on(line: bytes) -> Reading:
    """How a line reads that starts inside a quoted value."""
    matched = _UP_TO_CLOSING.match(line)
    end = matched.end() if matched else 0
    if end == len(line):
        return Reading.OPEN
    rest = line[end + 1 :]
    if rest.startswith(b","):
        return read_start(rest[1:])
    return Reading.WHOLE if _END.fullmatch(rest) else Reading.BROKEN


def count_fields(text: bytes) -> int:
    """Fields of a well-formed record."""
    outside = _QUOTED.sub(b"", text) if b'"' in text else text
    return outside.count(b",") + 1


def _name_quote_fault(text: bytes, reading: Reading) -> str:
    if reading is Reading.OPEN:
        return "structure.unclosed_quote"
    outside = _QUOTED.sub(b"", _without_end(text))
    if b"\r" in outside and b'"' not in outside:
        return "structure.lone_carriage_return"
    return "structure.stray_quote"


def _without_end(text: bytes) -> bytes:
    """A line without its one line end."""
    return text.removesuffix(b"\n").removesuffix(b"\r")
