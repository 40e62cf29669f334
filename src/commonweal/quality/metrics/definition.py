"""Metrics and bands as they are declared in ``data``."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

DATA = Path(str(files("commonweal.quality.metrics") / "data"))


class Tone(StrEnum):
    """The colour of a band; never shown without its words."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    PLAIN = "plain"


class Kind(StrEnum):
    """What the value of a metric is."""

    SHARE = "share"
    COUNT = "count"
    MEAN = "mean"


class Concerned(StrEnum):
    """Which of the things counted a site has to look at."""

    REST = "rest"
    COUNTED = "counted"
    NONE = "none"


@dataclass(frozen=True)
class Band:
    """What values between some bounds are called. A bound that is None does not bound."""

    name: str
    words: str
    tone: Tone
    action: bool = False
    """The site is asked to do something about it."""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the value is within the bounds."""
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


@dataclass(frozen=True)
class Metric:
    """One metric: what is counted, of what, what it should be, and what to do."""

    name: str
    title: str
    group: str
    asks: str
    numerator: str
    denominator: str
    target: str
    advice: str
    kind: Kind
    concerned: Concerned
    of: str
    """What the rows concerned are: rows, persons, dates, labs and so on."""
    bands: str
    tables: tuple[str, ...]
    table_bands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    decimals: int | None = None
    """The value is rounded to so many places before it is shown and judged."""

    def bands_of(self, table: str | None) -> tuple[Band, ...]:
        """The bands for the values of a table; None is for the overall value."""
        return get_bands(self.table_bands.get(table or "", self.bands))

    def judge(self, value: float, table: str | None = None) -> Band:
        """The first band that the value is in; the last one takes all that is left."""
        return next(band for band in self.bands_of(table) if band.holds(value))


@dataclass(frozen=True)
class Span:
    """A day and the moment beside it; ``part`` is start or end where there are two."""

    part: str
    day: str
    moment: str


@dataclass(frozen=True)
class TableFacts:
    """The columns of a table that metrics look at, by their OMOP 5.4 names."""

    name: str
    concept: str
    source: str
    domain: str
    keys: tuple[str, ...]
    listed: tuple[str, ...]
    spans: tuple[Span, ...]
    earliest: str
    counted_where_filled: tuple[str, ...]

    def span(self, part: str) -> Span | None:
        return next((span for span in self.spans if span.part == part), None)


@cache
def all_metrics() -> Mapping[str, Metric]:
    """Every metric by its name, in the order of the declaration."""
    return MappingProxyType(
        {name: _metric(name, facts) for name, facts in _read_toml("metrics.toml").items()}
    )


def get_metric(name: str) -> Metric:
    return all_metrics()[name]


@cache
def all_bands() -> Mapping[str, tuple[Band, ...]]:
    """Every list of bands by its name."""
    return MappingProxyType(
        {
            name: tuple(Band(**entry | {"tone": Tone(entry["tone"])}) for entry in entries)
            for name, entries in _read_toml("bands.toml").items()
        }
    )


def get_bands(name: str) -> tuple[Band, ...]:
    return all_bands()[name]


@cache
def all_tables() -> Mapping[str, TableFacts]:
    """What metrics look at in each table."""
    return MappingProxyType(
        {name: _table(name, facts) for name, facts in _read_toml("tables.toml").items()}
    )


@cache
def read_list(name: str) -> tuple[Mapping[str, str], ...]:
    """Rows of one of the CSV files of concepts and codes."""
    text = (DATA / name).read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))


def _read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _metric(name: str, facts: Mapping[str, Any]) -> Metric:
    typed = {
        "kind": Kind(facts["kind"]),
        "concerned": Concerned(facts["concerned"]),
        "tables": tuple(facts["tables"]),
        "table_bands": MappingProxyType(facts.get("table_bands", {})),
    }
    return Metric(**{"name": name, **facts, **typed})


def _table(name: str, facts: Mapping[str, Any]) -> TableFacts:
    typed = {
        "keys": tuple(facts["keys"]),
        "listed": tuple(facts["listed"]),
        "spans": tuple(Span(part, *columns) for part, columns in facts["spans"].items()),
        "counted_where_filled": tuple(facts["counted_where_filled"]),
    }
    return TableFacts(**{"name": name, **facts, **typed})
