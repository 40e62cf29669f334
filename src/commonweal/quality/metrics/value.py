"""What was measured: values with what they were made of, and why some are not there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from commonweal.quality.metrics.definition import Band, Concerned, Kind, Metric, get_metric


class Status(StrEnum):
    """Whether there is a value, and if not, why."""

    MEASURED = "measured"
    NOT_SUBMITTED = "not submitted"
    """The table, or one that it has to be compared with, is not there."""
    EMPTY = "empty"
    """The table has no rows."""
    NOTHING = "nothing to measure"
    """The table has rows, but none that the metric is about."""
    NOT_MEASURABLE = "not measurable with this vocabulary"
    NOT_MEASURED = "not measured"
    """What the programme itself knows was not at hand."""


@dataclass(frozen=True)
class MetricValue:
    """One value of a metric: of a table, of a part of it, or overall (``table`` is None).

    ``numerator`` and ``denominator`` count what the metric's definition says, and are None
    where nothing was measured. ``concerned`` counts what a site has to look at.
    """

    metric: str
    table: str | None = None
    part: str = ""
    """What the value is about within the table: a column, start or end, a panel, a class."""
    status: Status = Status.MEASURED
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    band: str | None = None
    words: str = ""
    """The band in words, or why there is no value."""
    tone: str = "plain"
    action: bool = False
    concerned: int | None = None
    note: str = ""

    @property
    def definition(self) -> Metric:
        return get_metric(self.metric)

    @property
    def is_measured(self) -> bool:
        return self.status is Status.MEASURED

    def to_json(self) -> dict[str, Any]:
        """The value as plain data."""
        return asdict(self) | {"status": str(self.status)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "MetricValue":
        """Read back what ``to_json`` gave."""
        return cls(**{**content, "status": Status(content["status"])})


@dataclass(frozen=True)
class Metrics:
    """Everything that was measured of one data set, and with which vocabulary."""

    values: tuple[MetricValue, ...]
    vocabulary_version: str | None
    abridged: bool
    """Measured with the vocabulary of the product, which lacks most concepts."""

    def of(self, metric: str) -> tuple[MetricValue, ...]:
        """The values of a metric, the overall one first."""
        return tuple(value for value in self.values if value.metric == metric)

    def get(self, metric: str, table: str | None = None, part: str = "") -> MetricValue:
        """The one value of a metric for a table and a part of it."""
        return next(v for v in self.of(metric) if (v.table, v.part) == (table, part))

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "vocabulary": {"version": self.vocabulary_version, "abridged": self.abridged},
            "values": [value.to_json() for value in self.values],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Metrics":
        """Read back what ``to_json`` gave."""
        vocabulary = content["vocabulary"]
        values = tuple(map(MetricValue.from_json, content["values"]))
        return cls(values, vocabulary["version"], vocabulary["abridged"])


def build_value(
    metric: Metric,
    numerator: float,
    denominator: float,
    *,
    table: str | None = None,
    part: str = "",
    note: str = "",
) -> MetricValue:
    """A value that was measured, with its band; nothing is divided by zero."""
    if not denominator:
        return build_absence(metric, Status.NOTHING, table=table, part=part, note=note)
    exact = numerator if metric.kind is Kind.COUNT else numerator / denominator
    value = exact if metric.decimals is None else round(exact, metric.decimals)
    return MetricValue(
        metric.name,
        table,
        part,
        numerator=numerator,
        denominator=denominator,
        value=value,
        concerned=_count_concerned(metric, numerator, denominator),
        note=note,
        **describe(metric.judge(value, table)),
    )


def build_absence(
    metric: Metric, status: Status, *, table: str | None = None, part: str = "", note: str = ""
) -> MetricValue:
    """A value that could not be measured, and why."""
    return MetricValue(metric.name, table, part, status, words=str(status), note=note)


def describe(band: Band) -> dict[str, Any]:
    """What a value carries of its band."""
    words = {"band": band.name, "words": band.words, "tone": str(band.tone)}
    return words | {"action": band.action}


def build_total(metric: Metric, parts: Iterable[MetricValue], note: str = "") -> MetricValue:
    """The overall value: the sum of the numerators over the sum of the denominators.

    What was not measured is left out, and said in the note. When nothing was, the status that
    tells the most is that of the whole: a table that is there is worth more than one that is not.
    """
    values = tuple(parts)
    measured = [value for value in values if value.is_measured]
    if not measured:
        return build_absence(metric, _summarise(value.status for value in values), note=note)
    absent = sorted({v.table for v in values if v.status is Status.NOT_SUBMITTED and v.table})
    missing = f"not submitted: {', '.join(absent)}" if absent else ""
    return build_value(
        metric,
        sum(value.numerator or 0 for value in measured),
        sum(value.denominator or 0 for value in measured),
        note="; ".join(filter(None, (note, missing))),
    )


def with_total(
    metric: Metric, parts: Iterable[MetricValue], note: str = ""
) -> Iterator[MetricValue]:
    """The overall value, then those it is made of."""
    values = tuple(parts)
    yield build_total(metric, values, note)
    yield from values


def _summarise(statuses: Iterable[Status]) -> Status:
    order = (Status.NOT_MEASURABLE, Status.NOTHING, Status.EMPTY)
    found = set(statuses)
    return next((status for status in order if status in found), Status.NOT_SUBMITTED)


def _count_concerned(metric: Metric, numerator: float, denominator: float) -> int | None:
    match metric.concerned:
        case Concerned.REST:
            return max(int(denominator - numerator), 0)
        case Concerned.COUNTED:
            return int(numerator)
        case Concerned.NONE:
            return None
