"""Numpy columns as declared Arrow tables, and the dates they hold."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonweal.engine.storage import whole_folder
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table
from commonweal.synthetic.draws import Draws, Floats, Ints

Days = NDArray[Any]
"""Calendar days, ``datetime64[D]``; NaT where there is none."""
Moments = NDArray[Any]
"""Points in time, ``datetime64[us]``."""
Columns = Mapping[str, Any]
"""Columns by name: arrays of numpy or Arrow, or one value for every row."""

SECONDS_FROM_8_TO_20 = (8 * 3600, 20 * 3600)


def build_table(table: Table, blocks: Iterable[Columns]) -> pa.Table:
    """Stack blocks of columns into a table with exactly the declared columns and types.

    A column that a block leaves out is empty there. A block of scalars alone is an error: at
    least one column must be an array.
    """
    schema = arrow_schema(table)
    parts = [_block(schema, columns) for columns in blocks]
    return pa.concat_tables(parts).combine_chunks() if parts else schema.empty_table()


def _block(schema: pa.Schema, columns: Columns) -> pa.Table:
    unknown = set(columns) - set(schema.names)
    if unknown:
        raise KeyError(f"not columns of the table: {sorted(unknown)}")
    rows = max(len(value) for value in columns.values() if _is_many(value))
    arrays = [as_array(columns.get(field.name), field.type, rows) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _is_many(value: object) -> bool:
    return isinstance(value, np.ndarray | pa.Array)


def as_array(value: Any, kind: pa.DataType, rows: int) -> pa.Array:
    """A column as an Arrow array; no value, no number (NaN) and no time (NaT) are null."""
    if value is None:
        return pa.nulls(rows, kind)
    if not _is_many(value):
        return pa.repeat(pa.scalar(value, kind), rows)
    array = value if isinstance(value, pa.Array) else pa.array(value, from_pandas=True)
    return array.cast(kind)


def join_text(*parts: Any) -> pa.Array:
    """Text of several columns joined by hyphens, such as ``100001-ehr-yes``."""
    texts = [
        pa.array(part).cast(pa.string()) if isinstance(part, np.ndarray) else part for part in parts
    ]
    return pc.binary_join_element_wise(*texts, "-")


def at_daytime(draws: Draws, stream: str, ids: Ints, days: Days) -> Moments:
    """A second between 8 and 20 o'clock of each day."""
    seconds = draws.integers(f"{stream}/second", ids, *SECONDS_FROM_8_TO_20)
    return np.asarray(days.astype("datetime64[us]") + seconds.astype("timedelta64[s]"))


def some_day_between(draws: Draws, stream: str, ids: Ints, first: Days, last: Days) -> Days:
    """A day from ``first`` to ``last``, both included; ``first`` where they are out of order."""
    span = np.maximum((last - first).astype(np.int64), 0)
    return np.asarray(first + draws.integers(stream, ids, 0, span).astype("timedelta64[D]"))


def tenths(values: Floats, low: float, high: float) -> Floats:
    """Values kept within limits and rounded to one decimal."""
    return np.asarray(np.round(np.clip(values, low, high), 1), dtype=np.float64)


def write_once(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files, whole or not at all; the same contents again change nothing.

    Raises:
        CommonwealError: ``folder`` holds something else.
    """
    if not folder.exists():
        with whole_folder(folder) as scratch:
            for name, content in contents.items():
                (scratch / name).write_bytes(content)
    elif _contents(folder) != contents:
        raise CommonwealError(
            f"{folder} already holds something else.",
            expected="no folder there, or one with exactly these files",
            fix="Choose another folder: what was written once is never written over.",
        )


def _contents(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
