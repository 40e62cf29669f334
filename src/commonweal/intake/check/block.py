"""A block of CSV text: the buffer it lies in, and where its fields are separated."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WORD = 8
PAD = 64
"""Bytes kept free in front of and behind the text of a buffer, in whole words."""
QUOTE, COMMA, NEWLINE, RETURN = b'",\n\r'

Bytes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Split:
    """The whole records at the start of a text; positions count from the buffer's start.

    The text of field ``f`` of record ``r`` lies between ``edges[f, r]`` and ``edges[f + 1, r]``.
    """

    data: Bytes
    edges: Positions
    stop: int
    """Where the first record begins that is not whole."""
    breaks: Positions
    """Line breaks inside values."""
    crlf: int
    """Records that end in a carriage return and a line feed."""

    @property
    def rows(self) -> int:
        return len(self.edges[0])

    @property
    def line_ends(self) -> Positions:
        """Where each record ends."""
        ends: Positions = self.edges[-1]
        return ends

    def is_last(self, place: int) -> bool:
        return place == len(self.edges) - 2

    def bounds(self, place: int, rows: Positions) -> tuple[Positions, Positions]:
        """Where the cells of one column begin and end in some records, without their quotes."""
        before, after = self.edges[place, rows], self.edges[place + 1, rows]
        return find_bounds(self.data, before, after, is_last=self.is_last(place))


def find_bounds(
    data: Bytes, before: Positions, after: Positions, *, is_last: bool
) -> tuple[Positions, Positions]:
    """Where the cells between two edges begin and end: without quotes, or a carriage return."""
    starts, ends = before + 1, after
    if is_last:
        ends = ends - ((ends > starts) & (data[ends - 1] == RETURN))
    quoted = data[starts] == QUOTE
    return starts + quoted, ends - quoted


def new_buffer(size: int) -> Bytes:
    """A buffer for so many bytes of text and a line end, between its padding."""
    whole_words = -(-size // WORD) * WORD
    return np.zeros(whole_words + 4 * PAD, dtype=np.uint8)


def room_behind(data: Bytes, held: int) -> memoryview:
    """Where more text goes when ``held`` bytes of it are there already."""
    return data.data[PAD + held : len(data) - 3 * PAD]


def keep_rest(data: Bytes, start: int, held: int) -> Bytes:
    """Move the ``held`` bytes from ``start`` on to the front, of a larger buffer if need be."""
    rest = data[start : start + held]
    if len(room_behind(data, held)) <= held:
        data = new_buffer(2 * len(data))
    data[PAD : PAD + held] = rest
    return data
