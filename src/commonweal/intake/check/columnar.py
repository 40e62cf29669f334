"""The columnar pass: Polars reads every cell as text and picks the suspicious ones.

A cell is let through here only when it is certain to be right; ``exact`` decides on the
others. What later passes need of the keys and dates is written to Parquet on the way, so
that the text is parsed once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl
import pyarrow.parquet as pq

from commonweal.intake.check.exact import TIME_SHAPE, ZONE_NAMES, find_fault
from commonweal.intake.check.kept import is_kept, is_kept_number, is_kept_presence
from commonweal.intake.check.lines import LineMap
from commonweal.intake.findings import Tally
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Field

BATCH_ROWS = 100_000
ROW = "row"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SURE_DATE = f"{_DATE}$"
_SURE_TIME = f"{_DATE}{TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES)}$"


@dataclass(frozen=True)
class Source:
    """CSV text whose structure is known to be sound."""

    path: Path
    header_lines: int
    width: int
    fields: tuple[tuple[int, Field], ...]
    lines: LineMap


def scan_text(source: Source) -> pl.LazyFrame:
    """Every mapped column as text under its field's name, and the number of the row from 1."""
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
) -> int:
    """Check every cell, write the keys and dates to ``keys`` and return the rows read.

    Raises:
        CommonwealError: Polars cannot read the text, which the preflight called sound.
    """
    fields = [field for _, field in source.fields]
    checked = [field for field in fields if is_checked(field)]
    suspects = [build_suspect(field).alias(f"? {field.name}") for field in checked]
    key_columns = build_keys(fields)
    text = scan_text(source)
    rows = 0
    try:
        with KeyWriter(keys, text.select(ROW, *key_columns).collect_schema()) as writer:
            plan = text.select(ROW, *key_columns, *suspects)
            for batch in plan.collect_batches(chunk_size=BATCH_ROWS, engine="streaming"):
                _judge(batch, checked, source.lines, tally)
                writer.write(batch.select(pl.exclude(r"^\? .*$")))
                rows += batch.height
                progress(rows)
    except pl.exceptions.PolarsError as error:
        raise CommonwealError(
            f"{source.path.name} could not be read ({type(error).__name__}).",
            fix="This is a fault of the check and not of the file: please report it.",
        ) from error
    return rows


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
    """What ``kept`` says is put aside of every row, under the names of the fields."""
    return [_build_key(field) for field in fields if is_kept(field)]


def _build_key(field: Field) -> pl.Expr:
    text = pl.col(field.name)
    if is_kept_number(field):
        return text.cast(pl.Int64, strict=False).alias(field.name)
    if is_kept_presence(field):
        is_there = text.fill_null("") != ""
        return pl.when(is_there).then(statement=True).otherwise(None).alias(field.name)
    return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).alias(field.name)


def _judge(batch: pl.DataFrame, fields: Iterable[Field], lines: LineMap, tally: Tally) -> None:
    for field in fields:
        suspects = batch.select(ROW, text=pl.col(f"? {field.name}")).drop_nulls()
        if suspects.height:
            _judge_column(suspects, field, lines, tally)


def _judge_column(suspects: pl.DataFrame, field: Field, lines: LineMap, tally: Tally) -> None:
    """Decide on each different text once, and locate only as many as will be shown."""
    faults = {text: find_fault(field, text) for text in suspects["text"].unique().to_list()}
    for row, text in suspects.iter_rows():
        code = faults[text]
        if code is None:
            continue
        if tally.wants_examples(code, field.name):
            record, line = lines.place(row)
            tally.add(code, line=line, record=record, column=field.name, value=text)
        else:
            tally.count(code, field.name)


class KeyWriter:
    """Writes keys and dates, batch by batch, to one Parquet file."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._schema = pl.DataFrame(schema=schema).to_arrow().schema
        self._writer = pq.ParquetWriter(path, self._schema, compression="lz4")

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pl.DataFrame) -> None:
        self._writer.write_table(batch.to_arrow().cast(self._schema))

    def __exit__(self, *_: object) -> None:
        self._writer.close()
