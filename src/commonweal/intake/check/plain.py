"""The loops over bytes in plain Python: for a little text, and to compare others with."""

import re

import numpy as np

from commonweal.intake.check.block import (
    NEWLINE,
    PAD,
    RETURN,
    Bits,
    Bytes,
    Days,
    Mask,
    Numbers,
    Positions,
    find_bounds,
)

_FIELD = re.compile(rb'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)(?:,|\r?\n)')
_BEGINNING = re.compile(rb'(?:"(?:[^"]|"")*+(?:"(?:\r|[^",\r\n]*+))?|[^",\r\n]*+\r?)')
"""What may be left: text behind a closing quote is odd only when the next mark is met."""


def find_edges(
    data: Bytes, _words: Bits, stop: int, edges: Positions, breaks: Positions, /
) -> tuple[int, int, int, int]:
    """See ``Loops``: fields are matched one after the other, each with its separator."""
    text, last = data[:stop].tobytes(), len(edges) - 2
    row = place = broken = whole = crlf = 0
    at = cut = PAD
    edges[0, 0] = PAD - 1
    while field := _FIELD.match(text, at):
        end = field.end() - 1
        is_last = text[end] == NEWLINE
        if is_last != (place == last):
            return -1, cut, whole, crlf
        for inner in re.finditer(b"\n", text[at:end]):
            breaks[broken] = at + inner.start()
            broken += 1
        place, at = place + 1, end + 1
        edges[place, row] = end
        if is_last:
            crlf += text[end - 1] == RETURN
            place, row = 0, row + 1
            edges[0, row] = end
            cut, whole = at, broken
    is_odd = not _BEGINNING.fullmatch(text, at)
    return -1 if is_odd else row, cut, whole, crlf


def judge_cells(  # noqa: PLR0917  (compiled functions are called by place)
    data: Bytes,
    _words: Bits,
    before: Positions,
    after: Positions,
    is_last: bool,  # noqa: FBT001  (compiled functions are called by place)
    _kind: int,
    _longest: int,
    required: bool,  # noqa: FBT001  (compiled functions are called by place)
    known: Mask,
    _values: Numbers | Days,
    doubtful: Positions,
    /,
) -> int:
    """See ``Loops``: no cell is surely right, and all that count are left to the surer readers."""
    starts, ends = find_bounds(data, before, after, is_last=is_last)
    rows = np.arange(len(known)) if required else np.flatnonzero(ends > starts)
    known[:] = False
    doubtful[: len(rows)] = rows
    return len(rows)
