"""Writing a table: sorted by its new keys, so that the order tells nothing of the old ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from commonweal.engine.protocol import Engine
from commonweal.intake.deidentify.key_file import Key, get_pairs
from commonweal.schema.model import Table

CSV_ROWS = 50_000
"""Rows that are in memory at a time."""


def write_csv(engine: Engine, sql: str, table: Table, folder: Path, scratch: Path) -> int:
    """Write the rows of a SELECT as ``<table>.csv`` into a folder, and give how many.

    Rows are sorted by the key of the table, then by everything else.
    """
    sorted_rows = scratch / f"sorted-{table.name}.parquet"
    rows = engine.write_parquet(sql, sorted_rows, order_by=_order(table))
    header = pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    with (folder / f"{table.name}.csv").open("wb") as stream:
        header.write_csv(stream)
        with pq.ParquetFile(sorted_rows) as file:
            for batch in file.iter_batches(batch_size=CSV_ROWS):
                pl.DataFrame(batch).write_csv(stream, include_header=False)
    sorted_rows.unlink()
    return rows


def _order(table: Table) -> Sequence[str]:
    key = [table.primary_key.name] if table.primary_key else []
    return [*key, *(column for column in table.columns if column not in key)]


def as_views(engine: Engine, key: Key, spaces: Sequence[str]) -> Mapping[str, str]:
    """Make a view of the key for each table of ids, and give their names."""
    views = {ids: f"key_{ids}" for ids in spaces}
    for ids, view in views.items():
        engine.register_arrow(view, get_pairs(key, ids).to_arrow())
    return views
