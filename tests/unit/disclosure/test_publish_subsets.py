"""Tables of some people beside the table of all."""

from commonweal.disclosure.counts import PublishedCount, publish_count
from commonweal.disclosure.subsets import find_floors, hide_what_narrows
from commonweal.disclosure.tables import PublishedTable, publish_table

CHAINS = (("old women", "young women"), ("old men", "young men"))
CELLS = [cell for chain in CHAINS for cell in chain]

Table = PublishedTable[str]


def _table(*counts: int) -> Table:
    """A table that is shown, whatever it would betray on its own."""
    cells = {cell: publish_count(n) for cell, n in zip(CELLS, counts, strict=True)}
    return PublishedTable(cells, publish_count(sum(counts)))


def _hidden(
    parts: dict[str, Table], whole: Table, total: PublishedCount | None = None
) -> list[str]:
    kept = hide_what_narrows(parts, whole, CHAINS, total=total)
    assert kept.keys() == parts.keys()
    assert all(kept[name].total == parts[name].total for name in parts)
    return [name for name in parts if kept[name] != parts[name]]


def _floors(table: Table) -> tuple[float, float, float]:
    """Of women, of men and of both."""
    floors = find_floors(table, CHAINS)
    return floors[frozenset({0})], floors[frozenset({1})], floors[frozenset({0, 1})]


def test_floors_are_lows_or_what_the_others_leave() -> None:
    # Lows of 12 and 60 women, of 3 and 25 men: 1 + 41, 1 + 21. The total, 100, is at least 81,
    # of which the men leave 81 - (20 + 40) and the women 81 - (20 + 60).
    assert _floors(_table(12, 60, 3, 25)) == (42, 22, 81)
    # The lows of 30 and 20 women are 21 + 1, but all 41 to 60 people are women.
    assert _floors(_table(30, 20, 0, 0)) == (41, 0, 41)


def test_hidden_cells_bound_nothing_but_together() -> None:
    table = PublishedTable[str](dict.fromkeys(CELLS), publish_count(100))
    assert _floors(table) == (0, 0, 81)


def test_a_part_with_room_is_shown() -> None:
    whole = publish_table(dict(zip(CELLS, (100, 200, 100, 200), strict=True)), 600)
    part = publish_table(dict(zip(CELLS, (30, 90, 30, 90), strict=True)), 240)
    assert _hidden({"part": part}, whole) == []


def test_thin_cells_over_a_thin_whole_are_hidden() -> None:
    # All 15 women are young and shown as “≤ 20”; the part would say that they are two at least.
    whole = _table(0, 15, 200, 200)
    assert _hidden({"part": _table(0, 15, 100, 100)}, whole) == []
    assert _hidden({"part": _table(1, 14, 100, 100)}, whole) == ["part"]


def test_a_part_that_bounds_cells_of_both_chains_together_is_hidden() -> None:
    # 21 to 40 old people in the part leave at most 19 of the 40 people in all to be young.
    whole = _table(15, 0, 15, 5)
    assert _hidden({"part": _table(8, 0, 10, 0)}, whole) == []
    assert _hidden({"part": _table(13, 0, 10, 0)}, whole) == ["part"]


def test_a_cell_of_the_whole_that_is_held_back_has_room() -> None:
    whole, part = _table(0, 15, 200, 200), _table(1, 14, 100, 100)
    held = PublishedTable({**whole.cells, "old women": None}, whole.total)
    assert _hidden({"part": part}, whole) == ["part"]
    assert _hidden({"part": part}, held) == []


def test_parts_are_held_against_the_total_they_are_counted_in() -> None:
    whole = _table(200, 200, 200, 200)
    parts = {"women": _table(22, 22, 0, 0), "men": _table(0, 0, 22, 22)}
    assert _hidden(parts, whole) == []
    assert _hidden(parts, whole, publish_count(110)) == []
    assert _hidden(parts, whole, publish_count(88)) == ["women"]


def test_a_hidden_whole_still_has_a_total() -> None:
    whole = _table(25, 20, 25, 25).hidden()
    parts = {"women": _table(22, 22, 0, 0), "men": _table(0, 0, 22, 22)}
    assert _hidden(parts, whole) == ["women"]


def test_hidden_tables_stay_as_they_are() -> None:
    assert _hidden({"part": _table(1, 1, 1, 1).hidden()}, _table(1, 1, 1, 1)) == []
    assert _hidden({}, _table(1, 1, 1, 1)) == []
