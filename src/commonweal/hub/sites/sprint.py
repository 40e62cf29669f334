"""How the pages show the sprint board, from the rows that the worker copied."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy

from commonweal.hub.sites.models import SprintRow
from commonweal.hub.sites.phrases import say, say_detail
from commonweal.intake.sites import Site
from commonweal.intake.sprint.plan import list_weeks

STAGES = ("received", "parsed", "loaded", "mapped")
_NAMES = {
    "": gettext_lazy("Nothing received"),
    "received": gettext_lazy("Received"),
    "parsed": gettext_lazy("Parsed"),
    "loaded": gettext_lazy("Loaded"),
    "mapped": gettext_lazy("Mapped"),
}
_TONES = {"": "plain", "received": "poor", "parsed": "poor", "loaded": "fair", "mapped": "good"}


@dataclass(frozen=True)
class Cell:
    """How far a site is with a table: the last stage it has reached, and what the next lacks."""

    table: str
    week: int
    due: date | None
    stage: str
    words: str
    tone: str
    ticks: tuple[tuple[str, bool], ...]
    submission: str
    folder: str
    why: str
    is_late: bool


@dataclass(frozen=True)
class Line:
    """A site with its tables, in the order of the weeks."""

    site: Site
    cells: tuple[Cell, ...]
    mapped: int


@dataclass(frozen=True)
class Heading:
    """A week with its tables, whose names are in parts, so that a narrow column can break them."""

    number: int
    title: str
    due: date | None
    tables: tuple[tuple[str, ...], ...]


def build_headings(start: date | None) -> list[Heading]:
    """The weeks that have tables as goals."""
    return [
        Heading(
            week.number, say(week.title), week.due, tuple(tuple(t.split("_")) for t in week.tables)
        )
        for week in list_weeks(start)
        if week.tables
    ]


def build_lines(sites: Iterable[Site], today: date) -> list[Line]:
    """The board of these sites; a site of which the worker knows nothing yet is left out."""
    grouped: dict[str, list[Cell]] = {}
    for row in SprintRow.objects.all():
        grouped.setdefault(row.site, []).append(_build_cell(row, today))
    return [
        Line(site, tuple(cells), sum(cell.stage == "mapped" for cell in cells))
        for site in sites
        if (cells := grouped.get(site.name))
    ]


def _build_cell(row: SprintRow, today: date) -> Cell:
    facts: dict[str, Any] = row.facts
    stage = next((name for name in reversed(STAGES) if facts[name]), "")
    due = date.fromisoformat(facts["due"]) if facts["due"] else None
    return Cell(
        table=row.table,
        week=facts["week"],
        due=due,
        stage=stage,
        words=str(_NAMES[stage]),
        tone=_TONES[stage],
        ticks=tuple((str(_NAMES[name]), facts[name]) for name in STAGES),
        submission=facts["submission"] or "",
        folder=facts["folder"],
        why=say_detail(facts["why"]),
        is_late=stage != "mapped" and due is not None and today > due,
    )
