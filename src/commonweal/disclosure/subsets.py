"""Tables about some of the people of a larger table, all published together.

**Story.** Whoever has a diagnosis is one of the participants, so a table of people with a
diagnosis says that there are *at least* so many women, or women over 80, in all. Where nearly
everybody has it and many thin cells bound their number from below, that narrows the cells of
the larger table, and theirs in turn from above.

**Chains.** What is known to lie within what is given as *chains* of cells: all people who are
in the first n cells of a chain in the smaller table are in the first n cells of the same
chain in the larger one, for every n. With a chain for each sex, from the oldest age to the
youngest, that says: nobody is younger now than when a diagnosis was first recorded. Chains are
disjoint and together hold all cells.

**Criterion.** The *floor* of the first n cells is the larger of two bounds: the sum of their
lows, and the low of the total less the highs of all other cells. Nothing is narrowed while

1. every floor leaves the larger table's cells their room: floor + 19 ≤ sum of its highs; and
2. the least number of people that all floors and lows together require is at most the low of
   every total above them.

Tables that break this are hidden. The tests hold the criterion against a solver that is given
all that is published at once.
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from math import inf
from typing import TypeVar

from commonweal.disclosure.counts import PUBLIC, PublishedCount
from commonweal.disclosure.tables import PublishedTable

K = TypeVar("K", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)
Chains = Sequence[Sequence[K]]
Floors = list[list[float]]


def hide_what_narrows(
    parts: Mapping[Name, PublishedTable[K]],
    whole: PublishedTable[K],
    chains: Chains[K],
    *,
    total: PublishedCount | None = None,
) -> dict[Name, PublishedTable[K]]:
    """The tables of ``parts``, those hidden that would narrow ``whole``, ``total`` or each other.

    ``total`` is a published count of people that are among those of ``whole`` and hold the
    people of all parts. Tables are hidden in the order of how many people they require, then
    of ``parts``, until the rest may be shown.
    """
    floors = {
        name: find_floors(table, chains)
        for name, table in parts.items()
        if any(table.cells.values())
    }
    shown = {name: found for name, found in floors.items() if _has_room(found, whole, chains)}
    nobody = PublishedTable[K](dict.fromkeys(whole.cells), None)
    limits = [(whole, whole.total), (nobody, total)]
    for larger, limit in limits:
        while shown and limit and _least(_highest(shown), larger, chains) > limit.low:
            most = max(shown, key=lambda name: _least(shown[name], larger, chains))
            del shown[most]
    return {
        name: table if name in shown or name not in floors else table.hidden()
        for name, table in parts.items()
    }


def find_floors(table: PublishedTable[K], chains: Chains[K]) -> Floors:
    """For the first 1, 2, … cells of each chain, how many people they hold at least."""
    highs = sum(_high(count) for count in table.cells.values())
    least = table.total.low if table.total else 0
    floors = []
    for chain in chains:
        lows = accumulate(_low(table.cells[key]) for key in chain)
        tops = accumulate(_high(table.cells[key]) for key in chain)
        outside = [highs - top if highs < inf else inf for top in tops]
        floors.append([max(low, least - o) for low, o in zip(lows, outside, strict=True)])
    return floors


def _has_room(floors: Floors, whole: PublishedTable[K], chains: Chains[K]) -> bool:
    return all(
        floor <= 0 or floor + PUBLIC.base - 1 <= top
        for found, chain in zip(floors, chains, strict=True)
        for floor, top in zip(
            found, accumulate(_high(whole.cells[key]) for key in chain), strict=True
        )
    )


def _highest(floors: Mapping[Name, Floors]) -> Floors:
    by_chain = zip(*floors.values(), strict=True)
    return [[max(place) for place in zip(*found, strict=True)] for found in by_chain]


def _least(floors: Floors, whole: PublishedTable[K], chains: Chains[K]) -> float:
    """How few people ``whole`` can hold: in each chain the most that one floor requires."""
    people = 0.0
    for found, chain in zip(floors, chains, strict=True):
        lows = list(accumulate((_low(whole.cells[key]) for key in chain), initial=0))
        people += max(max(f, low) + lows[-1] - low for f, low in zip(found, lows[1:], strict=True))
    return people


def _low(count: PublishedCount | None) -> int:
    return count.low if count else 0


def _high(count: PublishedCount | None) -> float:
    return count.high if count else inf
