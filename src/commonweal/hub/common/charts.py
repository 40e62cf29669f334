"""Geometry of charts drawn on the server as SVG: numbers in, positions out.

Widths are in percent of the chart's width and heights in pixels, so bars stretch with the
page while letters keep their size; no style attribute is needed, which the content security
policy would refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PLOT_HEIGHT = 220
"""Pixels between the axis and the top line."""
TOP = 12
GUTTER = 11.0
"""Percent of the width left for the numbers of the axis."""
BAR_SHARE = 0.72
"""Part of a group's width that its bars fill."""
STEPS = (1, 2, 5)
POWERS = tuple(10**n for n in range(18))


@dataclass(frozen=True)
class Mark:
    """One number of the chart: how high, how it is called, whether it is shown at all.

    A ``small`` one is only known to be at most as high as it is drawn.
    """

    height: int
    label: str
    hidden: bool = False
    small: bool = False


@dataclass(frozen=True)
class Bar:
    """A bar's place; x and width in percent, y and height in pixels, ``series`` from 1."""

    x: str
    y: str
    width: str
    height: str
    series: int
    label: str
    hidden: bool
    small: bool


@dataclass(frozen=True)
class Tick:
    """A line across the plot with its number, or a name under it."""

    position: str
    label: str


@dataclass(frozen=True)
class GroupedChart:
    """Bars side by side in groups, with an axis."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    lines: tuple[Tick, ...]
    groups: tuple[Tick, ...]
    legend: tuple[tuple[int, str], ...]
    base: str
    height: str

    @property
    def has_hidden(self) -> bool:
        """Whether a bar stands for a number that is not shown."""
        return any(bar.hidden for bar in self.bars)

    @property
    def has_small(self) -> bool:
        """Whether a bar stands for a number that is only known to be small."""
        return any(bar.small for bar in self.bars)


def build_grouped_chart(
    *,
    title: str,
    description: str,
    groups: Sequence[str],
    series: Sequence[tuple[str, Sequence[Mark]]],
    axis_labels: Sequence[tuple[int, str]],
) -> GroupedChart:
    """Lay out one mark per group and series; ``axis_labels`` come from ``find_axis``."""
    top = max((value for value, _ in axis_labels), default=1) or 1
    room = (100.0 - GUTTER) / max(len(groups), 1)
    base = TOP + PLOT_HEIGHT
    bars = [
        _place_bar(mark, left=GUTTER + g * room, room=room, place=(number, len(series)), top=top)
        for number, (_, marks) in enumerate(series, start=1)
        for g, mark in enumerate(marks)
    ]
    return GroupedChart(
        title=title,
        description=description,
        bars=tuple(bars),
        lines=tuple(Tick(f"{base - PLOT_HEIGHT * v / top:.1f}", label) for v, label in axis_labels),
        groups=tuple(
            Tick(f"{GUTTER + (g + 0.5) * room:.2f}", name) for g, name in enumerate(groups)
        ),
        legend=tuple((number, name) for number, (name, _) in enumerate(series, start=1)),
        base=str(base),
        height=str(base + 28),
    )


def _place_bar(mark: Mark, *, left: float, room: float, place: tuple[int, int], top: int) -> Bar:
    """A bar in a group of ``room`` percent; ``place`` is its number and how many there are."""
    number, of = place
    width = room * BAR_SHARE / of
    height = PLOT_HEIGHT if mark.hidden else PLOT_HEIGHT * mark.height / top
    return Bar(
        x=f"{left + room * (1 - BAR_SHARE) / 2 + (number - 1) * width:.2f}",
        y=f"{TOP + PLOT_HEIGHT - height:.1f}",
        width=f"{width * 0.92:.2f}",
        height=f"{height:.1f}",
        series=number,
        label=mark.label,
        hidden=mark.hidden,
        small=mark.small,
    )


def find_axis(largest: int, *, unit: int = 1, lines: int = 4) -> list[int]:
    """Round multiples of ``unit`` from 0 to at least ``largest``, at most ``lines`` above 0.

    Public charts have the unit 20, so that even the axis says nothing finer than the data.
    """
    wanted = max(-(-largest // unit), 1)
    steps = (power * step for power in POWERS for step in STEPS)
    step = unit * next(step for step in steps if step * lines >= wanted)
    return [step * n for n in range(-(-max(largest, 1) // step) + 1)]


def find_share(part: int, whole: int) -> str:
    """Width of a bar in percent of the largest, for tables with a bar in a column."""
    return f"{100 * part / whole:.1f}" if whole > 0 else "0"
