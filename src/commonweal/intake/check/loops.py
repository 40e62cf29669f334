"""Which loops go over the bytes of a file: plain ones over a little text, compiled ones over more.

To load the compiled ones takes as long as the plain ones need for some megabytes, and most
folders that somebody tries out are smaller. The plain ones are also what the compiled ones
are compared with: they say the same of every text.
"""

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from commonweal.intake.check import plain
from commonweal.intake.check.block import Bits, Bytes, Days, Mask, Numbers, Positions

LITTLE = 1 << 20
"""Bytes; beyond so many in one process the compiled loops are worth their loading."""


class Loops(Protocol):
    """The two loops, over separators and over cells."""

    def find_edges(
        self, data: Bytes, words: Bits, stop: int, edges: Positions, breaks: Positions, /
    ) -> tuple[int, int, int, int]:
        """Note where fields are separated, and where lines break inside them.

        ``words`` are those of the data, one after the other, of which ``stop`` bytes count.
        Returns the number of whole records, or -1 at an odd byte; where they stop; the breaks
        in them; and how many of them end in a carriage return and a line feed.
        """

    def judge_cells(  # noqa: PLR0917  (compiled functions are called by place)
        self,
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
        /,
    ) -> int:
        """Judge the cells between two edges; returns how many are doubtful.

        ``words`` begin at every byte of the data. ``known`` is told which cells are surely
        right, ``values`` the number or day that each of these spells, and ``doubtful`` the
        rows of the others, the empty ones among them if the column is ``required``.
        """


class _Chooser:
    """Counts the text that was looked at in this process."""

    def __init__(self) -> None:
        self._seen = 0

    def choose(self, size: int) -> Loops:
        """The loops for the next ``size`` bytes."""
        self._seen += size
        return plain if self._seen <= LITTLE else load_compiled()


@cache
def load_compiled() -> Loops:
    """The compiled loops, loaded when first asked for: it takes half a second."""
    return cast(Loops, import_module("commonweal.intake.check.compiled").load_loops())


choose_loops = _Chooser().choose
