"""Geometry of charts, and what a public axis may say."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.hub.common.charts import (
    PLOT_HEIGHT,
    Mark,
    build_grouped_chart,
    find_axis,
    find_share,
)


@given(largest=st.integers(0, 10**9), unit=st.sampled_from([1, 20]))
def test_an_axis_covers_the_data_in_few_round_steps(largest: int, unit: int) -> None:
    axis = find_axis(largest, unit=unit)
    assert axis[0] == 0
    assert axis[-1] >= largest
    assert len(axis) <= 5
    assert all(value % unit == 0 for value in axis)
    assert len({b - a for a, b in itertools.pairwise(axis)}) == 1


def test_bars_stand_on_the_base_and_do_not_overlap() -> None:
    chart = build_grouped_chart(
        title="t",
        description="d",
        groups=["a", "b"],
        series=[("x", [Mark(20, ""), Mark(40, "")]), ("y", [Mark(0, ""), Mark(10, "")])],
        axis_labels=[(0, "0"), (40, "40")],
    )
    assert {round(float(b.y) + float(b.height), 1) for b in chart.bars} == {float(chart.base)}
    assert max(float(b.height) for b in chart.bars) == PLOT_HEIGHT
    places = sorted((float(b.x), float(b.width)) for b in chart.bars)
    for (x, width), (following, _) in itertools.pairwise(places):
        assert x + width <= following
    assert places[-1][0] + places[-1][1] <= 100
    assert not chart.has_hidden


def test_a_count_that_is_not_shown_is_as_high_as_the_plot_and_marked() -> None:
    chart = build_grouped_chart(
        title="t",
        description="d",
        groups=["a"],
        series=[("x", [Mark(0, "not shown", hidden=True)])],
        axis_labels=[(0, "0"), (20, "20")],
    )
    assert chart.has_hidden
    assert float(chart.bars[0].height) == PLOT_HEIGHT


@pytest.mark.parametrize(("part", "whole", "width"), [(1, 3, "33.3"), (0, 5, "0.0"), (5, 0, "0")])
def test_shares_are_percent_of_the_longest(part: int, whole: int, width: str) -> None:
    assert find_share(part, whole) == width
