"""Accepted files as text tables, under the names of the model: the way on to curation.

No type is given here. Only files that were accepted may be read, because then every record
is known to be whole, so the n-th row is the n-th record of the site's file.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from commonweal.intake.check.header import Header, match_columns, read_header
from commonweal.intake.check.json_line import read_cells, read_line
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, UTF8_MARK, survey
from commonweal.intake.slices import SLICE_BYTES, read_slices
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table

RECORD = "_src_row"
BATCH_OF_NOTES = 5_000
"""A note may be long, so few of them are held at once."""
EMPTY = pl.lit(None, pl.String)


def write_text_parquet(
    path: Path, table: Table, out: Path, *, slice_bytes: int = SLICE_BYTES
) -> int:
    """Write a file's cells as text, empty ones as null, and return the rows.

    The columns are all those of ``table``, then ``_src_row``: the record number from 1. Only
    ``slice_bytes`` of CSV, or a few notes, are in memory at a time.
    """
    rows = 0
    schema = _build_schema(table.columns)
    arrow_schema = pl.DataFrame(schema=schema).to_arrow().schema
    with pq.ParquetWriter(out, arrow_schema, compression="zstd") as writer:
        for batch in _read_batches(path, table, table.columns, slice_bytes):
            writer.write_table(batch.to_arrow().cast(arrow_schema))
            rows += batch.height
    return rows


def scan_columns(
    path: Path, table: Table, columns: Sequence[str], *, slice_bytes: int = SLICE_BYTES
) -> pl.LazyFrame:
    """Some of a file's columns as text, empty ones as null, then ``_src_row``.

    A column that the file does not have is null. The file is read when the frame is
    collected, in batches as ``write_text_parquet`` does.
    """

    def read(
        wanted: list[str] | None, where: pl.Expr | None, most: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        needed = columns if wanted is None else [name for name in columns if name in wanted]
        for batch in _read_batches(path, table, needed, slice_bytes):
            ready = batch if most is None else batch.head(most)
            most = None if most is None else most - ready.height
            ready = ready if where is None else ready.filter(where)
            yield ready if wanted is None else ready.select(wanted)
            if most == 0:
                return

    return register_io_source(read, schema=_build_schema(columns))


def map_lines(path: Path) -> LineMap:
    """Where each record of an accepted file stands: its physical line."""
    if path.suffix.lower() != ".csv":
        return LineMap(0)
    header = _read_header(path)
    return survey(
        path,
        header_bytes=header.bytes,
        header_lines=header.lines,
        width=len(header.names),
        progress=lambda _: None,
    ).lines


def _read_header(path: Path) -> Header:
    with path.open("rb") as stream:
        header = read_header(stream, MAX_RECORD_BYTES)
    if header is None:
        raise CommonwealError(
            f"The header of {path.name} cannot be read.", fix="Verify the landing area."
        )
    return header


def _read_batches(
    path: Path, table: Table, columns: Sequence[str], slice_bytes: int
) -> Iterator[pl.DataFrame]:
    """Columns of a file as ``_build_schema`` has them, some rows at a time."""
    is_csv = path.suffix.lower() == ".csv"
    batches = _read_csv(path, table, slice_bytes) if is_csv else _read_json_lines(path, table)
    first = 1
    for batch in batches:
        there = batch.collect_schema()
        cells = [
            pl.col(name).replace("", None) if name in there else EMPTY.alias(name)
            for name in columns
        ]
        rows = batch.with_row_index(RECORD, offset=first)
        ready = rows.select(*cells, pl.col(RECORD).cast(pl.Int64)).collect(engine="in-memory")
        first += ready.height
        yield ready


def _build_schema(columns: Iterable[str]) -> dict[str, pl.DataType]:
    return dict.fromkeys(columns, pl.String()) | {RECORD: pl.Int64()}


def _read_csv(path: Path, table: Table, slice_bytes: int) -> Iterator[pl.LazyFrame]:
    """Every column of the table that the file has, slice by slice, not parsed yet."""
    header = _read_header(path)
    mapping = match_columns(header.names, table)
    places = [f"place_{place}" for place in range(mapping.width)]
    mapped = [pl.col(places[place]).alias(field.name) for place, field in mapping.fields]
    with path.open("rb") as stream:
        stream.seek(header.bytes)
        for text in read_slices(stream, slice_bytes):
            yield pl.scan_csv(
                _keep_mark(text), has_header=False, schema=dict.fromkeys(places, pl.String)
            ).select(mapped)


def _keep_mark(text: bytes) -> bytes:
    """A mark of byte order before the first record is a character, which Polars would drop."""
    return UTF8_MARK + text if text.startswith(UTF8_MARK) else text


def _read_json_lines(path: Path, table: Table) -> Iterator[pl.LazyFrame]:
    schema = dict.fromkeys(table.columns, pl.String)
    with path.open("rb") as stream:
        rows = _read_cells(stream, path, table)
        while batch := list(islice(rows, BATCH_OF_NOTES)):
            yield pl.LazyFrame(batch, schema=schema)


def _read_cells(
    stream: Iterable[bytes], path: Path, table: Table
) -> Iterator[dict[str, str | None]]:
    for number, line in enumerate(stream, start=1):
        content = read_line(line, is_first=number == 1)
        if isinstance(content, str):
            raise CommonwealError(
                f"Line {number:,} of {path.name} cannot be read.", fix="Verify the landing area."
            )
        yield read_cells(content, table)
