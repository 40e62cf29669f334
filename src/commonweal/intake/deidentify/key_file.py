"""The key: which random number stands for which id. It stays at the site.

A CSV file with the columns ``ids,source,new``: the table whose rows are meant, the site's own
id and the number in its place. With the same file the same ids get the same numbers again.
Nobody but its owner can read it.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from commonweal.engine.storage import hold_lock
from commonweal.intake.deidentify.treatment import read_treatments
from commonweal.schema.errors import CommonwealError

Ids = NDArray[np.int64]
Key = Mapping[str, pl.DataFrame]
"""For each table of ids, the pairs of ``source`` and ``new``."""
PAIRS = pl.Schema({"source": pl.Int64, "new": pl.Int64})
NONE = pl.DataFrame(schema=PAIRS)
PRIVATE = 0o600
ROOM: dict[str, int] = {"person": 31}
"""Bits of the numbers that stand for persons, as in releases; others have ``OTHER_ROOM``."""
OTHER_ROOM = 53
"""Bits that every program reads exactly, those included that know floats only."""
BLOCK = 1 << 20
"""Ids that are compared at a time: a site has many millions, and little memory beside them."""


def read_key(file: Path) -> Key:
    """The key by table of ids; empty where there is no file yet.

    Raises:
        CommonwealError: the file is not a key, or says two things about one id.
    """
    if not file.exists():
        return {}
    tables = pl.Enum(sorted({t.ids for t in read_treatments().values() if t.ids}))
    try:
        lines = pl.read_csv(file, schema={"ids": tables, **PAIRS})
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise _not_a_key(file, "it cannot be read as a table of ids") from error
    if lines.null_count().sum_horizontal().item():
        raise _not_a_key(file, "a line of it is not whole")
    parts = lines.partition_by("ids", as_dict=True, include_key=False)
    key = {str(ids): pairs for (ids,), pairs in parts.items()}
    if any(pairs[side].n_unique() < pairs.height for pairs in key.values() for side in PAIRS):
        raise _not_a_key(file, "it has an id twice")
    return key


def get_pairs(key: Key, ids: str) -> pl.DataFrame:
    """What the key says of the ids of a table."""
    return key.get(ids, NONE)


def write_key(file: Path, key: Key) -> None:
    """Write the key, whole or not at all, for its owner alone to read.

    Lines stand in the order of the new numbers.
    """
    scratch = file.with_name(f".{file.name}.partial")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(b"ids,source,new\n")
        for ids in sorted(key):
            lines = key[ids].sort("new").select(pl.lit(ids).alias("ids"), "source", "new")
            lines.write_csv(stream, include_header=False)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(file)


@contextmanager
def alone_with_key(file: Path) -> Iterator[None]:
    """Let one at a time use a key, so that no number is given twice."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(file.with_name(f".{file.name}.lock")):
        yield


def extend_key(key: Key, ids: str, sources: Ids) -> Key:
    """The key with a number for each of ``sources``, which it has none for yet.

    A number is drawn from the system's source of randomness. It is nobody else's, neither
    as a number nor as an id of the site, so that no id of the site ever stands in a file.
    """
    known = get_pairs(key, ids)
    taken = np.concatenate([sources, *(known[side].to_numpy() for side in PAIRS)])
    drawn = draw(len(sources), taken, bits=ROOM.get(ids, OTHER_ROOM))
    more = pl.DataFrame({"source": sources, "new": drawn}, schema=PAIRS)
    return {**key, ids: pl.concat([known, more])}


def draw(count: int, taken: Ids, *, bits: int) -> Ids:
    """Different random numbers of at most so many bits, from 1, none of them ``taken``.

    Raises:
        CommonwealError: there would be too few numbers to hide in.
    """
    if (count + len(taken)) > 1 << (bits - 2):
        raise CommonwealError(
            f"{count:,} ids are too many for random numbers of {bits} bits.",
            fix="Take fewer patients: these are files for a trial.",
        )
    drawn = _draw_any(count, bits)
    while (again := _find_unfit(drawn, taken)).size:
        drawn[again] = _draw_any(len(again), bits)
    return drawn


def _draw_any(count: int, bits: int) -> Ids:
    fresh = np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64)
    return (fresh & np.uint64((1 << bits) - 1)).view(np.int64)


def _find_unfit(drawn: Ids, taken: Ids) -> NDArray[np.intp]:
    """Where numbers stand that are 0, taken or there twice; both of two equal ones count."""
    in_order = np.sort(drawn)
    twice = in_order[1:][in_order[1:] == in_order[:-1]]
    blocks = (taken[start : start + BLOCK] for start in range(0, len(taken), BLOCK))
    unfit = np.concatenate([[0], twice, *(_select_members(block, in_order) for block in blocks)])
    return np.flatnonzero(np.isin(drawn, unfit))


def _select_members(some: Ids, in_order: Ids) -> Ids:
    """Those of some numbers that are among others, which are sorted."""
    return some[np.searchsorted(in_order, some) < np.searchsorted(in_order, some, side="right")]


def _not_a_key(file: Path, why: str) -> CommonwealError:
    return CommonwealError(
        f"{file} cannot be used as a key: {why}.",
        expected="the key file that an earlier run wrote",
        fix="Give that file, or the name of one that is not there yet.",
    )
