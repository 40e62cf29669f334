"""Hand-made tables, the adversarial ones among them."""

import pytest

from commonweal.disclosure.tables import PublishedTable, publish_table


def _values(table: PublishedTable[str]) -> dict[str, int | None]:
    return {key: count and count.value for key, count in table.cells.items()}


def _total(table: PublishedTable[str]) -> int | None:
    return table.total and table.total.value


def _publish(*earlier: PublishedTable[str], **cells: int) -> PublishedTable[str]:
    return publish_table(cells, sum(cells.values()), earlier=earlier)


def test_a_table_with_room_is_shown_whole() -> None:
    table = _publish(women=130, men=95, other=0)
    assert _values(table) == {"women": 140, "men": 100, "other": 0}
    assert _total(table) == 240
    assert table.suppressed == 0


def test_twenty_ones_under_a_small_total_are_hidden_whole() -> None:
    table = publish_table({str(i): 1 for i in range(20)}, 20)
    assert set(table.cells.values()) == {None}
    assert table.suppressed == 20
    assert _total(table) is not None


def test_zeros_are_hidden_with_the_table_since_they_would_betray_the_rest() -> None:
    assert _values(_publish(women=7, men=0)) == {"women": None, "men": None}


def test_two_cells_that_would_narrow_each_other_are_hidden() -> None:
    # “40” and “≤ 20” under “40” would say that the second is at most 19.
    assert _values(_publish(women=25, men=5)) == {"women": None, "men": None}


def test_a_cell_that_is_the_total_is_hidden() -> None:
    table = _publish(women=500, men=0)
    assert _values(table) == {"women": None, "men": None}
    assert _total(table) == 500


def test_nobody_at_all_may_be_said() -> None:
    assert _values(_publish(women=0, men=0)) == {"women": 0, "men": 0}


def test_a_table_without_cells_has_a_total() -> None:
    table = publish_table({}, 0)
    assert table.cells == {}
    assert table.total is not None


def test_huge_counts() -> None:
    assert _values(_publish(a=10**15 + 15, b=10**15 + 15)) == {"a": 10**15 + 20, "b": 10**15 + 20}


@pytest.mark.parametrize(("cells", "total"), [({"a": 30}, 31), ({"a": 30}, 29), ({}, 1)])
def test_cells_must_add_up(cells: dict[str, int], total: int) -> None:
    with pytest.raises(ValueError, match="add up"):
        publish_table(cells, total)


def test_a_negative_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        publish_table({"a": -1, "b": 30}, 29)


def test_a_cell_one_step_away_from_an_earlier_release_is_held_back() -> None:
    first = _publish(women=140, men=100, other=38)
    second = _publish(first, women=141, men=100, other=38)
    assert _values(second) == {"women": None, "men": 100, "other": 40}
    assert _total(second) == 280


def test_a_cell_two_steps_away_is_shown() -> None:
    first = _publish(women=140, men=100)
    second = _publish(first, women=181, men=100)
    assert _values(second) == {"women": 200, "men": 100}


def test_a_held_back_cell_is_compared_with_what_was_last_shown() -> None:
    first = _publish(women=140, men=90, other=35)
    second = _publish(first, women=141, men=90, other=35)
    third = _publish(first, second, women=142, men=90, other=35)
    assert _values(second) == {"women": None, "men": 100, "other": 40}
    assert _values(third) == {"women": None, "men": 100, "other": 40}


def test_a_total_one_step_away_hides_its_table() -> None:
    first = _publish(women=140, men=100)
    second = _publish(first, women=140, men=101)
    assert second.total is None
    assert _values(second) == {"women": None, "men": None}


def test_an_empty_cell_that_fills_by_a_few_is_held_back() -> None:
    first = _publish(women=140, men=97, other=0)
    second = _publish(first, women=140, men=97, other=1)
    assert _values(second)["other"] is None


def test_a_cell_hidden_before_may_be_shown_now() -> None:
    first = _publish(women=7, men=0)
    second = _publish(first, women=140, men=95)
    assert _values(second) == {"women": 140, "men": 100}


def test_a_cell_the_earlier_release_did_not_know_may_be_shown() -> None:
    first = _publish(women=140, men=97)
    assert _values(_publish(first, women=140, men=97, other=40))["other"] == 40
