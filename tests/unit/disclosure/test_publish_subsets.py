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


def test_floors_are_lows_or_what_the_others_leave() -> None:
    # 12 and 60 women, 3 and 25 men: lows 1 + 41, 1 + 21; the total, 100, is at least 81.
    # Women: 81 less the men's 20 + 40 is 21, and the lows say 42.
    # Men: 81 less the women's 20 + 60 is 1, and the lows say 22.
    assert find_floors(_table(12, 60, 3, 25), CHAINS) == [[1, 42], [1, 22]]
    # 60 women and no man: 41 by the lows and by the total alike; 75 are 80, so 61 by both.
    assert find_floors(_table(0, 60, 0, 0), CHAINS) == [[0, 41], [0, 0]]
    # 30 + 30 women and 5 men: the lows say 42 women, the total says 61 less 20.
    assert find_floors(_table(30, 30, 5, 0), CHAINS) == [[21, 42], [1, 1]]


def test_hidden_cells_bound_nothing() -> None:
    table = PublishedTable[str](dict.fromkeys(CELLS), publish_count(100))
    assert find_floors(table, CHAINS) == [[0, 0], [0, 0]]


def test_a_part_with_room_is_shown() -> None:
    whole = publish_table(dict(zip(CELLS, (100, 200, 100, 200), strict=True)), 600)
    part = publish_table(dict(zip(CELLS, (30, 90, 30, 90), strict=True)), 240)
    assert _hidden({"part": part}, whole) == []


def test_thin_cells_over_a_thin_whole_are_hidden() -> None:
    # All 15 women are young and shown as “≤ 20”; the part would say that they are two at least.
    whole = _table(0, 15, 200, 200)
    assert _hidden({"part": _table(0, 15, 100, 100)}, whole) == []
    assert _hidden({"part": _table(1, 14, 100, 100)}, whole) == ["part"]


def test_disjoint_parts_that_exhaust_the_total_are_hidden_one_by_one() -> None:
    # Each is harmless; together they say that there are at least 41 + 41 people, not 81.
    whole = _table(5, 40, 5, 40)
    women, men = _table(5, 40, 0, 0), _table(0, 0, 5, 40)
    assert _hidden({"women": women}, whole) == []
    assert _hidden({"men": men}, whole) == []
    assert _hidden({"women": women, "men": men}, whole) == ["women"]


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
