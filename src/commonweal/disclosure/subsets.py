"""Tables about some of the people of a larger table, all published together.

**Story.** Whoever has a diagnosis is one of the participants, so a table of people with a
diagnosis says that there are *at least* so many women, or women over 80, in all. Where nearly
everybody has it, that can narrow the cells of the larger table, and theirs in turn from above.

**Chains.** What is known to lie within what is given as *chains* of cells: all people who are
in the first n cells of a chain in the smaller table are in the first n cells of the same
chain in the larger one, for every n. With a chain for each sex, from the oldest age to the
youngest, that says: nobody is younger now than when a diagnosis was first recorded. Chains are
disjoint and together hold all cells.

**Criterion for cells.** A *region* is made of the first few cells of each chain. Its *floor* in
a table is the larger of the sum of its lows and the total's low less the highs outside it:
what the table says of it from below. A table of a part fits into given counts of the whole
exactly when no region holds fewer people than the part's floor (maximum flow, minimum cut).
So a part may be shown where **no floor of it is above that of the whole**: then it fits into
whatever the whole says is possible, and any number of such parts do so at the same time.

**Criterion for a total** whose cells are not shown, such as the people of a domain. Let g(S) be
the highest floor that any part gives to the whole chains S. The fewest people that hold all
parts are the maximum of the sums of g over the balanced collections of chains (Bondareva and
Shapley's theorem); with up to three chains those are listed below. It must not be above the
total's low; parts are hidden, those that require most first, until it is not.

The tests hold both against a solver that is given all that is published at once.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import product
from math import inf
from typing import NamedTuple, TypeVar

from commonweal.disclosure.counts import PublishedCount
from commonweal.disclosure.tables import PublishedTable

K = TypeVar("K", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)
Chains = Sequence[Sequence[K]]
Floors = Mapping[frozenset[int], float]

_BALANCED = tuple(
    (weight, tuple(frozenset(chains) for chains in sets))
    for weight, sets in (
        (1.0, ({0, 1, 2},)),
        (1.0, ({0, 1}, {2})),
        (1.0, ({0, 2}, {1})),
        (1.0, ({1, 2}, {0})),
        (1.0, ({0}, {1}, {2})),
        (0.5, ({0, 1}, {0, 2}, {1, 2})),
    )
)
"""Collections of chains in which each is as often as the others, with the weight of their sum."""

_CHAIN_SETS = tuple({chains for _, sets in _BALANCED for chains in sets})


class _Start(NamedTuple):
    """The first few cells of a chain: bounds of what is inside and outside them."""

    part_low: int
    part_high_outside: float
    whole_low: int
    whole_high_outside: float
    whole_low_outside: int
    is_open: bool
    """Whether a cell of the whole inside is not shown, so that it may hold anybody."""


def hide_what_narrows(
    parts: Mapping[Name, PublishedTable[K]],
    whole: PublishedTable[K],
    chains: Chains[K],
    *,
    total: PublishedCount | None = None,
) -> dict[Name, PublishedTable[K]]:
    """The tables of ``parts``, those hidden that would narrow ``whole``, ``total`` or each other.

    ``total`` is a published count of people that are among those of ``whole`` and hold the
    people of all parts. There are at most three chains.
    """
    visible = {name: table for name, table in parts.items() if any(table.cells.values())}
    shown = {
        name: find_floors(table, chains)
        for name, table in visible.items()
        if not _says_more(table, whole, chains)
    }
    for limit in (total, whole.total if whole.suppressed else None):
        if limit:
            shown = _keep_within(shown, limit.low)
    return {
        name: table if name in shown or name not in visible else table.hidden()
        for name, table in parts.items()
    }


def find_floors(table: PublishedTable[K], chains: Chains[K]) -> Floors:
    """How many people a table says are in these chains at least."""
    lows = [sum(_low(table.cells[key]) for key in chain) for chain in chains]
    highs = [sum(_high(table.cells[key]) for key in chain) for chain in chains]
    total = table.total.low if table.total else 0
    return {
        chosen: max(
            sum(low for i, low in enumerate(lows) if i in chosen),
            total - sum(high for i, high in enumerate(highs) if i not in chosen),
        )
        for chosen in _CHAIN_SETS
    }


def _keep_within(parts: dict[Name, Floors], people: int) -> dict[Name, Floors]:
    """What is left of the parts when those that require most go until ``people`` hold the rest.

    Parts are taken in from the other end, for which the highest floors so far are enough; of
    parts that require the same the first goes first.
    """
    kept = set()
    highest = dict.fromkeys(_CHAIN_SETS, 0.0)
    going = sorted(parts, key=lambda name: _fewest(parts[name]), reverse=True)
    for name in reversed(going):
        highest = {chosen: max(highest[chosen], parts[name][chosen]) for chosen in _CHAIN_SETS}
        if _fewest(highest) > people:
            break
        kept.add(name)
    return {name: floors for name, floors in parts.items() if name in kept}


def _fewest(highest: Floors) -> float:
    """The fewest people that hold all tables, from the highest floor of any of them."""
    return max(weight * sum(highest[chosen] for chosen in sets) for weight, sets in _BALANCED)


def _says_more(part: PublishedTable[K], whole: PublishedTable[K], chains: Chains[K]) -> bool:
    """Whether some region has a higher floor in the part than in the whole.

    A region with a cell of the whole that is not shown has all the room the total leaves.
    """
    if whole.total is None:
        return False
    part_total = part.total.low if part.total else 0
    for region in product(*(list(_starts(part, whole, chain)) for chain in chains)):
        inside, outside, own, own_outside, rest, is_open = map(sum, zip(*region, strict=True))
        floor = max(inside, part_total - outside)
        left = whole.total.low - (rest if is_open else own_outside)
        room = left if is_open else max(own, left)
        if floor > room:
            return True
    return False


def _starts(
    part: PublishedTable[K], whole: PublishedTable[K], chain: Sequence[K]
) -> Iterator[_Start]:
    """The starts of a chain at whose end the part has somebody; others have no higher floor."""
    for n in range(len(chain) + 1):
        if n and part.cells[chain[n - 1]] == PublishedCount(0, "0", 0, 0):
            continue
        of_part = [part.cells[key] for key in chain]
        of_whole = [whole.cells[key] for key in chain]
        yield _Start(
            sum(map(_low, of_part[:n])),
            sum(map(_high, of_part[n:])),
            sum(map(_low, of_whole[:n])),
            sum(map(_high, of_whole[n:])),
            sum(map(_low, of_whole[n:])),
            None in of_whole[:n],
        )


def _low(count: PublishedCount | None) -> int:
    return count.low if count else 0


def _high(count: PublishedCount | None) -> float:
    return count.high if count else inf
