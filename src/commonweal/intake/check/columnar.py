"""The columnar pass: structure and cells of a file in one go, block by block.

Three readers look at a cell, each of them slower and surer than the one before. ``cells``
lets a cell through when it is certain to be right; what is left is read as text by Polars,
which knows more shapes; ``exact`` decides on the rest. What later passes need of the keys
and dates is written to Parquet on the way, so that the text is parsed once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.intake.check.block import Bits, Mask, Split
from commonweal.intake.check.cells import fetch_words, judge, read_text
from commonweal.intake.check.doubtful import (
    Reading,
    build_keys,
    is_checked,
    read_doubtful,
)
from commonweal.intake.check.kept import is_kept, is_kept_day, is_kept_presence
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, RecordCounter, Structure
from commonweal.intake.findings import MAX_EXAMPLES, Tally
from commonweal.schema.model import Field

BATCH_ROWS = 100_000
ROW = "row"
GATHERED = 4
"""So many blocks of keys are written together, for fewer and larger groups of rows."""


@dataclass(frozen=True)
class Source:
    """CSV text: how much of it is header, and which field stands at which place."""

    path: Path
    header_bytes: int
    header_lines: int
    width: int
    fields: tuple[tuple[int, Field], ...]


def check_cells(
    source: Source,
    keys: Path,
    *,
    tally: Tally,
    progress: Callable[[int], None],
    limit: int = MAX_RECORD_BYTES,
    copied: LineMap | None = None,
) -> Structure:
    """Check the structure and every cell, and write the keys and dates to ``keys``.

    ``progress`` is told the bytes done. When the structure proves not to be sound, the pass
    ends there, and what was tallied and written stands for nothing. ``copied`` says where the
    rows stand that the structural reader has put into a copy; it lets NUL bytes be.
    """
    counter = RecordCounter(source.width, source.header_lines, limit, allow_nul=copied is not None)
    lines = copied or counter.lines
    passes = [_ColumnPass(place, field, lines, tally) for place, field in source.fields]
    schema = build_key_schema(field for _, field in source.fields)
    with source.path.open("rb") as stream, KeyWriter(keys, schema) as writer:
        stream.seek(source.header_bytes)
        for split in counter.read(stream):
            first = counter.records - split.rows + 1
            words = fetch_words(split.data)
            taken = {each.field.name: each.take(split, words, first) for each in passes}
            writer.write_columns(first, split.rows, taken)
            progress(source.header_bytes + counter.bytes)
    return counter.result()


class _ColumnPass:
    """The way of one column through the three readers."""

    def __init__(self, place: int, field: Field, lines: LineMap, tally: Tally) -> None:
        self._place = place
        self.field = field
        self._lines = lines
        self._tally = tally
        self._is_kept = is_kept(field)
        self._is_presence = is_kept_presence(field)
        self._type = pa.date32() if is_kept_day(field) else pa.int64()

    def take(self, split: Split, words: Bits, first: int) -> pa.Array | None:
        """Judge the cells of a block whose first row has this number; what is kept of them."""
        if not self._is_kept and not is_checked(self.field):
            return None
        judged = judge(self.field, split, words, self._place)
        known, rows = judged.known, judged.doubtful
        if rows.size:
            text = read_text(split, self._place, rows)
            reading = read_doubtful(self.field, text)
            self._report(reading, rows.astype(np.int64) + first)
            known[rows], judged.values[rows] = reading.has_key, reading.keys
            if self._is_presence:
                known[rows] = [cell != "" for cell in text]
        if not self._is_kept:
            return None
        if self._is_presence:
            return _as_array(np.packbits(known, bitorder="little"), known, pa.bool_())
        return _as_array(judged.values, known, self._type)

    def _report(self, reading: Reading, numbers: npt.NDArray[np.int64]) -> None:
        """Count the faults, and locate only as many as will be shown."""
        name = self.field.name
        for code, faults in reading.faults.items():
            shown = 0
            for index in faults[:MAX_EXAMPLES]:
                if self._tally.wants_examples(code, name):
                    record, line = self._lines.place(int(numbers[index]))
                    value = reading.text[index]
                    self._tally.add(code, line=line, record=record, column=name, value=value)
                    shown += 1
            self._tally.count(code, name, more=len(faults) - shown)


def build_key_schema(fields: Iterable[Field]) -> pl.Schema:
    """The number of the row, then the columns of ``build_keys``."""
    fields = list(fields)
    frame = pl.LazyFrame(schema=dict.fromkeys((field.name for field in fields), pl.String))
    return frame.with_row_index(ROW).select(ROW, *build_keys(fields)).collect_schema()


def _as_array(values: npt.NDArray[Any], known: Mask, kind: pa.DataType) -> pa.Array:
    """An Arrow array of numbers where they lie, null where they are not known."""
    validity = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(known), [validity, pa.py_buffer(values)])


class KeyWriter:
    """Writes keys and dates, batch by batch, to one Parquet file."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._schema = pl.DataFrame(schema=schema).to_arrow().schema
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="none", use_dictionary=False, write_statistics=False
        )

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pl.DataFrame) -> None:
        self._writer.write_table(batch.to_arrow().cast(self._schema))

    def write_columns(self, first: int, size: int, columns: Mapping[str, pa.Array | None]) -> None:
        """Write the keys of a block of rows, whose first has the number ``first``."""
        rows = np.arange(first, first + size, dtype=np.uint32)
        arrays = [pa.array(rows), *(columns[name] for name in self._schema.names[1:])]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if len(self._waiting) == GATHERED:
            self._write_waiting()

    def _write_waiting(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, schema=self._schema))
        self._waiting.clear()

    def __exit__(self, *_: object) -> None:
        self._write_waiting()
        self._writer.close()
