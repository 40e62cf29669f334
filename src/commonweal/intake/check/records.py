"""Splits blocks of CSV text into records and fields, all at once and bit by bit.

A block is looked at as one bit for each byte: which bytes are commas, line ends and quotes.
Counting the quotes before each byte (a running exclusive or over the bits) tells which
bytes are inside a value; the commas and line ends outside are where fields end. This is the
way simdjson reads JSON (Langdale and Lemire, 2019), written with numpy.

Only text whose structure is beyond doubt is split: at the first odd byte the answer is None.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

QUOTE, COMMA, NEWLINE, RETURN = b'",\n\r'
ASCII_END = 128
PAD = 64
"""Bytes kept free in front of and behind the text of a buffer, in whole words of bits."""
SAMPLE = 64
"""Cells of a block that are looked at to see whether a column is quoted."""
STRETCH = 1 << 20
"""Positions are looked for in so many bits at a time, more than there are in most blocks."""

Bytes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_ONE, _LAST = np.uint64(1), np.uint64(63)
_STEPS = tuple(np.uint64(1 << step) for step in range(6))


@dataclass(frozen=True)
class Split:
    """The whole records at the start of a text; positions count from the buffer's start.

    ``ends`` holds, for each field (rows) and record (columns), where its text ends.
    """

    data: Bytes
    ends: Positions
    stop: int
    """Where the first record begins that is not whole."""
    breaks: Positions
    """Line breaks inside values."""
    crlf: int
    """Records that end in a carriage return and a line feed."""
    has_quotes: bool

    @property
    def rows(self) -> int:
        return len(self.ends[0])

    def bounds(self, place: int, *, every_quote: bool) -> tuple[Positions, Positions, bool]:
        """Where the cells of one column begin and end, and whether quotes around them are cut off.

        Unless ``every_quote`` matters, the quotes stay in a column that seems to have none.
        """
        ends = self.ends[place]
        if place:
            starts = self.ends[place - 1] + 1
        else:
            starts = np.empty_like(ends)
            starts[0] = PAD
            starts[1:] = self.ends[-1, :-1] + 1
        if self.crlf and place == len(self.ends) - 1:
            ends = ends - (self.data[ends - 1] == RETURN)
        if self.has_quotes and (every_quote or (self.data[starts[:SAMPLE]] == QUOTE).any()):
            quoted = self.data[starts] == QUOTE
            if quoted.any():
                return starts + quoted, ends - quoted, True
        return starts, ends, False


def new_buffer(size: int) -> Bytes:
    """A buffer for so many bytes of text and a line end, between its padding."""
    return np.zeros(size + 4 * PAD, dtype=np.uint8)


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


def split_records(data: Bytes, size: int, width: int, *, allow_nul: bool) -> Split | None:
    """Split the ``size`` bytes after the padding, which begin with a record of ``width`` fields.

    None when the text is not UTF-8, holds a stray quote or carriage return, a record of
    another width or, unless they are allowed, a NUL.
    """
    stop = PAD + size
    words = data[: -(-stop // PAD) * PAD + PAD]
    words[stop:] = 0
    newlines = _bits(words, NEWLINE)
    separators = newlines | _bits(words, COMMA)
    quotes = _bits(words, QUOTE)
    returns = _rare_bits(words, RETURN)
    has_quotes = bool(quotes.any())
    if has_quotes:
        inside = _running_xor(quotes)
        if not _quotes_fit(quotes, inside, separators, returns, stop):
            return None
        inner, newlines, separators = newlines & inside, newlines & ~inside, separators & ~inside
    else:
        inside = inner = np.zeros_like(newlines)
    cut = _last(newlines) + 1 or PAD
    if not _is_text(data[PAD:cut], allow_nul=allow_nul):
        return None
    crlf = _count_returns(returns & ~inside, newlines, stop=cut)
    if crlf is None:
        return None
    places = _positions(_before(separators, cut))
    rows = int(np.bitwise_count(newlines).sum())
    if len(places) != rows * width:
        return None
    ends = np.ascontiguousarray(places.reshape(rows, width).T, dtype=np.int64)
    if not (data[ends[-1]] == NEWLINE).all():
        return None
    breaks = _positions(_before(inner, cut)) if inner.any() else np.empty(0, np.uint32)
    return Split(data, ends, cut, breaks.astype(np.int64), crlf, has_quotes)


def _bits(words: Bytes, wanted: int) -> Bits:
    return np.packbits(words == wanted, bitorder="little").view(np.uint64)


def _rare_bits(words: Bytes, wanted: int) -> Bits:
    """As ``_bits``, and faster where the byte does not occur."""
    found = words == wanted
    if not found.any():
        return np.zeros(len(words) // PAD, dtype=np.uint64)
    return np.packbits(found, bitorder="little").view(np.uint64)


def _positions(bits: Bits) -> npt.NDArray[np.uint32]:
    """Where bits are set. Polars picks numbers by a mask of bits faster than numpy by one of bytes.

    A text has less than 2^32 bytes: no record is that long.
    """
    step = STRETCH // PAD
    parts = [_pick(bits[first : first + step]) for first in range(0, len(bits), step)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([part + np.uint32(STRETCH * i) for i, part in enumerate(parts)])


def _pick(bits: Bits) -> npt.NDArray[np.uint32]:
    """The positions of at most ``STRETCH`` bits."""
    size = len(bits) * PAD
    mask = pa.BooleanArray.from_buffers(pa.bool_(), size, [None, pa.py_buffer(bits)])
    return _numbers()[:size].filter(pl.Series(mask)).to_numpy()


@cache
def _numbers() -> pl.Series:
    return pl.Series(np.arange(STRETCH, dtype=np.uint32))


def _last(bits: Bits) -> int:
    """The position of the last bit that is set, or -1."""
    used = np.flatnonzero(bits)
    return int(used[-1]) * PAD + int(bits[used[-1]]).bit_length() - 1 if used.size else -1


def _before(bits: Bits, stop: int) -> Bits:
    """Only the bits before a position."""
    whole, rest = divmod(stop, PAD)
    kept = bits[: whole + 1].copy()
    kept[whole] &= np.uint64((1 << rest) - 1)
    return kept


def _running_xor(bits: Bits) -> Bits:
    """For each bit, whether the number of bits set up to and with it is odd."""
    running = bits.copy()
    for step in _STEPS:
        running ^= running << step
    odd = (running >> _LAST).astype(np.uint8)
    carried = np.bitwise_xor.accumulate(odd)
    running[1:] ^= np.where(carried[:-1] != 0, ~np.uint64(0), np.uint64(0))
    return running


def _following(bits: Bits) -> Bits:
    """For each position, the bit of the position before it."""
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _LAST
    return moved


def _preceding(bits: Bits) -> Bits:
    """For each position, the bit of the position after it."""
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _LAST
    return moved


def _quotes_fit(quotes: Bits, inside: Bits, separators: Bits, returns: Bits, stop: int) -> bool:
    """Every opening quote begins a field or a doubled quote, every closing one ends it.

    What follows a quote at the very end of the text is not known yet.
    """
    may_open = _following(separators | quotes)
    may_open[1] |= _ONE
    may_close = _preceding(separators | quotes | returns)
    odd = (quotes & inside & ~may_open) | (quotes & ~inside & ~may_close)
    return not _before(odd, stop - 1).any()


def _count_returns(outside: Bits, newlines: Bits, *, stop: int) -> int | None:
    """The carriage returns outside values; None when one is not followed by a line feed."""
    outside = _before(outside, stop)
    if not outside.any():
        return 0
    if (outside & ~_preceding(newlines)[: len(outside)]).any():
        return None
    return int(np.bitwise_count(outside).sum())


def _is_text(text: Bytes, *, allow_nul: bool) -> bool:
    """Whether it is UTF-8 and has no NUL; it ends with a line, so no character is cut."""
    if not text.size:
        return True
    if not allow_nul and text.min() == 0:
        return False
    if text.max() < ASCII_END:
        return True
    try:
        str(text.data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
