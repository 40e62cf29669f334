"""The loops over bytes, compiled: where fields are separated, and which cells are surely right.

What they do is said in ``loops``. Eight bytes are looked at together, as a word whose low end
is the first of them. A few sums tell which are commas, line ends or quotes (Mycroft's test
for a byte in a word), whether all are digits, and the number that they spell (Lemire's
parsing of eight digits). What the loop over the cells calls is given words and no arrays:
each array that is handed over is counted, which takes longer than the rest.

What else goes into the machine code is listed in ``compiled``.
"""

from typing import Any, TypeAlias

import numpy as np

from commonweal.intake.check.block import (
    COMMA,
    NEWLINE,
    PAD,
    QUOTE,
    RETURN,
    WORD,
    Bits,
    Bytes,
    Days,
    Mask,
    Numbers,
    Positions,
)
from commonweal.intake.check.cells import DATE, FLOAT, INTEGER, TEXT
from commonweal.intake.check.compiled import compiled
from commonweal.intake.check.exact import ZONE_NAMES

MOST_SURE_DIGITS = 2 * WORD
LONGEST_FLOAT = 3 * WORD
"""No number of so many digits is beyond a float."""
DATE_LENGTH, TIME_AT, TIME_LENGTH = 10, 11, 19
MOST_DIGITS_OF_SECOND = 6
WITH_COLON, WITHOUT_COLON = len("00:00"), len("0000")

# To the compiler Python's scalars and numpy's are the same, to the type checker they are not.
Word: TypeAlias = Any
Whole: TypeAlias = Any
Truth: TypeAlias = Any


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text.ljust(WORD, b"\0"), "little"))


_ZERO, _ONE, _TEN, _BITS, _TOP = map(np.uint64, (0, 1, 10, 8, 56))
_BYTE, _PAIR, _TWO_PAIRS = map(np.uint64, (0xFF, 0xFFFF, 0xFFFFFFFF))
_ALL = ~_ZERO
_ONES, _HIGH, _REST = (_word(byte * WORD) for byte in (b"\x01", b"\x80", b"\x7f"))
_COMMAS, _NEWLINES, _RETURNS, _QUOTES = (
    _word(bytes([byte] * WORD)) for byte in (COMMA, NEWLINE, RETURN, QUOTE)
)
_ZEROS = _word(b"0" * WORD)
_ABOVE_NINE = _word(bytes([0x80 - 10] * WORD))
_POINTS = _word(bytes([ord(".") ^ ord("0")] * WORD))
_DATE_FORM, _DATE_MARKS = _word(b"0000-00-"), _word(b"\0\0\0\0\xff\0\0\xff")
_TIME_FORM, _TIME_MARKS = _word(b"00:00:00"), _word(b"\0\0\xff\0\0\xff\0\0")
_PAIRS_OF_TIME = _word(b"\xff\0\0\xff\0\0\xff\0")
_PAST_TIME = _word(bytes([0x80 - 24, 0, 0, 0x80 - 60, 0, 0, 0x80 - 60, 0]))
_EVERY_FOURTH = np.uint64(0xFF_0000_00FF)
_EVEN_PAIRS = np.uint64(100 + (1_000_000 << 32))
_ODD_PAIRS = np.uint64(1 + (10_000 << 32))
_POINT, _SPACE, _PLUS, _MINUS, _COLON, _T, _Z = b". +-:TZ"
_ZONES = tuple(_word(name.encode()) for name in ZONE_NAMES.split("|") if name.isalpha())


@compiled
def find_edges(
    data: Bytes, words: Bits, stop: int, edges: Positions, breaks: Positions
) -> tuple[int, int, int, int]:
    """See ``Loops``: from mark to mark, and nothing between them is looked at."""
    last = len(edges) - 2
    row = place = broken = whole = crlf = resume = 0
    start = cut = PAD
    edges[0, 0] = PAD - 1
    is_inside = False
    for number in range(PAD // WORD, -(-stop // WORD)):
        marks = _find_marks(words[number])
        while marks:
            at = number * WORD + _lowest(marks)
            marks &= marks - _ONE
            mark = data[at]
            if is_inside:
                is_inside = mark != QUOTE
                resume = at + 1
                if mark == NEWLINE:
                    breaks[broken] = at
                    broken += 1
                continue
            is_odd = resume > 0 and at != resume  # text behind a closing quote
            if mark == QUOTE:
                is_inside = True
                is_odd |= at != start and resume == 0
            elif mark == RETURN:
                is_odd |= data[at + 1] != NEWLINE and at + 1 < stop
            else:
                is_odd |= (mark == NEWLINE) != (place == last)
                place += 1
                edges[place, row] = at
                start = at + 1
            resume = 0
            if is_odd:
                return -1, cut, whole, crlf
            if mark == NEWLINE:
                crlf += data[at - 1] == RETURN
                place, row = 0, row + 1
                edges[0, row] = at
                cut, whole = start, broken
    return row, cut, whole, crlf


@compiled
def judge_cells(  # noqa: PLR0917  (compiled functions are called by place)
    data: Bytes,
    words: Bits,
    before: Positions,
    after: Positions,
    is_last: bool,  # noqa: FBT001  (compiled functions are called by place)
    kind: int,
    longest: int,
    required: bool,  # noqa: FBT001  (compiled functions are called by place)
    known: Mask,
    values: Numbers | Days,
    doubtful: Positions,
) -> int:
    """See ``Loops``: cells of the commonest shapes are surely right."""
    doubts = 0
    for row in range(len(known)):
        start, end = before[row] + 1, after[row]
        if is_last and end > start and data[end - 1] == RETURN:
            end -= 1
        if data[start] == QUOTE:
            start, end = start + 1, end - 1
        length = end - start
        is_sure, value = False, 0
        if kind == TEXT or length == 0:
            is_sure = 0 < length <= longest and not (required and data[start] <= _SPACE)
        elif kind == INTEGER:
            is_sure, value = _read_integer(words[end - WORD], words[end - 2 * WORD], length)
        elif kind == FLOAT:
            last, middle, first = words[end - 8], words[end - 16], words[end - 24]
            is_sure = _is_float(data[start], last, middle, first, length)
        else:
            is_sure, value = _read_day(words[start], words[start + WORD])
            if kind == DATE:
                is_sure &= length == DATE_LENGTH
            else:
                is_sure &= _is_time(data[start + DATE_LENGTH], words[start + TIME_AT])
                rest, more = words[start + TIME_LENGTH], words[start + TIME_LENGTH + WORD]
                is_sure &= _is_suffix(rest, more, length - TIME_LENGTH)
        known[row], values[row] = is_sure, value
        if not is_sure and (required or length > 0):
            doubtful[doubts] = row
            doubts += 1
    return doubts


@compiled
def _read_integer(last: Word, first: Word, length: Whole) -> tuple[Truth, Whole]:
    """Up to sixteen digits and nothing else."""
    low = _keep_digits(last, length)
    if length <= WORD:
        return _not_digits(low) == _ZERO, np.int64(_add_up(low))
    high = _keep_digits(first, length - WORD)
    value = np.int64(_add_up(high)) * 10**WORD + np.int64(_add_up(low))
    odd = _not_digits(low) | _not_digits(high)
    return odd == _ZERO and length <= MOST_SURE_DIGITS, value


@compiled
def _is_float(sign: Whole, last: Word, middle: Word, first: Word, length: Whole) -> Truth:
    """Digits with at most one point among them, after at most one sign."""
    length -= sign in (_MINUS, _PLUS)
    odd, points = _look_for_points(_keep_digits(last, length))
    if length > WORD:
        more_odd, more = _look_for_points(_keep_digits(middle, length - WORD))
        odd, points = odd | more_odd, points + more
    if length > 2 * WORD:
        more_odd, more = _look_for_points(_keep_digits(first, length - 2 * WORD))
        odd, points = odd | more_odd, points + more
    return odd == _ZERO and points <= 1 and points < length <= LONGEST_FLOAT


@compiled
def _look_for_points(digits: Word) -> tuple[Word, Whole]:
    """The bytes that are neither digit nor point, and how many points there are."""
    points = _zero_bytes(digits ^ _POINTS)
    return _not_digits(digits) ^ points, np.int64(((points >> np.uint64(7)) * _ONES) >> _TOP)


@compiled
def _read_day(front: Word, back: Word) -> tuple[Truth, Whole]:
    """The first ten bytes of a cell as days since 1970, if they are a day of the calendar."""
    front = front ^ _DATE_FORM
    back = (back ^ _ZEROS) & _PAIR
    odd = _not_digits(front) | _not_digits(back) | (front & _DATE_MARKS)
    pairs = _add_pairs(front)
    year = np.int64(pairs & _BYTE) * 100 + np.int64((pairs >> np.uint64(16)) & _BYTE)
    month = np.int64((pairs >> np.uint64(40)) & _BYTE)
    day = np.int64(_add_pairs(back) & _BYTE)
    is_day = odd == _ZERO and year > 0 and 0 < month <= 12 and 0 < day <= _days_in(year, month)
    return is_day, _count_days(year, month, day)


@compiled
def _days_in(year: Whole, month: Whole) -> Whole:
    if month == 2:
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if is_leap else 28
    return 30 + ((month + (month >> 3)) & 1)


@compiled
def _count_days(year: Whole, month: Whole, day: Whole) -> Whole:
    """Days since 1970, by Howard Hinnant's ``days_from_civil``: years begin in March."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468


@compiled
def _is_time(separator: Whole, word: Word) -> Truth:
    """A space or a T, then hours, minutes and seconds."""
    time = word ^ _TIME_FORM
    pairs = _add_pairs(time) & _PAIRS_OF_TIME
    odd = _not_digits(time) | (time & _TIME_MARKS) | ((pairs + _PAST_TIME) & _HIGH)
    return odd == _ZERO and separator in (_SPACE, _T)


@compiled
def _is_suffix(word: Word, more: Word, length: Whole) -> Truth:
    """What may follow the seconds: nothing, a fraction, a zone, or both."""
    if length > 0 and word & _BYTE == np.uint64(_POINT):
        digits = _lowest(_not_digits((word >> _BITS) ^ _ZEROS))
        if digits == 0 or digits > MOST_DIGITS_OF_SECOND:
            return False
        taken = _BITS * np.uint64(digits + 1)
        word = (word >> taken) | (more << (np.uint64(64) - taken))
        length -= digits + 1
    return length == 0 or _is_zone(word, length)


@compiled
def _is_zone(word: Word, length: Whole) -> Truth:
    """The letter Z, hours and minutes after a sign, or a space and a name of one word."""
    first, rest = np.int64(word & _BYTE), word >> _BITS
    if first == _Z:
        return length == 1
    if first in (_PLUS, _MINUS):
        return _is_offset(rest, length - 1)
    if first != _SPACE or not 1 < length <= WORD:
        return False
    name = rest & ~(_ALL << (_BITS * np.uint64(length - 1)))
    return name in _ZONES


@compiled
def _is_offset(word: Word, length: Whole) -> Truth:
    """Up to 14 hours and 59 minutes, in two digits each, and a colon between them or none."""
    if length == WITH_COLON:
        if np.int64((word >> np.uint64(16)) & _BYTE) != _COLON:
            return False
        word = (word & _PAIR) | (((word >> np.uint64(24)) & _PAIR) << np.uint64(16))
    elif length != WITHOUT_COLON:
        return False
    digits = (word ^ _ZEROS) & _TWO_PAIRS
    pairs = _add_pairs(digits)
    hours, minutes = np.int64(pairs & _BYTE), np.int64((pairs >> np.uint64(16)) & _BYTE)
    return _not_digits(digits) == _ZERO and hours <= 14 and minutes < 60


@compiled
def _keep_digits(word: Word, length: Whole) -> Word:
    """The last bytes of a word as digits; 0 for those before the cell begins."""
    missing = max(WORD - length, 0)
    kept = _ALL if missing < WORD else _ZERO
    return (word ^ _ZEROS) & (kept << (_BITS * np.uint64(missing % WORD)))


@compiled
def _find_marks(word: Word) -> Word:
    """The high bit of every byte that is a comma, a line end or a quote."""
    return (
        _zero_bytes(word ^ _COMMAS)
        | _zero_bytes(word ^ _NEWLINES)
        | _zero_bytes(word ^ _RETURNS)
        | _zero_bytes(word ^ _QUOTES)
    )


@compiled
def _zero_bytes(word: Word) -> Word:
    """The high bit of every byte that is zero."""
    return ~(((word & _REST) + _REST) | word) & _HIGH


@compiled
def _lowest(bits: Word) -> Whole:
    """The number of the first byte that has its high bit set."""
    below = (bits & (~bits + _ONE)) - _ONE
    return np.int64(((below & _ONES) * _ONES) >> _TOP) - 1


@compiled
def _not_digits(word: Word) -> Word:
    """The high bit of every byte that is above nine."""
    return ((word + _ABOVE_NINE) | word) & _HIGH


@compiled
def _add_pairs(word: Word) -> Word:
    """In every byte: ten times it and the one after it."""
    return (word >> _BITS) + word * _TEN


@compiled
def _add_up(digits: Word) -> Word:
    """The number that eight digits spell."""
    pairs = _add_pairs(digits)
    odd = ((pairs >> np.uint64(16)) & _EVERY_FOURTH) * _ODD_PAIRS
    return ((pairs & _EVERY_FOURTH) * _EVEN_PAIRS + odd) >> np.uint64(32)
