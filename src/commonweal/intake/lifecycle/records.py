"""The records of a file that landed, byte for byte, with the cells that tell whose they are.

In a file without an error quotes pair up and every record is whole. In others a record may be
none of that, and says so. It keeps its own bytes: what is written again is what was sent.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from commonweal.engine.storage import CHUNK_BYTES
from commonweal.intake.check.preflight import MAX_RECORD_BYTES

BOM = b"\xef\xbb\xbf"
QUOTE = b'"'
_LONGEST_CELL = 1 << 30
_NUMBER = re.compile(rb"[0-9]+")
_ENDS_IN_NUMBER = re.compile(rb"[0-9]+\Z")


class Record(NamedTuple):
    """The bytes of a record and the cells that were asked for, empty where they are not there.

    ``is_whole`` is false when it has not one cell for each column, or is no JSON object.
    """

    raw: bytes
    cells: tuple[str, ...]
    is_whole: bool = True

    @property
    def is_blank(self) -> bool:
        return not self.raw.strip()


def is_json_lines(path: Path) -> bool:
    """By its name, or by how it begins: what is still arriving has another name."""
    if path.suffix.lower() == ".jsonl":
        return True
    with path.open("rb") as stream:
        return stream.read(1) == b"{"


def read_header(path: Path) -> tuple[bytes, list[str]]:
    """The bytes of the header record and the names in it, in lower case.

    JSON lines have none: there, both are empty.
    """
    if is_json_lines(path):
        return b"", []
    with path.open("rb") as stream:
        raw = next(_split(stream), b"")
    return raw, [name.strip().lower() for name in _cells(raw.removeprefix(BOM))]


def has_plain_header(path: Path) -> bool:
    """Whether a file begins with one whole record of names, so that its columns can be told apart.

    A file whose lines end in carriage returns alone is one record, and its header holds rows.
    """
    raw, names = read_header(path)
    line = raw.removeprefix(BOM).rstrip(b"\r\n") if raw.endswith((b"\n", b"\r\n")) else b"\r"
    return bool(names) and b"\r" not in line and len(set(names)) == len(names)


def read_records(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    """Each record of a file with the cells of ``columns``."""
    if is_json_lines(path):
        yield from _read_json_lines(path, columns)
        return
    header, names = read_header(path)
    places = [names.index(c.lower()) if c.lower() in names else None for c in columns]
    with path.open("rb") as stream:
        stream.seek(len(header))
        for raw in _split(stream):
            cells = _cells(raw)
            yield Record(
                raw, tuple(_at(cells, place) for place in places), len(cells) == len(names)
            )


def has_open_quote(path: Path) -> bool:
    """Whether a quote is never closed, so that nobody can say where records end."""
    if is_json_lines(path):
        return False
    with path.open("rb") as stream:
        pieces = iter(lambda: stream.read(CHUNK_BYTES), b"")
        return sum(piece.count(QUOTE) for piece in pieces) % 2 == 1


def find_numbers(content: bytes, wanted: Collection[bytes]) -> set[bytes]:
    """Which of some numbers, without zeros before them, stand in text, however it is laid out.

    NUL bytes are passed over: digits in UTF-16 are digits with one of these beside each.
    """
    found = (match.lstrip(b"0") or b"0" for match in _NUMBER.findall(content.replace(b"\0", b"")))
    return {number for number in found if number in wanted}


def find_numbers_in(path: Path, wanted: Collection[bytes]) -> set[bytes]:
    """The same for a file of any size."""
    found: set[bytes] = set()
    begun = b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            content = begun + chunk.replace(b"\0", b"")
            cut = _ENDS_IN_NUMBER.search(content)
            begun = cut[0] if cut else b""
            found |= find_numbers(content.removesuffix(begun), wanted)
    return found | find_numbers(begun, wanted)


def _read_json_lines(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    with path.open("rb") as stream:
        for raw in stream:
            found = _parse(raw)
            values = [found.get(column) if found else None for column in columns]
            cells = tuple("" if value is None else str(value) for value in values)
            yield Record(raw, cells, found is not None)


def _parse(raw: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _split(stream: BinaryIO) -> Iterator[bytes]:
    """Whole records: a line belongs to the next as long as a quote is open.

    What is longer than any record may be is cut, and is not whole then.
    """
    pending: list[bytes] = []
    quotes = size = 0
    for line in iter(lambda: stream.readline(MAX_RECORD_BYTES), b""):
        pending.append(line)
        quotes += line.count(QUOTE)
        size += len(line)
        if quotes % 2 == 0 or size > MAX_RECORD_BYTES:
            yield b"".join(pending)
            pending, quotes, size = [], 0, 0
    if pending:
        yield b"".join(pending)


def _cells(raw: bytes) -> list[str]:
    """The cells of one record; none of what is more than one record, or is none at all."""
    if QUOTE not in raw:
        return raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape").split(",")
    csv.field_size_limit(_LONGEST_CELL)
    text = raw.decode("utf-8", "surrogateescape")
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def to_number(cell: str) -> str:
    """One spelling of an integer; what is none has none."""
    try:
        return str(int(cell))
    except ValueError:
        return ""
