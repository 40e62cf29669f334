"""The solver attacks everything that is published about a small programme at once.

It knows more than a reader usually would: that all in a domain are participants, that those
with a diagnosis are in the domain, that sex does not change and that nobody gets younger.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from commonweal.disclosure.counts import PublishedCount, publish_count
from commonweal.disclosure.subsets import hide_what_narrows
from commonweal.disclosure.tables import PublishedTable, publish_table

PROMISE = 20
AGES, SEXES = 3, 2
CELLS = [(sex, age) for sex in range(SEXES) for age in range(AGES)]
CHAINS = [[(sex, age) for age in reversed(range(AGES))] for sex in range(SEXES)]

Cell = tuple[int, int]
Table = PublishedTable[Cell]
Term = Mapping[object, int]


class Solver:
    """All that is known, as bounds of named unknowns and sums that are 0 or at most 0."""

    def __init__(self) -> None:
        self.names: dict[object, int] = {}
        self.bounds: list[tuple[float, float | None]] = []
        self.equal: list[Term] = []
        self.at_most: list[Term] = []

    def add(self, name: object, shown: PublishedCount | None) -> None:
        self.names[name] = len(self.names)
        known = (0.0, None) if shown is None else (max(0.0, shown.value - 19.0), shown.value)
        self.bounds.append(known)

    def widths(self) -> Iterator[tuple[object, int]]:
        """How many values are possible for each unknown that is shown and not 0."""
        sums = {"A_ub": self._matrix(self.at_most), "A_eq": self._matrix(self.equal)}
        for name, position in self.names.items():
            if not self.bounds[position][1]:
                continue
            aim = np.zeros(len(self.names))
            aim[position] = 1
            ends = []
            for sign in (1, -1):
                end = linprog(
                    sign * aim,
                    **sums,
                    b_ub=np.zeros(len(self.at_most)),
                    b_eq=np.zeros(len(self.equal)),
                    bounds=self.bounds,
                    method="highs",
                )
                assert end.status == 0
                ends.append(end.fun)
            yield name, round(-ends[1] - ends[0]) + 1

    def _matrix(self, sums: Sequence[Term]) -> NDArray[np.float64]:
        matrix = np.zeros((len(sums), len(self.names)))
        for row, terms in enumerate(sums):
            for name, factor in terms.items():
                matrix[row, self.names[name]] += factor
        return matrix


def attack(people: Table, domain: PublishedCount, parts: Sequence[Table]) -> dict[object, int]:
    """What stays possible for every shown count."""
    solver = Solver()
    tables = {"people": people, **{f"part {i}": table for i, table in enumerate(parts)}}
    for name, table in tables.items():
        for cell in CELLS:
            solver.add((name, cell), table.cells[cell])
        solver.add(name, table.total)
        solver.equal.append({(name, cell): 1 for cell in CELLS} | {name: -1})
    solver.add("domain", domain)
    for cell in CELLS:  # those of the domain by their age now, which is not published
        solver.add(("domain", cell), None)
        solver.at_most.append({("domain", cell): 1, ("people", cell): -1})
    solver.equal.append({("domain", cell): 1 for cell in CELLS} | {"domain": -1})
    for name in tables.keys() - {"people"}:
        for chain in CHAINS:
            for n in range(1, len(chain) + 1):
                inside = {(name, cell): 1 for cell in chain[:n]}
                solver.at_most.append(inside | {("domain", cell): -1 for cell in chain[:n]})
    return dict(solver.widths())


@st.composite
def programmes(draw: st.DrawFn) -> tuple[Table, PublishedCount, list[Table]]:
    """Small programmes in which nearly everybody has nearly everything: the hard case."""
    size = draw(st.sampled_from([3, 12, 25, 45]))
    people = {cell: draw(st.integers(0, size)) for cell in CELLS}
    parts = []
    for sexes in draw(st.lists(st.sampled_from([(0,), (1,), (0, 1)]), min_size=1, max_size=3)):
        part = dict.fromkeys(CELLS, 0)
        for (sex, age), n in people.items():
            if sex not in sexes:
                continue
            spared = draw(st.integers(0, min(n, 2)))
            younger = draw(st.integers(0, n - spared))
            part[sex, age] += n - spared - younger
            part[sex, draw(st.integers(0, age))] += younger
        parts.append(part)
    with_any = sum(
        n if any(sum(p[c] for c in CELLS if c[0] == cell[0]) for p in parts) else 0
        for cell, n in people.items()
    )
    domain = publish_count(with_any)
    shown = publish_table(people, sum(people.values()))
    tables = dict(enumerate(publish_table(part, sum(part.values())) for part in parts))
    kept = hide_what_narrows(tables, shown, CHAINS, total=domain)
    return shown, domain, list(kept.values())


@given(programmes())
@settings(deadline=None, max_examples=40)
def test_the_solver_cannot_narrow_anything_published_together(
    programme: tuple[Table, PublishedCount, list[Table]],
) -> None:
    for name, width in attack(*programme).items():
        assert width >= PROMISE, name


def floor_of(table: Table, inside: Collection[Cell]) -> float:
    """How many people a table says are in these cells at least."""
    lows = sum(count.low for cell in inside if (count := table.cells[cell]))
    highs = sum(
        count.high if (count := table.cells[cell]) else inf
        for cell in table.cells.keys() - set(inside)
    )
    return max(lows, (table.total.low if table.total else 0) - highs)


def room_of(whole: Table, inside: Collection[Cell]) -> float:
    """How many people these cells of a table may hold at least, whoever else is in it."""
    if all(whole.cells[cell] for cell in inside) or not whole.total:
        return floor_of(whole, inside)
    outside = whole.cells.keys() - set(inside)
    return whole.total.low - sum(count.low for cell in outside if (count := whole.cells[cell]))


def fewest_people(tables: Collection[Table]) -> float:
    """The fewest that hold all tables: women alone, men alone, or both together ask for most."""
    women, men = CHAINS
    need = [max(floor_of(t, chosen) for t in tables) for chosen in ([*women, *men], women, men)]
    return max(need[0], need[1] + need[2])


def hide_by_definition(
    parts: Mapping[int, Table], whole: Table, total: PublishedCount
) -> dict[int, Table]:
    """The rule as its story tells it: one part after the other is hidden until the rest fits."""
    starts = [[chain[:n] for n in range(len(chain) + 1)] for chain in CHAINS]
    regions = [[*women, *men] for women, men in product(*starts)]
    shown = {
        name: part
        for name, part in parts.items()
        if any(part.cells.values())
        and (whole.total is None or all(floor_of(part, r) <= room_of(whole, r) for r in regions))
    }
    for limit in [total, whole.total if whole.suppressed else None]:
        while shown and limit and fewest_people(shown.values()) > limit.low:
            del shown[max(shown, key=lambda name: fewest_people([shown[name]]))]
    return {
        name: part if name in shown or not any(part.cells.values()) else part.hidden()
        for name, part in parts.items()
    }


COUNTS = st.sampled_from([0, 0, 1, 15, 20, 21, 35, 60, 200])
PARTS = st.lists(COUNTS, min_size=len(CELLS), max_size=len(CELLS)).map(
    lambda counts: publish_table(dict(zip(CELLS, counts, strict=True)), sum(counts))
)


@given(
    parts=st.lists(PARTS, max_size=8),
    whole=st.lists(st.sampled_from([15, 60, 200, 400]), min_size=len(CELLS), max_size=len(CELLS)),
    held_back=st.sets(st.sampled_from(CELLS)),
    total=st.integers(0, 900),
)
@settings(deadline=None, max_examples=300)
def test_parts_are_hidden_as_the_definition_says(
    parts: list[Table], whole: list[int], held_back: set[Cell], total: int
) -> None:
    cells = {cell: publish_count(n) for cell, n in zip(CELLS, whole, strict=True)}
    people = Table(cells | dict.fromkeys(held_back), publish_count(sum(whole)))
    tables = dict(enumerate(parts))
    kept = hide_what_narrows(tables, people, CHAINS, total=publish_count(total))
    assert kept == hide_by_definition(tables, people, publish_count(total))


def test_the_solver_wins_where_a_part_bounds_two_sexes_together() -> None:
    """Found by the test above: 21 people in two cells leave 19 of 40 for the third."""
    people = dict(zip(CELLS, (0, 0, 15, 5, 0, 15), strict=True))
    old = dict(zip(CELLS, (0, 0, 13, 0, 0, 10), strict=True))
    shown, part = (publish_table(cells, sum(cells.values())) for cells in (people, old))
    assert part.suppressed == 0
    assert min(attack(shown, publish_count(23), [part]).values()) < PROMISE
    kept = hide_what_narrows({"old": part}, shown, CHAINS, total=publish_count(23))
    assert min(attack(shown, publish_count(23), [kept["old"]]).values()) >= PROMISE


def test_the_solver_wins_where_tables_are_published_side_by_side() -> None:
    """Ninety-seven people in two halves, each with a table that is fine on its own."""
    people = dict(zip(CELLS, (16, 13, 16, 17, 16, 19), strict=True))
    women = dict(zip(CELLS, (19, 16, 10, 0, 0, 0), strict=True))
    men = dict(zip(CELLS, (0, 0, 0, 25, 16, 11), strict=True))
    shown, *parts = (publish_table(cells, sum(cells.values())) for cells in (people, women, men))
    domain = publish_count(97)
    assert min(attack(shown, domain, parts).values()) < PROMISE
    kept = hide_what_narrows(dict(enumerate(parts)), shown, CHAINS, total=domain)
    assert min(attack(shown, domain, list(kept.values())).values()) >= PROMISE


def test_the_solver_wins_where_parts_exhaust_a_total() -> None:
    """Forty-one women and forty-one men are 82; their domain is shown as 81 to 100 people."""
    people = dict(zip(CELLS, (0, 200, 210, 0, 205, 215), strict=True))
    women = dict(zip(CELLS, (0, 20, 21, 0, 0, 0), strict=True))
    men = dict(zip(CELLS, (0, 0, 0, 0, 20, 21), strict=True))
    shown, *parts = (publish_table(cells, sum(cells.values())) for cells in (people, women, men))
    domain = publish_count(82)
    assert min(attack(shown, domain, parts).values()) < PROMISE
    kept = list(hide_what_narrows(dict(enumerate(parts)), shown, CHAINS, total=domain).values())
    assert [table.suppressed for table in kept] == [6, 0]
    assert min(attack(shown, domain, kept).values()) >= PROMISE
