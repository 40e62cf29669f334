"""The weeks of a sprint, from ``data/goals.toml``, with their dates once it has a first day."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from commonweal.schema.errors import CommonwealError

DAYS = 7


@dataclass(frozen=True)
class Week:
    """One week: its tables are due on its last day. Without a first day there are no dates."""

    number: int
    title: str
    tables: tuple[str, ...]
    first_day: date | None = None

    @property
    def due(self) -> date | None:
        return self.first_day + timedelta(days=DAYS - 1) if self.first_day else None

    def to_json(self) -> dict[str, Any]:
        return {
            "week": self.number,
            "title": self.title,
            "tables": list(self.tables),
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "due": self.due.isoformat() if self.due else None,
        }


def list_weeks(start: date | None = None) -> tuple[Week, ...]:
    """The weeks in their order, counted from the day the sprint begins.

    Raises:
        CommonwealError: the calendar ends before the sprint does.
    """
    weeks = _read_weeks()
    if start is None:
        return weeks
    if date.max - start < timedelta(days=DAYS * len(weeks)):
        raise CommonwealError(
            f"A sprint cannot begin on {start}.",
            expected="a first day in the years to come",
            fix="Check the year.",
        )
    return tuple(
        replace(week, first_day=start + timedelta(days=DAYS * (week.number - 1))) for week in weeks
    )


def list_goals(start: date | None = None) -> dict[str, Week]:
    """The week in which each table is due."""
    return {table: week for week in list_weeks(start) for table in week.tables}


def find_week(weeks: Iterable[Week], today: date) -> Week | None:
    """The week that a day is in, or None before and after the sprint."""
    return next(
        (
            week
            for week in weeks
            if week.first_day and week.due and week.first_day <= today <= week.due
        ),
        None,
    )


@cache
def _read_weeks() -> tuple[Week, ...]:
    source = files("commonweal.intake.sprint") / "data" / "goals.toml"
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    return tuple(
        Week(week["number"], week["title"], tuple(week["tables"])) for week in content["week"]
    )
