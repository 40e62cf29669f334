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
FEW = 10
_NUMBER = ' class="number"'


def render_metrics_html(metrics: Metrics | None) -> str:
    """The section of the report, or nothing where nothing was measured."""
    if metrics is None:
        return ""
    blocks = "\n".join(
        _group(title, list(group), metrics)
        for title, group in groupby(_list_shown(), key=lambda metric: metric.group)
    )
    return f"<h2>Metrics</h2>\n<p>{escape(_say_vocabulary(metrics))}</p>\n{blocks}"


def render_metrics_terminal(metrics: Metrics) -> RenderableType:
    """The metrics that have a target: value, target, what that means and how much it concerns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Metric", "Value", "Target", "Judgement", "Concerned"):
        table.add_column(heading, justify="right" if heading == "Value" else "left")
    for metric in _list_shown():
        for value in () if metric.bands == INFORMATION else _headlines(metrics, metric):
            table.add_row(
                Text(_name(metric, value)),
                show_value(value),
                metric.target,
                Text(value.words, style=STYLES[value.tone]),
                show_concerned(value),
            )
    return Group(table, Text(), Text(_say_vocabulary(metrics), style="dim"))


def _list_shown() -> list[Metric]:
    """Metrics by group, the groups in the order in which they first appear."""
    metrics = [metric for metric in all_metrics().values() if metric.name not in ELSEWHERE]
    order = list(dict.fromkeys(metric.group for metric in metrics))
    return sorted(metrics, key=lambda metric: order.index(metric.group))


def _headlines(metrics: Metrics, metric: Metric) -> Sequence[MetricValue]:
    """The overall value of a metric; all its values where it has none."""
    values = metrics.of(metric.name)
    overall = [value for value in values if value.table is None and not value.part]
    return overall or (values if len(values) <= FEW else _worst(values))


def _worst(values: Sequence[MetricValue]) -> Sequence[MetricValue]:
    """The one value to look at first of a metric that has many and no overall one."""
    measured = [value for value in values if value.value is not None]
    return [min(measured, key=lambda value: value.value or 0.0)] if measured else values[:1]


def _name(metric: Metric, value: MetricValue) -> str:
    part = value.part or (value.table if value.table and len(metric.tables) > 1 else "")
    return f"{metric.title}: {part}" if part else metric.title


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
    outside = " · ".join(
        f"{_short(value)}{_judgement(value)}" for value in _headlines(metrics, metric)[:1]
    )
    head = "".join(f'<th scope="col"{style}>{text}</th>' for text, style in _HEADINGS)
    return (
        f'<details class="metric"><summary>{escape(metric.title)}: {outside}</summary>{lines}'
        f"<table><caption>{escape(metric.asks)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></details>"
    )


_HEADINGS = (
    ("Of what", ""),
    ("Value", _NUMBER),
    ("Made of", _NUMBER),
    ("Target", ""),
    ("Judgement", ""),
    ("Concerned", _NUMBER),
)


def _short(value: MetricValue) -> str:
    return f"{escape(show_value(value))} " if value.value is not None else ""


def _explain(metric: Metric) -> Iterator[str]:
    yield f"<strong>Counted:</strong> {escape(metric.numerator)}"
    yield f"<strong>Of:</strong> {escape(metric.denominator)}"
    yield f"<strong>What to do:</strong> {escape(metric.advice)}"


def _judgement(value: MetricValue) -> str:
    return f'<span class="mark {value.tone}">{escape(value.words)}</span>'


def _row(value: MetricValue) -> str:
    note = f'<br><span class="soft">{escape(value.note)}</span>' if value.note else ""
    numbers = (show_value(value), show_fraction(value))
    cells = "".join(f"<td{_NUMBER}>{escape(text)}</td>" for text in numbers)
    return (
        f'<tr><th scope="row">{escape(show_place(value))}{note}</th>{cells}'
        f"<td>{escape(value.definition.target)}</td><td>{_judgement(value)}</td>"
        f"<td{_NUMBER}>{escape(show_concerned(value))}</td></tr>"
    )
