"""The columnar pass: structure and cells of a file in one go, block by block.

Three readers look at a cell, each of them slower and surer than the one before. ``cells``
lets a cell through when it is certain to be right; what is left is read as text by Polars,
which knows more shapes; ``exact`` decides on the rest. What later passes need of the keys
and dates is written to Parquet on the way, so that the text is parsed once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.intake.check.cells import Column, fetch_words, get_column, judge
from commonweal.intake.check.dates import BIRTH_YEAR
from commonweal.intake.check.exact import TIME_SHAPE, ZONE_NAMES, find_fault
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, RecordCounter, Structure
from commonweal.intake.check.records import Bits, Positions, Split
from commonweal.intake.findings import MAX_EXAMPLES, Tally
from commonweal.schema.model import DataType, Field

BATCH_ROWS = 100_000
ROW = "row"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SURE_DATE = f"{_DATE}$"
_SURE_TIME = f"{_DATE}{TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES)}$"


@dataclass(frozen=True)
class Source:
    """CSV text: how much of it is header, and which field stands at which place."""

    path: Path
    header_bytes: int
    header_lines: int
    width: int
    fields: tuple[tuple[int, Field], ...]


def scan_text(source: Source) -> pl.LazyFrame:
    """Every mapped column as text under its field's name, and the number of the row from 1.

    Only for text whose structure is known to be sound.
    """
    names = [f"place_{place}" for place in range(source.width)]
    return pl.scan_csv(
        source.path,
        has_header=False,
        skip_lines=source.header_lines,
        schema=dict.fromkeys(names, pl.String),
        row_index_name=ROW,
        row_index_offset=1,
        glob=False,
        raise_if_empty=False,
    ).select(ROW, *(pl.col(names[place]).alias(field.name) for place, field in source.fields))


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
    counter = RecordCounter(
        source.width, source.header_lines, limit, allow_nul=copied is not None
    )
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
        self._has_key = _is_number(field) or _is_day(field)
        self._key_type = pa.int64() if _is_number(field) else pa.date32()

    def take(self, split: Split, words: Bits, first: int) -> pa.Array | None:
        """Judge the cells of a block whose first row has this number; its keys, if it has any."""
        if not self._has_key and not is_checked(self.field):
            return None
        column = get_column(split, words, self._place)
        filled = column.lengths > 0
        if filled.any():
            judgement = judge(self.field, column, wants_values=self._has_key)
            known = judgement.sure & filled
            values = judgement.values
        else:
            known, values = filled, None
        doubtful = ~known if self.field.required else filled & ~known
        rows = np.flatnonzero(doubtful)
        if rows.size:
            text = column.read_text(rows, self.field.name)
            self._judge(text, rows + first)
        if not self._has_key:
            return None
        if values is None:
            return pa.nulls(split.rows, self._key_type)
        if rows.size:
            found = text.to_frame().select(_build_key(self.field)).to_series()
            there = found.is_not_null().to_numpy()
            values[rows[there]] = found.drop_nulls().to_physical().to_numpy()
            known[rows[there]] = True
        return pa.array(values, mask=~known).view(self._key_type)

    def _judge(self, text: pl.Series, numbers: Positions) -> None:
        """Decide on each different text once, and locate only as many as will be shown."""
        frame = text.to_frame().select(build_suspect(self.field)).with_columns(row=numbers)
        suspects = frame.drop_nulls()
        found: dict[str, list[str]] = {}
        for cell in suspects[self.field.name].unique().to_list():
            if code := find_fault(self.field, cell):
                found.setdefault(code, []).append(cell)
        for code, cells in found.items():
            faults = suspects.filter(pl.col(self.field.name).is_in(cells))
            self._report(code, faults)

    def _report(self, code: str, faults: pl.DataFrame) -> None:
        name, shown = self.field.name, 0
        for cell, row in faults.head(MAX_EXAMPLES).iter_rows():
            if self._tally.wants_examples(code, name):
                record, line = self._lines.place(row)
                self._tally.add(code, line=line, record=record, column=name, value=cell)
                shown += 1
        self._tally.count(code, name, more=faults.height - shown)


def is_checked(field: Field) -> bool:
    """Whether a cell of the field can be wrong at all."""
    return field.required or field.length is not None or field.type is not DataType.STRING


def build_suspect(field: Field) -> pl.Expr:
    """The text of the cell when it may be wrong, else null; an empty cell reads as ''."""
    text = pl.col(field.name).fill_null("")
    empty = text == ""
    sure = _build_sure(field, text)
    suspicious = empty | ~sure if field.required else ~empty & ~sure
    return pl.when(suspicious).then(text).otherwise(None)


def _build_sure(field: Field, text: pl.Expr) -> pl.Expr:
    """True only for a text that is certain to be right (the text is not empty)."""
    match field.type:
        case DataType.INTEGER:
            sure = text.cast(pl.Int64, strict=False).is_not_null()
        case DataType.FLOAT:
            sure = text.cast(pl.Float64, strict=False).is_finite().fill_null(value=False)
        case DataType.DATE:
            sure = text.str.contains(_SURE_DATE) & _is_calendar_date(text)
        case DataType.TIMESTAMP:
            sure = text.str.contains(_SURE_TIME) & _is_calendar_date(text.str.slice(0, 10))
        case DataType.STRING:
            sure = pl.lit(value=True) if field.length is None else _is_short(text, field.length)
    return sure


def _is_calendar_date(text: pl.Expr) -> pl.Expr:
    day = text.str.to_date("%Y-%m-%d", strict=False)
    return (day >= pl.date(1, 1, 1)).fill_null(value=False)


def _is_short(text: pl.Expr, length: int) -> pl.Expr:
    """In bytes, of which there are at least as many as characters."""
    return text.str.len_bytes() <= length


def build_keys(fields: Iterable[Field]) -> list[pl.Expr]:
    """Keys and years of birth as numbers, dates and times as days; null when they are not."""
    return [_build_key(field) for field in fields if _is_number(field) or _is_day(field)]


def is_key(field: Field) -> bool:
    return field.type is DataType.INTEGER and (
        field.primary_key or (field.references is not None and not field.is_concept)
    )


def _is_number(field: Field) -> bool:
    return is_key(field) or field.name == BIRTH_YEAR


def _is_day(field: Field) -> bool:
    return field.type in (DataType.DATE, DataType.TIMESTAMP)


def _build_key(field: Field) -> pl.Expr:
    text = pl.col(field.name)
    if _is_number(field):
        return text.cast(pl.Int64, strict=False).alias(field.name)
    return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).alias(field.name)


def build_key_schema(fields: Iterable[Field]) -> pl.Schema:
    """The number of the row, then the columns of ``build_keys``."""
    fields = list(fields)
    frame = pl.LazyFrame(schema=dict.fromkeys((field.name for field in fields), pl.String))
    return frame.with_row_index(ROW).select(ROW, *build_keys(fields)).collect_schema()


class KeyWriter:
    """Writes keys and dates, batch by batch, to one Parquet file."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._schema = pl.DataFrame(schema=schema).to_arrow().schema
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="lz4", use_dictionary=False, write_statistics=False
        )

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pl.DataFrame) -> None:
        self._writer.write_table(batch.to_arrow().cast(self._schema))

    def write_columns(self, first: int, size: int, columns: Mapping[str, pa.Array | None]) -> None:
        """Write the keys of a block of rows, whose first has the number ``first``."""
        rows = np.arange(first, first + size, dtype=np.uint32)
        arrays = [pa.array(rows), *(columns[name] for name in self._schema.names[1:])]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def __exit__(self, *_: object) -> None:
        self._writer.close()
