"""Attacks on published tables.

Two attackers, both independent of the code they attack. The *solver* reads what is published
as linear constraints and asks how small and how large each count can be. The *reader of the
code* knows in addition how suppression is decided: he lists every table there could be, has
each published, and keeps those that give the very same publication.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from commonweal.disclosure.counts import PublishedCount, publish_count
from commonweal.disclosure.tables import PublishedTable, publish_table

PROMISE = 20
"""True counts that must stay possible for every non-zero cell."""

counts = st.one_of(st.integers(0, 3), st.integers(0, 70), st.integers(0, 10**6))
tables = st.lists(counts, min_size=1, max_size=12)
drifts = st.integers(-25, 25)

Table = PublishedTable[int]


def publish(cells: Sequence[int], *earlier: Table) -> Table:
    return publish_table(dict(enumerate(cells)), sum(cells), earlier=earlier)


# ------------------------------------------------------------------ one count


@given(st.integers(0, 10**12))
def test_a_published_count_is_a_multiple_of_twenty_and_covers_the_truth(n: int) -> None:
    count = publish_count(n)
    assert count.value % 20 == 0
    assert count.low <= n <= count.high
    assert n == 0 or count.high - count.low + 1 == PROMISE
    assert publish_count(count.low) == publish_count(count.high) == count


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_publishing_keeps_the_order(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert publish_count(low).value <= publish_count(high).value


@given(st.integers(0, 10**12))
def test_publishing_again_changes_nothing(n: int) -> None:
    once = publish_count(n)
    assert publish_count(once.value) == once


# ------------------------------------------------------------------ the solver


def interval(shown: PublishedCount | None) -> tuple[float, float | None]:
    """What a reader takes a shown label to mean; read from the value alone."""
    if shown is None:
        return 0, None
    return (shown.value - 19, shown.value) if shown.value else (0, 0)


def feasible_widths(sharing_a_total: Sequence[Table]) -> Iterator[tuple[PublishedCount, float]]:
    """Each shown non-zero count with how many values the solver finds possible for it."""
    shown = [count for table in sharing_a_total for count in table.cells.values()]
    shown.append(sharing_a_total[0].total)
    equations = np.zeros((len(sharing_a_total), len(shown)))
    start = 0
    for row, table in enumerate(sharing_a_total):
        equations[row, start : start + len(table.cells)] = 1
        equations[row, -1] = -1
        start += len(table.cells)
    for position, count in enumerate(shown):
        if count is None or count.value == 0:
            continue
        aim = np.zeros(len(shown))
        aim[position] = 1
        ends = [
            linprog(
                sign * aim,
                A_eq=equations,
                b_eq=np.zeros(len(sharing_a_total)),
                bounds=[interval(c) for c in shown],
                method="highs",
            )
            for sign in (1, -1)
        ]
        assert all(end.status == 0 for end in ends)
        yield count, round(-ends[1].fun - ends[0].fun) + 1


@given(tables)
@settings(deadline=None, max_examples=60)
def test_the_solver_cannot_narrow_a_table(cells: list[int]) -> None:
    for count, width in feasible_widths([publish(cells)]):
        assert width >= PROMISE, count


@given(st.lists(counts, min_size=2, max_size=8), st.data())
@settings(deadline=None, max_examples=40)
def test_the_solver_cannot_narrow_tables_that_share_a_total(
    cells: list[int], data: st.DataObject
) -> None:
    """The same people counted by sex, by age and so on, with one total above them all."""
    cuts = sorted(data.draw(st.lists(st.integers(0, sum(cells)), max_size=5)))
    edges = [0, *cuts, sum(cells)]
    other = [b - a for a, b in pairwise(edges)]
    for count, width in feasible_widths([publish(cells), publish(other), publish([sum(cells)])]):
        assert width >= PROMISE, count


@given(tables, st.lists(st.lists(drifts, min_size=12, max_size=12), min_size=1, max_size=3))
@settings(deadline=None, max_examples=60)
def test_releases_never_show_a_cell_one_step_apart(
    cells: list[int], changes: list[list[int]]
) -> None:
    published: list[Table] = []
    for change in [[0] * 12, *changes]:
        cells = [max(0, n + d) for n, d in zip(cells, change, strict=False)]
        published.append(publish(cells, *published))
        for _, width in feasible_widths([published[-1]]):
            assert width >= PROMISE
    series = [[t.cells[key] for t in published] for key in published[0].cells]
    for counts_of_one in [*series, [t.total for t in published]]:
        shown = [c.value for c in counts_of_one if c is not None]
        assert all(a == b or abs(a - b) >= 40 for a in shown for b in shown)


@given(tables, tables)
def test_a_release_with_the_same_people_says_the_same(cells: list[int], before: list[int]) -> None:
    past = publish(before)
    first = publish(cells, past)
    assert publish(cells, past, first) == first


@given(tables)
def test_no_published_number_is_outside_twenty_n(cells: list[int]) -> None:
    table = publish(cells)
    shown = [c for c in [table.total, *table.cells.values()] if c is not None]
    assert all(c.value % 20 == 0 for c in shown)
    assert table.suppressed == list(table.cells.values()).count(None)


# ------------------------------------------------------------------ the reader of the code


def all_tables(cells: int, most: int) -> Iterator[tuple[int, ...]]:
    return (t for t in product(range(most + 1), repeat=cells) if sum(t) <= most)


def check_nothing_is_learnt(worlds: dict[object, list[tuple[int, ...]]]) -> None:
    """Among all worlds with one publication, each non-zero count takes 20 values at least.

    A count that is 0 in all of them was published as 0, which is allowed.
    """
    for publication, same in worlds.items():
        for values in [*zip(*same, strict=True), [sum(world) for world in same]]:
            assert set(values) == {0} or len(set(values)) >= PROMISE, publication


def worlds_by_publication(
    cells: int, most: int, *earlier: Table
) -> dict[object, list[tuple[int, ...]]]:
    worlds: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for world in all_tables(cells, most):
        table = publish(world, *earlier)
        worlds[(table.total, *table.cells.values())].append(world)
    return worlds


def test_reading_the_code_does_not_help() -> None:
    """Complete: all tables of 1, 2 or 3 cells, and of 4, up to a total that ends a step."""
    for cells, most in [(1, 80), (2, 80), (3, 60), (4, 40)]:
        check_nothing_is_learnt(worlds_by_publication(cells, most))


def test_reading_the_code_and_an_earlier_release_does_not_help() -> None:
    """The last step is left out: the worlds above it, which look the same, are not listed."""
    for before in [(25, 36), (10, 100), (50, 0), (3, 4), (0, 0)]:
        worlds = worlds_by_publication(2, 200, publish(before))
        whole = {p: same for p, same in worlds.items() if max(map(sum, same)) <= 160}
        assert len(whole) > 5
        check_nothing_is_learnt(whole)


def test_the_attackers_can_win() -> None:
    """Plain rounding, cell by cell, falls to both of them."""
    careless = PublishedTable({0: publish_count(25), 1: publish_count(5)}, publish_count(30))
    assert min(width for _, width in feasible_widths([careless])) < PROMISE
    ones = PublishedTable(dict.fromkeys(range(20), publish_count(1)), publish_count(20))
    assert {width for _, width in feasible_widths([ones])} == {1}
