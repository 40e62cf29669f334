"""The structural reader: splits a damaged file into records with care, line by line.

It copies the well-formed records to a scratch file, so that a fast reader can go on with
them, and counts and locates the others. After a broken record it starts again at the next
physical line: a quote that never closes costs one line and not the rest of the file.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, Progress
from commonweal.intake.findings import Tally

_FIELD = rb'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_RECORD = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*+\r?\n?")
_OPEN = re.compile(rb"(?:" + _FIELD + rb',)*+"(?:[^"]|"")*+\Z')
_UP_TO_CLOSING = re.compile(rb'(?:[^"]|"")*+')
_QUOTED = re.compile(rb'"(?:[^"]|"")*+"')
_END = re.compile(rb"\r?\n?")
PROGRESS_LINES = 50_000


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
        splitter = _Splitter(_Lines(stream, header_bytes, limit), sink, width, tally, limit)
        splitter.line = header_lines
        splitter.run(header_lines, progress)
    return Copy(
        target, splitter.rows, splitter.rejected, splitter.map, 0 < splitter.crlf < splitter.ends
    )


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
        if self._again:
            line = self._again.popleft()
        else:
            line = self._stream.readline(self._limit + 1)
            if len(line) > self._limit:
                self.too_long = True
                return b""
        self.offset += len(line)
        return line

    def put_back(self, lines: list[bytes]) -> None:
        self._again.extendleft(reversed(lines))
        self.offset -= sum(map(len, lines))


class _Splitter:
    """The loop over records with its counters."""

    def __init__(self, lines: _Lines, sink: BinaryIO, width: int, tally: Tally, limit: int) -> None:
        self._lines = lines
        self._sink = sink
        self._width = width
        self._tally = tally
        self._limit = limit
        self.line = 0
        self.rows = 0
        self.rejected = 0
        self.ends = 0
        self.crlf = 0
        self.map = LineMap(0)

    def run(self, header_lines: int, progress: Progress) -> None:
        self.map = LineMap(header_lines)
        for number, record in enumerate(self._records()):
            self._judge(record)
            self.line += len(record)
            if number % PROGRESS_LINES == 0:
                progress(self._lines.offset)
        if self._lines.too_long:
            self._report("structure.record_too_long")
            self._tally.explain("structure.record_too_long", f"{self._limit >> 20} MiB")

    def _records(self) -> Iterator[list[bytes]]:
        """Each record as its physical lines."""
        while first := self._lines.next():
            yield [first] if b'"' not in first else self._gather(first)

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

    def _judge(self, lines: list[bytes]) -> None:
        text = lines[0] if len(lines) == 1 else b"".join(lines)
        fault = self._find_fault(text)
        self._note_end(text)
        if fault:
            self._report(fault)
            self.rejected += 1
        else:
            self._keep(text, len(lines))

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
        self.rows += 1
        record = self.rows + self.rejected
        self.map.shift_from(self.rows, records=self.rejected, lines=self.line + 1 - record)
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
            self.ends += 1
            self.crlf += text.endswith(b"\r\n")

    def _report(self, code: str, *, record: int = 0) -> None:
        number = record or self.rows + self.rejected + 1
        self._tally.add(code, line=self.line + 1, record=number)


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
