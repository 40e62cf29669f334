"""Which results are asked for together, and what is usual of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Floats, Ints
from commonweal.synthetic.ehr.calendar import BANDS
from commonweal.synthetic.ehr.orders import Orders, list_orders
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.people.diseases import SEXES

NUMBER, FOUND = "number", "found"
EXAMINATIONS = {"vitals", "body", "pain", "oxygen", "temperature"}


@dataclass(frozen=True)
class Members:
    """One entry of each array for each result, panel by panel."""

    names: tuple[str, ...]
    concepts: Ints
    panel: Ints
    """Number of its panel."""
    usual: Floats
    """Members x ``SEXES`` x ``BANDS``; NaN for what is no number of its own."""
    spread: Floats
    low: Floats
    high: Floats
    """No value lies beyond."""
    decimals: Ints
    is_found: Ints
    """1 for results that say whether something was found."""
    units: Ints
    """Concept; 0 for none."""
    unit_texts: tuple[str, ...]
    unit_text: Ints
    """Position in ``unit_texts``; -1 for none."""
    range_low: Floats
    range_high: Floats
    """Members x ``SEXES``; NaN where there is no limit."""

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Panels:
    """The panels, numbered in the order of ``measurements.csv``."""

    names: tuple[str, ...]
    members: Members
    first: Ints
    """Position of the first member of each panel; one more entry, for the end."""
    is_examination: Ints
    """1 for panels that no laboratory makes."""
    orders: Orders
    """Rows of ``panels.csv``."""
    ordered: Ints
    """Panel of each order."""
    found: Floats
    """Share of the results of each order that find something."""


@cache
def get_panels() -> Panels:
    """The panels and results of the facts."""
    rows = read_facts("measurements.csv")
    names = tuple(dict.fromkeys(row["panel"] for row in rows))
    place = {name: at for at, name in enumerate(names)}
    panel = np.array([place[row["panel"]] for row in rows], dtype=np.int64)
    orders = list_orders(read_facts("panels.csv"))
    return Panels(
        names=names,
        members=_members(rows, panel),
        first=np.searchsorted(panel, np.arange(len(names) + 1)),
        is_examination=np.array([name in EXAMINATIONS for name in names], dtype=np.int64),
        orders=orders,
        ordered=np.array([place[row["panel"]] for row in orders.rows], dtype=np.int64),
        found=np.array([float(row["found"] or 0) for row in orders.rows]),
    )


def _members(rows: Sequence[Fact], panel: Ints) -> Members:
    texts = tuple(dict.fromkeys(row["unit"] for row in rows if row["unit"]))
    return Members(
        names=tuple(row["name"] for row in rows),
        concepts=np.array([int(row["measurement_concept_id"]) for row in rows], dtype=np.int64),
        panel=panel,
        usual=np.array([_usual(row) for row in rows]),
        spread=_numbers(rows, "sd"),
        low=_numbers(rows, "low"),
        high=_numbers(rows, "high"),
        decimals=np.array([int(row["decimals"] or 0) for row in rows], dtype=np.int64),
        is_found=np.array([row["kind"] == FOUND for row in rows], dtype=np.int64),
        units=np.array([int(row["unit_concept_id"] or 0) for row in rows], dtype=np.int64),
        unit_texts=texts,
        unit_text=np.array(
            [texts.index(row["unit"]) if row["unit"] else -1 for row in rows], dtype=np.int64
        ),
        range_low=_ranges(rows, "low"),
        range_high=_ranges(rows, "high"),
    )


def _usual(row: Fact) -> Floats:
    """``SEXES`` x ``BANDS``; those of unknown sex lie in the middle."""
    known = np.array(
        [[float(row[f"{sex}_{band}"] or "nan") for band in BANDS] for sex in SEXES[:2]]
    )
    return np.vstack([known, (known[0] + known[1]) / 2])


def _ranges(rows: Sequence[Fact], end: str) -> Floats:
    female, male = (_numbers(rows, f"range_{sex}_{end}") for sex in SEXES[:2])
    return np.stack([female, male, np.where(female == male, female, np.nan)], axis=1)


def _numbers(rows: Sequence[Fact], column: str) -> Floats:
    return np.array([float(row[column] or "nan") for row in rows], dtype=np.float64)
