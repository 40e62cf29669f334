"""Columns that are arrays of numpy, arrays of Arrow, or one value for every row."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.frames import Columns


def as_ints(value: Any, rows: int) -> Ints:
    """A column as whole numbers, 0 where there is none."""
    if isinstance(value, pa.Array):
        return np.asarray(pc.fill_null(value.cast(pa.int64()), 0), dtype=np.int64)
    return np.broadcast_to(np.asarray(0 if value is None else value, dtype=np.int64), (rows,))


def find_absent(value: Any, rows: int) -> Flags:
    """Where a column has no value."""
    if isinstance(value, pa.Array) and value.null_count:
        return np.asarray(value.is_null())
    return np.zeros(rows, dtype=np.bool_)


def pick_rows(columns: Columns, rows: Ints) -> dict[str, Any]:
    """The rows at these positions, in this order."""
    return {name: _pick(value, rows) for name, value in columns.items()}


def _pick(value: Any, rows: Ints) -> Any:
    if isinstance(value, pa.Array):
        return value.take(pa.array(rows))
    return value[rows] if isinstance(value, np.ndarray) else value


def add_to_keys(value: Any, more: Ints) -> Any:
    """Keys with a number added to each; where there is none there still is none."""
    if isinstance(value, pa.Array):
        return pc.add(value.cast(pa.int64()), pa.array(more))
    return np.asarray(value, dtype=np.int64) + more


def join(*parts: Any) -> pa.Array:
    """Text of several columns and words, one after the other; null where a part is."""
    texts = [part if isinstance(part, str) else _as_text(part) for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _as_text(part: Any) -> pa.Array:
    return (part if isinstance(part, pa.Array) else pa.array(part)).cast(pa.string())


def digits(numbers: Ints, width: int) -> pa.Array:
    """Numbers with leading zeros."""
    return pc.utf8_lpad(_as_text(numbers), width, "0")


def choose_words(choice: Ints, listed: list[str]) -> pa.Array:
    """The word at each position of a list."""
    return pa.array(listed, pa.string()).take(pa.array(choice))
