"""Counts keys that come again, by sorting: faster than a hash table, and in less memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

MOST_SORTED = 16_000_000
"""So many keys are sorted in memory, in eight bytes each."""
BATCH_ROWS = 1 << 18

Keys = npt.NDArray[np.int64]


def count_repeats(file: Path, column: str) -> int | None:
    """How many keys of a Parquet column repeat an earlier one; empty cells do not count.

    None when they are too many to be sorted in memory; keys that only rise never are.
    """
    count, last, rises = 0, None, True
    for keys in _read_keys(file, column):
        follows = last is None or last < keys[0]
        rises = rises and follows and bool((keys[1:] > keys[:-1]).all())
        count, last = count + len(keys), keys[-1]
    if rises:
        return 0
    return _count_by_sorting(file, column, count) if count <= MOST_SORTED else None


def _count_by_sorting(file: Path, column: str, count: int) -> int:
    every = np.empty(count, dtype=np.int64)
    at = 0
    for keys in _read_keys(file, column):
        every[at : at + len(keys)] = keys
        at += len(keys)
    every.sort()
    return int(np.count_nonzero(every[1:] == every[:-1]))


def _read_keys(file: Path, column: str) -> Iterator[Keys]:
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(BATCH_ROWS, columns=[column]):
            keys = batch.column(0).drop_null().to_numpy(zero_copy_only=False)
            if len(keys):
                yield keys
