"""Accepted files as text tables, under the names of the model: the way on to curation.

No type is given here. Only files that were accepted may be read, because then every record
is known to be whole, so the n-th row is the n-th record of the site's file.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from commonweal.intake.check.columnar import BATCH_ROWS, ROW, Source, scan_text
from commonweal.intake.check.header import Header, match_columns, read_header
from commonweal.intake.check.jsonl import as_text
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import MAX_RECORD_BYTES, survey
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table

RECORD = "_src_row"


def write_text_parquet(path: Path, table: Table, out: Path) -> int:
    """Write a file's cells as text, empty ones as null, and return the rows.

    The columns are all those of ``table``, then ``_src_row``: the record number from 1.
    """
    is_csv = path.suffix.lower() == ".csv"
    batches = _read_csv(path, table) if is_csv else _read_json_lines(path, table)
    return _write(batches, table, out)


def scan_columns(path: Path, table: Table, columns: Sequence[str]) -> pl.LazyFrame:
    """Some of a file's columns as text, empty ones as null, then ``_src_row``.

    A column that the file does not have is null.
    """
    if path.suffix.lower() == ".csv":
        found = _scan_csv(path, table)
    else:
        found = pl.concat(_read_json_lines(path, table), how="vertical").lazy()
    there = found.collect_schema().names()
    chosen = [
        pl.col(name) if name in there else pl.lit(None, pl.String).alias(name) for name in columns
    ]
    return found.select(*chosen, pl.col(ROW).cast(pl.Int64).alias(RECORD))


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


def _scan_csv(path: Path, table: Table) -> pl.LazyFrame:
    header = _read_header(path)
    mapping = match_columns(header.names, table)
    text = scan_text(Source(path, header.lines, mapping.width, mapping.fields, LineMap(0)))
    return text.with_columns(pl.col(pl.String).replace("", None))


def _read_header(path: Path) -> Header:
    with path.open("rb") as stream:
        header = read_header(stream, MAX_RECORD_BYTES)
    if header is None:
        raise CommonwealError(
            f"The header of {path.name} cannot be read.", fix="Verify the landing area."
        )
    return header


def _read_csv(path: Path, table: Table) -> Iterator[pl.DataFrame]:
    plan = _scan_csv(path, table)
    yield from plan.collect_batches(chunk_size=BATCH_ROWS, engine="streaming")


def _read_json_lines(path: Path, table: Table) -> Iterator[pl.DataFrame]:
    schema = dict.fromkeys(table.columns, pl.String)
    with path.open("rb") as stream:
        objects = map(json.loads, stream)
        start = 1
        while batch := list(islice(objects, BATCH_ROWS)):
            cells = [{c: as_text(row.get(c)) or None for c in table.columns} for row in batch]
            yield pl.DataFrame(cells, schema=schema).with_row_index(ROW, offset=start)
            start += len(batch)


def _write(batches: Iterator[pl.DataFrame], table: Table, out: Path) -> int:
    schema = dict.fromkeys(table.columns, pl.String) | {RECORD: pl.Int64}
    arrow_schema = pl.DataFrame(schema=schema).to_arrow().schema
    rows = 0
    with pq.ParquetWriter(out, arrow_schema, compression="zstd") as writer:
        for batch in batches:
            there = set(batch.columns)
            columns = [
                pl.col(name) if name in there else pl.lit(None, pl.String).alias(name)
                for name in table.columns
            ]
            whole = batch.select(*columns, pl.col(ROW).cast(pl.Int64).alias(RECORD))
            writer.write_table(whole.to_arrow().cast(arrow_schema))
            rows += batch.height
    return rows
