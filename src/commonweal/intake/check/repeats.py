"""Counts keys that come again, by sorting: faster than a hash table, and in less memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

MOST_SORTED = 6_000_000
"""So many keys are sorted at a time, in eight bytes each."""
BATCH_ROWS = 1 << 18
SPREAD = np.int64(-7046029254386353131)
"""The odd number next to 2^64 divided by the golden ratio: its multiples spread evenly."""

Keys = npt.NDArray[np.int64]


def count_repeats(file: Path, column: str) -> int | None:
    """How many keys of a Parquet column repeat an earlier one; empty cells do not count.

    More keys than fit are sorted in parts. None when there are too many for that, because most
    of them are the same.
    """
    parts = -(-pq.read_metadata(file).num_rows // MOST_SORTED)
    if parts > 1 and _only_rise(file, column):
        return 0
    counted = [_count_part(file, column, part, parts) for part in range(parts)]
    return None if None in counted else sum(filter(None, counted))


def _only_rise(file: Path, column: str) -> bool:
    """Whether each key is above the one before it; then none of them need be sorted."""
    last = None
    for keys in _read_keys(file, column):
        if (last is not None and last >= keys[0]) or not (keys[1:] > keys[:-1]).all():
            return False
        last = keys[-1]
    return True


def _count_part(file: Path, column: str, part: int, parts: int) -> int | None:
    """Count in one part of the keys; the same keys are always in the same part."""
    chosen = np.empty(2 * MOST_SORTED, dtype=np.int64)
    at = 0
    for keys in _read_keys(file, column):
        mine = keys if parts == 1 else keys[_spread(keys) % parts == part]
        if at + len(mine) > len(chosen):
            return None
        chosen[at : at + len(mine)] = mine
        at += len(mine)
    sorted_keys = chosen[:at]
    if (sorted_keys[1:] > sorted_keys[:-1]).all():
        return 0
    sorted_keys.sort()
    return int(np.count_nonzero(sorted_keys[1:] == sorted_keys[:-1]))


def _spread(keys: Keys) -> Keys:
    return keys * SPREAD >> np.int64(40) & np.int64(0xFFFF)


def _read_keys(file: Path, column: str) -> Iterator[Keys]:
    with pq.ParquetFile(file, pre_buffer=False) as parquet:
        for batch in parquet.iter_batches(BATCH_ROWS, columns=[column], use_threads=False):
            keys = batch.column(0).drop_null().to_numpy(zero_copy_only=False)
            if len(keys):
                yield keys
