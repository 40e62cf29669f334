"""Metrics of one submission and over time, as the pages show them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from commonweal.hub.common.charts import find_axis
from commonweal.hub.common.lines import LineChart, Reading, build_line_chart
from commonweal.hub.common.numbers import show_number
from commonweal.hub.sites.figures import name_part, show_concerned, show_made_of
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.phrases import say
from commonweal.quality.metrics.definition import Kind, Metric, all_metrics
from commonweal.quality.metrics.value import MetricValue
from commonweal.quality.metrics.wording import show_value

MOST_POINTS = 24
"""Submissions a trend goes back over: six years of quarters."""


@dataclass(frozen=True)
class Line:
    """A value of a metric in a table of values."""

    place: str
    value: str
    made_of: str
    words: str
    tone: str
    concerned: str
    note: str


@dataclass(frozen=True)
class MetricView:
    """A metric with its values in the latest submission, and its course if there is one."""

    name: str
    title: str
    asks: str
    target: str
    advice: str
    headline: Line
    lines: tuple[Line, ...]
    chart: LineChart | None
    needs_action: bool


@dataclass(frozen=True)
class Group:
    """Metrics of one subject."""

    title: str
    metrics: tuple[MetricView, ...]


def read_values(row: SubmissionRow) -> list[MetricValue]:
    """The values of a submission; those of metrics that are no more are left out."""
    known = all_metrics()
    found = [v for v in row.metrics.get("values", []) if v["metric"] in known]
    return [MetricValue.from_json(value) for value in found]


def find_title(metric: str) -> str:
    """The title of a metric; its name when it is no more."""
    known = all_metrics().get(metric)
    return say(known.title) if known else metric


def build_groups(rows: Sequence[SubmissionRow]) -> tuple[Group, ...]:
    """The metrics of the last of these submissions, with their course over all of them."""
    if not rows:
        return ()
    latest = read_values(rows[-1])
    history = [(row, read_values(row)) for row in rows[-MOST_POINTS:]]
    grouped: dict[str, list[MetricView]] = defaultdict(list)
    for metric in all_metrics().values():
        values = [value for value in latest if value.metric == metric.name]
        if values:
            grouped[metric.group].append(_build_metric(metric, values, history))
    return tuple(Group(say(title), tuple(views)) for title, views in grouped.items())


def build_lines(values: Iterable[MetricValue]) -> tuple[Line, ...]:
    """Values as lines of a table."""
    return tuple(_build_line(value) for value in values)


def _build_metric(
    metric: Metric,
    values: list[MetricValue],
    history: list[tuple[SubmissionRow, list[MetricValue]]],
) -> MetricView:
    overall = next((v for v in values if v.table is None and not v.part), values[0])
    return MetricView(
        name=metric.name,
        title=say(metric.title),
        asks=say(metric.asks),
        target=say(metric.target),
        advice=say(metric.advice),
        headline=_build_line(overall),
        lines=build_lines(v for v in values if v is not overall),
        chart=_build_chart(metric, overall, history),
        needs_action=any(value.action for value in values),
    )


def _build_line(value: MetricValue) -> Line:
    place = ", ".join(filter(None, (value.table, name_part(value.part)))) or _("Overall")
    return Line(
        place=place,
        value=show_value(value, show_number),
        made_of=show_made_of(value),
        words=say(value.words),
        tone=value.tone,
        concerned=show_concerned(value),
        note=value.note,
    )


def _build_chart(
    metric: Metric, overall: MetricValue, history: list[tuple[SubmissionRow, list[MetricValue]]]
) -> LineChart | None:
    same = (overall.metric, overall.table, overall.part)
    readings = [
        Reading(value.value, show_value(value, show_number), _day(row), value.tone)
        for row, values in history
        for value in values
        if (value.metric, value.table, value.part) == same and value.value is not None
    ]
    if len(readings) < 2:
        return None
    top, axis = _find_axis(metric, readings)
    told = "; ".join(f"{reading.when}: {reading.label}" for reading in readings)
    readings = [replace(r, label=f"{r.when}: {r.label}") for r in readings]
    return build_line_chart(
        title=say(metric.title), description=told, readings=readings, top=top, axis=axis
    )


def _find_axis(metric: Metric, readings: list[Reading]) -> tuple[float, tuple[str, ...]]:
    largest = max(reading.value for reading in readings)
    if metric.kind is Kind.SHARE or metric.of == "metrics":
        return 1.0, ("0 %", "50 %", "100 %")
    top = find_axis(max(int(largest + 0.999), 1), lines=2)[-1]
    return float(top), ("0", show_number(Decimal(f"{top / 2:.10g}")), show_number(top))


def _day(row: SubmissionRow) -> str:
    return date_format(row.received_at, "SHORT_DATE_FORMAT")
