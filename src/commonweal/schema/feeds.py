"""Does a snapshot of feeds have the declared tables, columns and types?"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.schema.arrow import ARROW_TYPES
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table, get_model


def check_feeds(schemas: Mapping[str, pa.Schema]) -> None:
    """Check the Arrow schemas of a snapshot, one for each feed.

    Raises:
        CommonwealError: a feed is absent or unknown, or a column is absent, unknown or of
            another type; the message names every fault.
    """
    faults = [*_table_faults(schemas)]
    for name, table in get_model("feeds").tables.items():
        if name in schemas:
            faults += _column_faults(table, schemas[name])
    if faults:
        raise CommonwealError(
            "The feeds are not as declared: " + "; ".join(faults) + ".",
            expected="the tables and columns of docs/reference/feeds.md",
            fix="Write the snapshot anew with the present version.",
        )


def find_feed_files(folder: Path) -> dict[str, Path]:
    """Parquet file of each declared feed in a snapshot folder, once they have been checked.

    Only the files' footers are read.

    Raises:
        CommonwealError: the folder is absent, a file is not Parquet, or ``check_feeds`` fails.
    """
    if not folder.is_dir():
        raise CommonwealError(
            f"There is no folder of feeds at {folder}.",
            fix="Write a snapshot of the feeds first, or give the folder of one.",
        )
    files = {file.stem: file for file in sorted(folder.glob("*.parquet"))}
    check_feeds({name: _read_schema(file) for name, file in files.items()})
    return files


def _read_schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except pa.ArrowInvalid as error:
        raise CommonwealError(
            f"{file.name} is not a Parquet file.", fix="Write the snapshot anew."
        ) from error


def _table_faults(schemas: Mapping[str, pa.Schema]) -> Iterator[str]:
    declared = get_model("feeds").tables
    yield from (f"feed {name} is missing" for name in declared if name not in schemas)
    yield from (f"feed {name} is unknown" for name in schemas if name not in declared)


def _column_faults(table: Table, schema: pa.Schema) -> Iterator[str]:
    for field in table.fields:
        position = schema.get_field_index(field.name)
        if position < 0:
            yield f"column {table.name}.{field.name} is missing"
        elif schema.field(position).type != ARROW_TYPES[field.type]:
            yield (
                f"column {table.name}.{field.name} is {schema.field(position).type}, "
                f"not {ARROW_TYPES[field.type]}"
            )
    yield from (
        f"column {table.name}.{name} is unknown"
        for name in schema.names
        if name not in table.by_name
    )
