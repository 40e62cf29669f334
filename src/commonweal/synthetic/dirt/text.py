"""How recipes change lines of CSV without reading them as anything but cells."""

import re
from collections.abc import Mapping

import numpy as np

from commonweal.schema.model import Table
from commonweal.synthetic.dirt.recipe import Line, TextRecipe
from commonweal.synthetic.draws import Ints

LINE_FEED = 10
MOST = 2**31 - 1
"""Largest of the whole numbers from which a line makes its choices."""
_CELL = re.compile(rb'(?:^|,)("(?:[^"]|"")*"|[^",]*)')

Orders = Mapping[int, tuple[TextRecipe, int]]
"""Row (from 0) to its recipe and the whole number drawn for it."""


def spoil_lines(
    table: Table, text: bytes, orders: Orders
) -> tuple[bytes, list[tuple[int, str, str]]]:
    """The text with the lines that recipes changed; row, column and recipe of every fault."""
    ends = find_ends(text)
    parts: list[bytes] = []
    faults: list[tuple[int, str, str]] = []
    done = 0
    for row, (recipe, lot) in sorted(orders.items()):
        start, end = int(ends[row - 1]) if row else 0, int(ends[row])
        line, rest = _without_end(text[start:end])
        spoilt = recipe.change(Line(table, split_cells(line), lot))
        if spoilt is not None:
            parts += (text[done:start], b",".join(spoilt.cells), rest)
            faults.append((row, spoilt.column, recipe.name))
            done = end
    return b"".join([*parts, text[done:]]), faults


def split_cells(line: bytes) -> tuple[bytes, ...]:
    """The cells of a line of CSV as they stand there, quotes included."""
    return tuple(_CELL.findall(line) if b'"' in line else line.split(b","))


def find_ends(text: bytes) -> Ints:
    """The place after each line; the last one may lack its line end."""
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == LINE_FEED) + 1
    is_open = bool(text) and not text.endswith(b"\n")
    return np.append(ends, len(text)) if is_open else ends


def _without_end(line: bytes) -> tuple[bytes, bytes]:
    bare = line.removesuffix(b"\n").removesuffix(b"\r")
    return bare, line[len(bare) :]
