"""What is done and given for what: orders of a table of facts, drawn at visits.

Every table has the columns ``given``, ``chance``, and most of them ``sex``, ``youngest``,
``oldest`` and ``since``, which say to whom and from when on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.ehr.calendar import Calendar
from commonweal.synthetic.ehr.catalogue import WORDS, days_since, get_catalogue
from commonweal.synthetic.facts import Fact
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.diseases import SEXES


@dataclass(frozen=True)
class Orders:
    """One entry of each array for each row of the facts, in the order of their triggers."""

    rows: Sequence[Fact]
    chance: Floats
    sexes: Flags
    """Orders x ``SEXES``: for whom."""
    youngest: Floats
    oldest: Floats
    since: Days
    first: Ints
    """Position of the first order of each trigger; one more entry, for the end."""

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> Ints:
        """A column of whole numbers; 0 where it is empty."""
        return np.array([int(row[name] or 0) for row in self.rows], dtype=np.int64)

    def suit(self, calendar: Calendar, visit: Ints, order: Ints) -> Flags:
        """Whether the orders are for people of this sex and age, and there by this day."""
        age = calendar.age[visit]
        return np.asarray(
            self.sexes[order, calendar.sex[visit]]
            & (age >= self.youngest[order])
            & (age < self.oldest[order])
            & (calendar.day[visit] >= self.since[order])
        )


@dataclass(frozen=True)
class Occasions:
    """What visits are about, in the order of visits, then triggers; none twice."""

    visit: Ints
    trigger: Ints


def list_orders(rows: Sequence[Fact]) -> Orders:
    """The orders of a table of facts."""
    catalogue = get_catalogue()
    triggers = np.array([catalogue.trigger(row["given"]) for row in rows], dtype=np.int64)
    order = np.argsort(triggers, kind="stable")
    rows = [rows[at] for at in order]
    return Orders(
        rows=rows,
        chance=np.array([float(row["chance"]) for row in rows]),
        sexes=np.array([[row.get("sex") in {None, "", sex} for sex in SEXES] for row in rows]),
        youngest=np.array([float(row.get("youngest") or 0) for row in rows]),
        oldest=np.array([float(row.get("oldest") or 200) for row in rows]),
        since=days_since(rows),
        first=np.searchsorted(triggers[order], np.arange(len(catalogue) + len(WORDS) + 1)),
    )


def draw_orders(
    draws: Draws, name: str, orders: Orders, occasions: Occasions, calendar: Calendar
) -> tuple[Ints, Ints]:
    """Visits and the orders made at them, in the order of visits, then orders."""
    first = orders.first[occasions.trigger]
    count = orders.first[occasions.trigger + 1] - first
    visit = np.repeat(occasions.visit, count)
    order = np.arange(len(visit)) + np.repeat(first - (np.cumsum(count) - count), count)
    made = draws.uniform(name, calendar.ids[visit], order) < orders.chance[order]
    visit, order = visit[made], order[made]
    suits = orders.suit(calendar, visit, order)
    return visit[suits], order[suits]
