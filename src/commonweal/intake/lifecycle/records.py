"""The records of a file that landed, byte for byte, with the cells that tell whose they are.

Only files without an error are read here, so quotes pair up and every record is whole. A
record keeps its own bytes: what is written again is what was sent.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

BOM = b"\xef\xbb\xbf"
QUOTE = b'"'
_LONGEST_CELL = 1 << 30


def is_json_lines(path: Path) -> bool:
    return path.suffix.lower() == ".jsonl"


def read_header(path: Path) -> tuple[bytes, list[str]]:
    """The bytes of the header record and the names in it, in lower case.

    JSON lines have none: there, both are empty.
    """
    if is_json_lines(path):
        return b"", []
    with path.open("rb") as stream:
        raw = next(_split(stream), b"")
    return raw, [name.strip().lower() for name in _cells(raw.removeprefix(BOM))]


def read_records(path: Path, columns: Sequence[str]) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """Each record's bytes and the cells of ``columns``, empty where a column is not there."""
    if is_json_lines(path):
        yield from _read_json_lines(path, columns)
        return
    header, names = read_header(path)
    places = [names.index(c.lower()) if c.lower() in names else None for c in columns]
    with path.open("rb") as stream:
        stream.seek(len(header))
        for raw in _split(stream):
            cells = _cells(raw)
            yield raw, tuple(_at(cells, place) for place in places)


def _read_json_lines(path: Path, columns: Sequence[str]) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    with path.open("rb") as stream:
        for raw in stream:
            found = json.loads(raw) if raw.strip() else {}
            yield raw, tuple(str(found.get(c) if found.get(c) is not None else "") for c in columns)


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _split(stream: Iterator[bytes]) -> Iterator[bytes]:
    """Whole records: a line belongs to the next as long as a quote is open."""
    pending: list[bytes] = []
    quotes = 0
    for line in stream:
        pending.append(line)
        quotes += line.count(QUOTE)
        if quotes % 2 == 0:
            yield b"".join(pending)
            pending, quotes = [], 0
    if pending:
        yield b"".join(pending)


def _cells(raw: bytes) -> list[str]:
    if QUOTE not in raw:
        return raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape").split(",")
    csv.field_size_limit(_LONGEST_CELL)
    text = raw.decode("utf-8", "surrogateescape")
    return next(csv.reader(io.StringIO(text, newline="")), [])
