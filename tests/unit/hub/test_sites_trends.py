"""The course of metrics: what is drawn, and where."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.sites_pages import (
    make_metrics,
    make_row,
    make_steward,
    make_value,
    register_both,
)

from commonweal.hub.common.lines import PLOT_HEIGHT, TOP, Reading, build_line_chart
from commonweal.hub.sites.trends import build_groups

pytestmark = pytest.mark.django_db


def test_points_stand_where_their_values_are() -> None:
    readings = [Reading(0.0, "0 %", "a"), Reading(0.5, "50 %", "b"), Reading(1.0, "100 %", "c")]
    chart = build_line_chart(
        title="t", description="d", readings=readings, top=1.0, axis=("0", "1/2", "1")
    )
    assert [float(p.y) for p in chart.points] == [TOP + PLOT_HEIGHT, TOP + PLOT_HEIGHT / 2, TOP]
    across = [float(p.x) for p in chart.points]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1])
    assert (len(chart.segments), chart.first, chart.last) == (2, "a", "c")


def test_a_metric_is_drawn_over_the_submissions_that_have_it() -> None:
    rows = [
        make_row(number=1, metrics=make_metrics(make_value("gc_2", 0.5, action=True))),
        make_row(number=2, metrics=make_metrics(make_value("duplicates", 7, action=False))),
        make_row(number=3, metrics=make_metrics(make_value("gc_2", 0.9, action=False))),
    ]
    (group,) = build_groups(rows)
    (metric,) = group.metrics
    assert metric.headline.value == "90 %"
    assert metric.chart is not None
    assert [point.tone for point in metric.chart.points] == ["poor", "good"]
    assert "50 %" in metric.chart.points[0].label


def test_one_value_is_no_course_and_counts_have_an_axis_of_their_own() -> None:
    first = make_row(number=1, metrics=make_metrics(make_value("duplicates", 7, action=False)))
    (group,) = build_groups([first])
    assert group.metrics[0].chart is None
    second = make_row(number=2, metrics=make_metrics(make_value("duplicates", 431, action=True)))
    (group,) = build_groups([first, second])
    chart = group.metrics[0].chart
    assert chart is not None
    assert [words for _, words in chart.axis] == ["0", "250", "500"]


def test_without_metrics_there_is_nothing() -> None:
    assert build_groups([]) == ()


def test_made_up_records_are_in_no_course_of_real_ones(home: Path) -> None:
    register_both(home)
    client = Client()
    client.force_login(make_steward("own", "hospital").user)
    measured = make_metrics(make_value("gc_2", 0.5, action=True))
    seen = []
    for number, synthetic in ((1, True), (2, False), (3, True)):
        make_row(number=number, synthetic=synthetic, metrics=measured)
        latest = client.get(reverse("sites:metrics", args=["hospital"])).context["latest"]
        seen.append(latest and latest.row.submission)
    assert seen == [None, "hospital-2", "hospital-2"]
