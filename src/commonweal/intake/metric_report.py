"""Metrics as the site reads them: a block of the HTML report, and a table on a terminal.

No value of a cell is shown, only counts. A colour never stands without its words.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from commonweal.quality.metrics.definition import Metric, all_metrics
from commonweal.quality.metrics.value import Metrics, MetricValue
from commonweal.quality.metrics.wording import (
    show_concerned,
    show_fraction,
    show_place,
    show_value,
    warn_abridged,
)

ELSEWHERE = frozenset({"completeness"})
"""Shown in a section of its own."""
STYLES = {"good": "green", "fair": "yellow", "poor": "bold red", "plain": "dim"}
INFORMATION = "information"
_NUMBER = ' class="number"'


def render_metrics_html(metrics: Metrics | None) -> str:
    """The section of the report, or nothing where nothing was measured."""
    if metrics is None:
        return ""
    blocks = "\n".join(
        _group(title, list(group), metrics)
        for title, group in groupby(_list_shown(), key=lambda metric: metric.group)
    )
    said = f"<p>{escape(_say_vocabulary(metrics))}</p>"
    return f"<h2>Metrics</h2>\n{said}\n{_overview(metrics)}\n{blocks}"


def render_metrics_terminal(metrics: Metrics) -> RenderableType:
    """The metrics that have a target: value, target, what that means and how much it concerns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Metric", "Value", "Target", "Judgement", "Concerned"):
        table.add_column(heading, justify="right" if heading == "Value" else "left")
    for value in _list_judged(metrics):
        table.add_row(
            Text(_name(value)),
            show_value(value),
            value.definition.target,
            Text(value.words, style=STYLES[value.tone]),
            show_concerned(value),
        )
    return Group(table, Text(), Text(_say_vocabulary(metrics), style="dim"))


def _list_shown() -> list[Metric]:
    """Metrics by group, the groups in the order in which they first appear."""
    metrics = [metric for metric in all_metrics().values() if metric.name not in ELSEWHERE]
    order = list(dict.fromkeys(metric.group for metric in metrics))
    return sorted(metrics, key=lambda metric: order.index(metric.group))


def _list_judged(metrics: Metrics) -> Iterator[MetricValue]:
    """Of metrics with a target the overall values, and every other one that asks for action."""
    for metric in _list_shown():
        if metric.bands != INFORMATION:
            overall = _headlines(metrics, metric)
            yield from overall
            yield from (v for v in metrics.of(metric.name) if v.action and v not in overall)


def _headlines(metrics: Metrics, metric: Metric) -> Sequence[MetricValue]:
    """The overall value of a metric; all its values where it has none."""
    values = metrics.of(metric.name)
    return [value for value in values if value.table is None and not value.part] or values


def _name(value: MetricValue) -> str:
    """The metric, and what its value is about where it has several."""
    metric = value.definition
    several = value.table is not None and len(metric.tables) > 1
    place = show_place(value) if several else value.part
    return f"{metric.title}: {place}" if place else metric.title


def _say_vocabulary(metrics: Metrics) -> str:
    version = metrics.vocabulary_version or "without a version"
    said = f"Measured with the vocabulary {version}."
    return f"{said} {warn_abridged()}" if metrics.abridged else said


def _group(title: str, members: Iterable[Metric], metrics: Metrics) -> str:
    blocks = "\n".join(_metric(metric, metrics) for metric in members if metrics.of(metric.name))
    return f"<h3>{escape(title)}</h3>\n{blocks}"


def _metric(metric: Metric, metrics: Metrics) -> str:
    """A metric opens to its explanation and every value; its judgement is on the outside."""
    lines = "".join(f"<p>{line}</p>" for line in _explain(metric))
    rows = "\n".join(map(_row, metrics.of(metric.name)))
    outside = f"{escape(metric.title)}: {_outside(metrics, metric)}"
    return (
        f'<details class="metric"><summary>{outside}</summary>{lines}'
        f"{_table(metric.asks, 'Of what', rows)}</details>"
    )


_HEADINGS = (
    ("Value", _NUMBER),
    ("Made of", _NUMBER),
    ("Target", ""),
    ("Judgement", ""),
    ("Concerned", _NUMBER),
)


def _outside(metrics: Metrics, metric: Metric) -> str:
    """What is seen of a metric that is not opened: its value, or how many it has."""
    values = _headlines(metrics, metric)
    if len(values) > 1:
        return f"{len(values)} values"
    shown = f"{escape(show_value(values[0]))} " if values[0].value is not None else ""
    return shown + _judgement(values[0])


def _overview(metrics: Metrics) -> str:
    """One row for each value that has a target."""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(_name(value))}</th>{_cells(value)}</tr>'
        for value in _list_judged(metrics)
    )
    return _table("Values that have a target", "Metric", rows)


def _table(caption: str, first: str, rows: str) -> str:
    headings = ((first, ""), *_HEADINGS)
    head = "".join(f'<th scope="col"{style}>{text}</th>' for text, style in headings)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"
    )


def _explain(metric: Metric) -> Iterator[str]:
    yield f"<strong>Counted:</strong> {escape(metric.numerator)}"
    yield f"<strong>Of:</strong> {escape(metric.denominator)}"
    yield f"<strong>What to do:</strong> {escape(metric.advice)}"


def _judgement(value: MetricValue) -> str:
    return f'<span class="mark {value.tone}">{escape(value.words)}</span>'


def _row(value: MetricValue) -> str:
    note = f'<br><span class="soft">{escape(value.note)}</span>' if value.note else ""
    return f'<tr><th scope="row">{escape(show_place(value))}{note}</th>{_cells(value)}</tr>'


def _cells(value: MetricValue) -> str:
    numbers = (show_value(value), show_fraction(value))
    cells = "".join(f"<td{_NUMBER}>{escape(text)}</td>" for text in numbers)
    return (
        f"{cells}<td>{escape(value.definition.target)}</td><td>{_judgement(value)}</td>"
        f"<td{_NUMBER}>{escape(show_concerned(value))}</td>"
    )
