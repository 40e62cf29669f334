"""Sound CSV text in slices of whole records, so that a file of any size takes little memory.

A line end is inside a value when the quotes before it are an odd number, which is all that
has to be known of text whose structure was found sound.
"""

from collections.abc import Iterator
from io import BufferedReader

import numpy as np

from commonweal.intake.check.block import QUOTE
from commonweal.intake.check.preflight import MAX_RECORD_BYTES
from commonweal.schema.errors import CommonwealError

SLICE_BYTES = 4 << 20
"""Parsed and on its way to Parquet, a slice takes thirty times as much."""


def read_slices(
    stream: BufferedReader, size: int = SLICE_BYTES, *, limit: int = MAX_RECORD_BYTES
) -> Iterator[bytes]:
    """What is left of a stream: slices of ``size`` bytes, and then to the end of the record.

    Raises:
        CommonwealError: a record has not ended after ``limit`` bytes.
    """
    while text := stream.read(size):
        yield b"".join((text, *_read_on(stream, is_open=_has_odd_quotes(text), limit=limit)))


def _read_on(stream: BufferedReader, *, is_open: bool, limit: int) -> Iterator[bytes]:
    """The lines up to the end of a record, in which some value may be open."""
    while line := stream.readline(limit + 1):
        limit -= len(line)
        if limit < 0:
            raise CommonwealError(
                "A record is longer than any that is accepted.",
                expected="a file that the check accepted",
                fix="Check the file again: it may have been changed.",
            )
        yield line
        is_open ^= _has_odd_quotes(line)
        if not is_open:
            return


def _has_odd_quotes(text: bytes) -> bool:
    return bool(np.count_nonzero(np.frombuffer(text, np.uint8) == QUOTE) % 2)
