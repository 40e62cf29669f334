"""Sees eight bytes of every cell of a column at once, and says which cells are surely right.

Cells are looked at where they lie in the file: a word of eight bytes is fetched for each of
them and digits are tested and added up within the word (Lemire and Langdale's parsing of
eight digits). ``exact`` knows the rules; here are only their commonest cases, and a cell
that is none of them is left to the slower passes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from commonweal.intake.check.exact import TIME_SHAPE, ZONE_NAMES
from commonweal.intake.check.records import QUOTE, Bits, Bytes, Mask, Positions, Split
from commonweal.schema.model import DataType, Field

WORD = 8
LONGEST = 31
"""Lengths are counted up to here; longer cells are left to the slower passes."""
MOST_SURE_DIGITS = 18
"""Numbers of so many digits fit into 64 bits whatever the digits are."""
MOST_WORDS = 3
FEW = 500
"""So many cells are read by Python in the time that Polars takes to begin."""
OUTLIERS = 16
"""So many cells of a block may be longer than the others and are left to the slower passes."""
FIRST_YEAR, LAST_YEAR = 1850, 2099
DATE_LENGTH, TIME_LENGTH = 10, 19
_SUFFIX = re.compile(TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES))

Numbers = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _low(length: int) -> int:
    """So many bytes set at the low end of a word, where its first bytes are."""
    return (1 << WORD * length) - 1


ZEROS = _word(b"0" * WORD)
HIGH = _word(b"\x80" * WORD)
REST = _word(b"\x7f" * WORD)
ABOVE_NINE = _word(bytes([0x80 - 10] * WORD))
POINT = _word(bytes([ord(".") ^ ord("0")] * WORD))
DATE_FORM, DATE_MARKS = _word(b"0000-00-"), _word(b"\0\0\0\0\xff\0\0\xff")
TIME_FORM, TIME_MARKS = _word(b"00:00:00"), _word(b"\0\0\xff\0\0\xff\0\0")
PAIRS_OF_TIME = _word(b"\xff\0\0\xff\0\0\xff\0")
PAST_TIME = _word(bytes([0x80 - 24, 0, 0, 0x80 - 60, 0, 0, 0x80 - 60, 0]))
FRACTION_FORM, FRACTION_MARK = _word(b".0000000"), _word(b"\xff" + b"\0" * 7)
_EVERY_FOURTH = np.uint64(0xFF_0000_00FF)
_EVEN_PAIRS = np.uint64(100 + (1_000_000 << 32))
_ODD_PAIRS = np.uint64(1 + (10_000 << 32))
LAST_BYTES = tuple(
    np.array(
        [
            _low(WORD) ^ _low(WORD - min(max(length - WORD * word, 0), WORD))
            for length in range(LONGEST + 1)
        ],
        dtype=np.uint64,
    )
    for word in range(MOST_WORDS)
)
"""By word from a cell's end and by its length: the bytes of the word that are in the cell."""
FIRST_BYTES = np.array([_low(min(n, WORD)) for n in range(LONGEST + 1)], dtype=np.uint64)


@dataclass(frozen=True)
class Column:
    """The cells of one column of a block: where they begin, end, and how long they are."""

    data: Bytes
    words: Bits
    """The eight bytes from every byte of the block on."""
    starts: Positions
    ends: Positions
    lengths: Numbers
    has_quotes: bool
    """Whether there is a quote anywhere in the block."""
    is_bare: bool
    """Whether quotes around cells are cut off; a quote that begins one is a doubled one then."""

    def read_text(self, rows: Positions) -> list[str] | pl.Series:
        """The cells of some rows as text, without the quotes around them; a doubled one is one."""
        starts, ends = self.starts[rows], self.ends[rows]
        if not self.is_bare:
            quoted = (self.data[starts] == QUOTE) & (ends > starts)
            starts, ends = starts + quoted, ends - quoted
        if len(rows) <= FEW:
            pairs = zip(starts.tolist(), ends.tolist(), strict=True)
            cells = [self.data[start:end].tobytes().decode() for start, end in pairs]
            return [cell.replace('""', '"') for cell in cells]
        offsets = np.concatenate(([0], np.cumsum(ends - starts)))
        index = np.repeat(starts - offsets[:-1], ends - starts) + np.arange(offsets[-1])
        buffers = pa.py_buffer(offsets), pa.py_buffer(self.data[index])
        series = pl.Series(pa.LargeStringArray.from_buffers(len(rows), *buffers))
        return series.str.replace_all('""', '"', literal=True) if self.has_quotes else series

    def last_words(self) -> tuple[list[Bits], int]:
        """The digits of a cell as numbers from its end on, eight bytes at a time; 0 before it.

        As many words as nearly all cells need, and the length of cell that they hold.
        """
        lengths = np.minimum(self.lengths, LONGEST)
        count = 1
        while count < MOST_WORDS and np.count_nonzero(lengths > WORD * count) > OUTLIERS:
            count += 1
        words = []
        for word in range(count):
            fetched = self.words[self.ends - WORD * (word + 1)]
            fetched ^= ZEROS
            fetched &= LAST_BYTES[word][lengths]
            words.append(fetched)
        return words, WORD * count


@dataclass(frozen=True)
class Judgement:
    """Which cells are certainly right, and the numbers or days that these spell."""

    sure: Mask
    values: Numbers | Days | None = None


def fetch_words(data: Bytes) -> Bits:
    """A view of the eight bytes from each byte on, as numbers whose low end comes first."""
    return np.ndarray((len(data) - WORD + 1,), dtype="<u8", buffer=data.data, strides=(1,))


def get_column(split: Split, words: Bits, place: int, *, every_quote: bool) -> Column:
    starts, ends, is_bare = split.bounds(place, every_quote=every_quote)
    return Column(split.data, words, starts, ends, ends - starts, split.has_quotes, is_bare)


def judge(field: Field, column: Column) -> Judgement:
    """Judge the cells of a column; what is said of empty ones means nothing."""
    if field.values:
        return Judgement(np.zeros(len(column.lengths), dtype=np.bool_))
    if field.type is DataType.STRING:
        return Judgement(column.lengths <= (field.length or np.iinfo(np.int64).max))
    return _JUDGES[field.type](column)


def _judge_integers(column: Column) -> Judgement:
    digits, longest = column.last_words()
    sure = (column.lengths <= min(longest, MOST_SURE_DIGITS)) & ~_any_high(
        [_not_digits(w) for w in digits]
    )
    values = _add_up(digits[-1])
    for word in reversed(digits[:-1]):
        values *= np.uint64(10**WORD)
        values += _add_up(word)
    return Judgement(sure, values.view(np.int64))


def _judge_floats(column: Column) -> Judgement:
    """Digits with at most one point among them, after at most one sign."""
    signs = column.data[column.starts]
    signed = (signs == ord("-")) | (signs == ord("+"))
    starts = column.starts + signed
    bare = replace(column, starts=starts, lengths=column.ends - starts)
    points = np.zeros(len(starts), dtype=np.uint8)
    odd = []
    digits, longest = bare.last_words()
    for word in digits:
        dots = _equal_bytes(word, POINT)
        odd.append(_not_digits(word) ^ dots)
        points += np.bitwise_count(dots)
    fits = (points <= 1) & (bare.lengths > points) & (bare.lengths <= longest)
    return Judgement(fits & ~_any_high(odd))


def _judge_dates(column: Column) -> Judgement:
    days = _read_days(column)
    return Judgement((column.lengths == DATE_LENGTH) & (days != NO_DAY), days)


def _judge_timestamps(column: Column) -> Judgement:
    """A date, a separator, hours, minutes and seconds; then nothing, a fraction or a zone."""
    days = _read_days(column)
    separators = column.data[column.starts + DATE_LENGTH]
    time = column.words[column.starts + DATE_LENGTH + 1] ^ TIME_FORM
    pairs = _add_pairs(time) & PAIRS_OF_TIME
    odd = _not_digits(time) | (time & TIME_MARKS) | ((pairs + PAST_TIME) & HIGH)
    sure = (days != NO_DAY) & (odd == 0) & ((separators == ord(" ")) | (separators == ord("T")))
    if (column.lengths == TIME_LENGTH).all():
        return Judgement(sure, days)
    return Judgement(sure & _judge_suffixes(column, sure), days)


def _judge_suffixes(column: Column, so_far: Mask) -> Mask:
    """What follows the seconds: fractions are tested, the commonest other text is looked up."""
    lengths = np.clip(column.lengths - TIME_LENGTH, 0, LONGEST)
    suffixes = column.words[column.starts + TIME_LENGTH] & FIRST_BYTES[lengths]
    fractions = (suffixes ^ FRACTION_FORM) & FIRST_BYTES[lengths]
    is_fraction = (_not_digits(fractions) | (fractions & FRACTION_MARK)) == 0
    sure: Mask = (column.lengths == TIME_LENGTH) | (is_fraction & (lengths >= 2) & (lengths < WORD))
    rest = np.flatnonzero(so_far & ~sure & (lengths > 0) & (lengths <= WORD))
    for row in rest[[0, -1]] if rest.size else ():
        text = column.data[column.starts[row] + TIME_LENGTH : column.ends[row]].tobytes()
        if _is_sure_suffix(text):
            sure |= (suffixes == suffixes[row]) & (lengths == lengths[row])
    return sure


@lru_cache(maxsize=256)
def _is_sure_suffix(text: bytes) -> bool:
    return text.isascii() and bool(_SUFFIX.fullmatch(f" 00:00:00{text.decode()}"))


def _not_digits(word: Bits) -> Bits:
    """The high bit of every byte that is above nine."""
    odd = word + ABOVE_NINE
    odd |= word
    odd &= HIGH
    return odd


def _any_high(words: list[Bits]) -> Mask:
    together = words[0]
    for word in words[1:]:
        together = together | word
    return np.not_equal(together, 0)


def _equal_bytes(word: Bits, wanted: np.uint64) -> Bits:
    """The high bit of every byte that is the wanted one."""
    different = word ^ wanted
    return ~(((different & REST) + REST) | different) & HIGH


def _add_pairs(word: Bits) -> Bits:
    """In every byte: ten times it and the one after it."""
    pairs = word >> np.uint64(WORD)
    pairs += word * np.uint64(10)
    return pairs


def _add_up(digits: Bits) -> Bits:
    """The number that eight digits spell."""
    number = _add_pairs(digits)
    odd = number >> np.uint64(16)
    odd &= _EVERY_FOURTH
    odd *= _ODD_PAIRS
    number &= _EVERY_FOURTH
    number *= _EVEN_PAIRS
    number += odd
    number >>= np.uint64(32)
    return number


NO_DAY = np.iinfo(np.int32).min


@cache
def _calendar() -> Days:
    """The days since 1970 by year, month and day as they are written, from ``FIRST_YEAR``."""
    days = np.arange(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
    years = days.astype("datetime64[Y]")
    months = days.astype("datetime64[M]")
    year = years.astype(np.int64) + 1970 - FIRST_YEAR
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    table = np.full((LAST_YEAR - FIRST_YEAR + 1) * 10_000 + 1, NO_DAY, dtype=np.int32)
    table[year * 10_000 + month * 100 + day] = days.astype(np.int32)
    return table


def _read_days(column: Column) -> Days:
    """The first ten bytes of every cell as days since 1970; ``NO_DAY`` if they are none."""
    calendar = _calendar()
    front = column.words[column.starts] ^ DATE_FORM
    back = (column.words[column.starts + 2] >> np.uint64(48)) ^ np.uint64(0x3030)
    odd = _not_digits(front) | _not_digits(back) | (front & DATE_MARKS)
    pairs, days = _add_pairs(front), _add_pairs(back)
    byte = np.uint64(0xFF)
    written = (
        (pairs & byte) * np.uint64(1_000_000)
        + (pairs >> np.uint64(16) & byte) * np.uint64(10_000)
        + (pairs >> np.uint64(40) & byte) * np.uint64(100)
        + (days & byte)
        - np.uint64(FIRST_YEAR * 10_000)
    )
    written[odd != 0] = len(calendar)
    last = np.uint64(len(calendar) - 1)
    days_read: Days = calendar[np.minimum(written, last).view(np.int64)]
    return days_read


_JUDGES: Mapping[DataType, Callable[[Column], Judgement]] = MappingProxyType(
    {
        DataType.INTEGER: _judge_integers,
        DataType.FLOAT: _judge_floats,
        DataType.DATE: _judge_dates,
        DataType.TIMESTAMP: _judge_timestamps,
    }
)
