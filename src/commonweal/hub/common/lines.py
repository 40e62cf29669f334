"""Geometry of a line of values over time, drawn on the server as SVG.

Across, positions are in percent of the chart's width; down, in pixels. So a chart stretches
with the page without a style attribute, which the content security policy would refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

PLOT_HEIGHT = 120
TOP = 14
LEFT, RIGHT = 12.0, 97.0
"""Percent of the width between which points stand; to the left are the numbers of the axis."""


@dataclass(frozen=True)
class Reading:
    """One value: where on the time axis it is called what, and how it was judged."""

    value: float
    label: str
    when: str
    tone: str = "plain"


@dataclass(frozen=True)
class Point:
    """A reading's place; x in percent, y in pixels."""

    x: str
    y: str
    label: str
    tone: str


@dataclass(frozen=True)
class Segment:
    """The line from one point to the next."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class LineChart:
    """One line of points with an axis of three numbers."""

    title: str
    description: str
    points: tuple[Point, ...]
    segments: tuple[Segment, ...]
    axis: tuple[tuple[str, str], ...]
    first: str
    last: str
    base: str
    height: str


def build_line_chart(
    *, title: str, description: str, readings: Sequence[Reading], top: float, axis: Sequence[str]
) -> LineChart:
    """Lay out readings between 0 and ``top``; ``axis`` names 0, the half and the top."""
    base = TOP + PLOT_HEIGHT
    points = tuple(
        Point(_place(n, len(readings)), _height(reading.value, top), reading.label, reading.tone)
        for n, reading in enumerate(readings)
    )
    levels = (base, base - PLOT_HEIGHT / 2, TOP)
    return LineChart(
        title=title,
        description=description,
        points=points,
        segments=tuple(Segment(one.x, one.y, other.x, other.y) for one, other in pairwise(points)),
        axis=tuple((f"{y:.1f}", words) for y, words in zip(levels, axis, strict=True)),
        first=readings[0].when if len(readings) > 1 else "",
        last=readings[-1].when if readings else "",
        base=str(base),
        height=str(base + 26),
    )


def _place(number: int, of: int) -> str:
    share = number / (of - 1) if of > 1 else 1.0
    return f"{LEFT + 2 + share * (RIGHT - LEFT - 2):.2f}"


def _height(value: float, top: float) -> str:
    share = min(max(value / top, 0.0), 1.0) if top else 0.0
    return f"{TOP + PLOT_HEIGHT * (1 - share):.1f}"
