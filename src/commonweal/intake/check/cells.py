"""Looks at every cell of a column where it lies, and says which are surely right.

``exact`` knows the rules; here are only their commonest cases, and a cell that is none of them
is left to the slower passes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl
import pyarrow as pa

from commonweal.intake.check.block import WORD, Bits, Bytes, Days, Mask, Numbers, Positions, Split
from commonweal.intake.check.loops import choose_loops
from commonweal.schema.model import DataType, Field

FEW = 500
"""So many cells are read by Python in the time that Polars takes to begin."""
ANY_LENGTH = np.iinfo(np.int32).max
INTEGER, FLOAT, DATE, TIMESTAMP, TEXT = range(5)
_KINDS: Mapping[DataType, int] = MappingProxyType(
    {
        DataType.INTEGER: INTEGER,
        DataType.FLOAT: FLOAT,
        DataType.DATE: DATE,
        DataType.TIMESTAMP: TIMESTAMP,
        DataType.STRING: TEXT,
    }
)
_DAYS = frozenset({DataType.DATE, DataType.TIMESTAMP})


@dataclass(frozen=True)
class Judgement:
    """Which cells of a column are certainly right, and the numbers or days that these spell."""

    known: Mask
    values: Numbers | Days
    doubtful: Positions
    """The rows whose cells are not certainly right."""


def judge(field: Field, split: Split, words: Bits, place: int) -> Judgement:
    """Judge the cells of a column; an empty one is doubtful when the field is required."""
    rows, before, after = split.rows, split.edges[place], split.edges[place + 1]
    values: Numbers | Days = (
        np.empty(rows, np.int32) if field.type in _DAYS else np.empty(rows, np.int64)
    )
    if not field.required and _is_all_empty(before, after):
        return Judgement(np.zeros(rows, np.bool_), values, np.empty(0, np.int32))
    known, doubtful = np.empty(rows, np.bool_), np.empty(rows, np.int32)
    doubts = choose_loops(0).judge_cells(
        split.data,
        words,
        before,
        after,
        split.is_last(place),
        _KINDS[field.type],
        0 if field.values else field.length or ANY_LENGTH,
        field.required,
        known,
        values,
        doubtful,
    )
    return Judgement(known, values, doubtful[:doubts])


def _is_all_empty(before: Positions, after: Positions) -> bool:
    """Whether nothing stands between any two edges, as in columns that a site never fills."""
    return bool(after[0] - before[0] == 1 and (after - before == 1).all())


def fetch_words(data: Bytes) -> Bits:
    """A view of the eight bytes from each byte on, as numbers whose low end comes first."""
    return np.ndarray((len(data) - WORD + 1,), dtype="<u8", buffer=data.data, strides=(1,))


def read_text(split: Split, place: int, rows: Positions) -> list[str] | pl.Series:
    """The cells of some rows as text, without the quotes around them; a doubled one is one."""
    data = split.data
    starts, ends = split.bounds(place, rows)
    if len(rows) <= FEW:
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        cells = [data[start:end].tobytes().decode() for start, end in pairs]
        return [cell.replace('""', '"') for cell in cells]
    lengths = (ends - starts).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    index = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
    buffers = pa.py_buffer(offsets), pa.py_buffer(data[index])
    series = pl.Series(pa.LargeStringArray.from_buffers(len(rows), *buffers))
    return series.str.replace_all('""', '"', literal=True)
