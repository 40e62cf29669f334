"""One file of a site's submission: encoded in pieces anywhere, appended in order."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.model import Table
from commonweal.synthetic.dirt.fault import Dirt, Fault
from commonweal.synthetic.output.encoding import encode_csv, encode_header, encode_json_lines
from commonweal.synthetic.people.people import People

LINE_FEED = b"\n"


@dataclass(frozen=True)
class Piece:
    """Rows as they stand in a file, with the faults that were planted in them."""

    text: bytes
    rows: int
    lines: int
    faults: tuple[Fault, ...]
    """Their lines are counted from 0, the first line of the text."""


class SubmissionFile:
    """A file that grows piece by piece; ``encode`` may run in several threads at once."""

    def __init__(self, path: Path, table: Table, dirt: Dirt, *, site: str, label: str) -> None:
        """``site`` and ``label`` are what the truth table calls the file by."""
        self.path = path
        self.table = table
        self.rows = 0
        self._site = site
        self._label = label
        self._lines = 0
        self._dirt = dirt
        self._digest = hashlib.sha256()
        self._is_json = path.suffix == ".jsonl"
        self._empty = dirt.find_empty(table.name)
        self._names, self._header_faults = dirt.change_header(table.name, table.columns)
        in_place = len(self._names) == len(table.columns)
        self._columns = [name for name in table.columns if in_place or name in self._names]

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    def start(self) -> list[Fault]:
        """Write what stands before the first row, and give the faults of the file as a whole."""
        if self._empty is not None:
            self._write(b"")
            return [self._own(self._empty, None)]
        if self._is_json:
            self._write(b"")
            return []
        self._write(encode_header(self._names))
        self._lines = 1
        return [self._own(fault, fault.line) for fault in self._header_faults]

    def encode(self, rows: pa.Table, people: People) -> Piece:
        """The rows of some people with the dirt in them."""
        if self._empty is not None:
            return Piece(b"", 0, 0, ())
        changed, in_rows = self._dirt.change_rows(self.table.name, rows, people)
        written = changed.select(self._columns)
        if self._is_json:
            return Piece(encode_json_lines(written), len(changed), len(changed), tuple(in_rows))
        clean = encode_csv(written)
        text, in_text = self._dirt.change_text(self.table.name, changed, clean, people)
        lines = text.count(LINE_FEED)
        if lines != len(changed):
            in_rows = _place(in_rows, changed)
        return Piece(text, len(changed), lines, (*in_rows, *in_text))

    def append(self, piece: Piece) -> list[Fault]:
        """Write a piece, and give its faults with the lines they stand on."""
        first = self._lines + 1
        self._write(piece.text)
        self._lines += piece.lines
        self.rows += piece.rows
        return [self._own(fault, first + (fault.line or 0)) for fault in piece.faults]

    def _own(self, fault: Fault, line: int | None) -> Fault:
        return replace(fault, site=self._site, file=self._label, line=line)

    def _write(self, text: bytes) -> None:
        with self.path.open("ab") as stream:
            stream.write(text)
        self._digest.update(text)


def _place(faults: Sequence[Fault], rows: pa.Table) -> list[Fault]:
    """The faults, whose lines count rows, on the lines where these rows begin.

    A row takes more than one line where a text in it has line breaks.
    """
    breaks = np.zeros(len(rows), dtype=np.int64)
    for column in rows.columns:
        if pa.types.is_string(column.type):
            found = pc.count_substring(column, "\n")
            breaks += np.asarray(pc.fill_null(found, 0), dtype=np.int64)
    starts = np.cumsum(breaks + 1) - breaks - 1
    return [replace(fault, line=int(starts[fault.line or 0])) for fault in faults]
