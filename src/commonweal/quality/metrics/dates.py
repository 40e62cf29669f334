"""Metrics about dates: DC-1 to DC-4 and their average."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import Metric, Span, TableFacts, get_metric
from commonweal.quality.metrics.sources import Sources, facts_of
from commonweal.quality.metrics.value import (
    MetricValue,
    build_absence,
    build_total,
    build_value,
    with_total,
)

DAYS_AFTER_DEATH = 30
FAR_DAYS = 1
"""More calendar days than this between a day and the moment beside it are a fault."""
PARTS = ("dc_1", "dc_2", "dc_3", "dc_4")


@dataclass(frozen=True)
class _Count:
    """What is counted of one table for one value: SQL of the faulty and of all."""

    metric: str
    part: str
    faulty: str
    of: str


def measure_dates(sources: Sources) -> Iterator[MetricValue]:
    """DC-1 to DC-4 for each table, start and end apart, and their average."""
    overall = []
    for name in PARTS:
        metric = get_metric(name)
        parts = list(_measure(sources, metric))
        overall.append(build_total(metric, parts))
        yield from with_total(metric, parts)
    yield _average(overall)


def _measure(sources: Sources, metric: Metric) -> Iterator[MetricValue]:
    needed = ("death",) if metric.name == "dc_2" else ()
    for facts in facts_of(metric.tables):
        counts = list(_list_counts(metric.name, facts))
        if status := sources.find_absence(facts.name, *needed):
            note = sources.note_absence(facts.name, *needed)
            for count in counts:
                yield build_absence(metric, status, table=facts.name, part=count.part, note=note)
        else:
            yield from _count(sources, metric, facts.name, counts)


def _count(
    sources: Sources, metric: Metric, table: str, counts: list[_Count]
) -> Iterator[MetricValue]:
    """All parts of a table in one pass."""
    wanted = ", ".join(f"count(*) FILTER ({c.faulty}), count(*) FILTER ({c.of})" for c in counts)
    deaths = _deaths_sql(sources) if metric.name == "dc_2" else ""
    (found,) = sources.engine.rows(f"SELECT {wanted} FROM {sources.view(table)} t {deaths}")
    for place, count in enumerate(counts):
        faulty, total = found[2 * place], found[2 * place + 1]
        yield build_value(metric, total - faulty, total, table=table, part=count.part)


def _deaths_sql(sources: Sources) -> str:
    """The earliest day of death of everybody who died."""
    return (
        "JOIN (SELECT person_id, min(death_date) AS died "
        f"FROM {sources.view('death')} WHERE death_date IS NOT NULL GROUP BY person_id) d "
        "ON d.person_id = t.person_id"
    )


def _list_counts(metric: str, facts: TableFacts) -> Iterator[_Count]:
    match metric:
        case "dc_1":
            start, end = facts.span("start"), facts.span("end")
            if start and end:
                faulty = f"{quoted(start.moment)} > {quoted(end.moment)}"
                yield _Count(metric, "", faulty, f"{quoted(end.moment)} IS NOT NULL")
        case _:
            for span in facts.spans:
                yield _Count(metric, span.part, *_conditions(metric, facts, span))


def _conditions(metric: str, facts: TableFacts, span: Span) -> tuple[str, str]:
    """When a date of a span is at fault, and when it counts at all."""
    day, moment = quoted(span.day), quoted(span.moment)
    match metric:
        case "dc_2":
            return f"date_diff('day', d.died, {day}) > {DAYS_AFTER_DEATH}", "true"
        case "dc_3":
            return f"{moment} < TIMESTAMP '{facts.earliest}'", f"{moment} IS NOT NULL"
        case _:
            days = f"date_diff('day', {day}, CAST({moment} AS DATE))"
            return f"{days} > {FAR_DAYS}", f"{moment} IS NOT NULL"


def _average(overall: list[MetricValue]) -> MetricValue:
    metric = get_metric("dc_average")
    measured = [v for v in overall if v.value is not None]
    if not measured:
        return build_absence(metric, overall[0].status)
    names = ", ".join(v.definition.name.upper().replace("_", "-") for v in measured)
    note = "" if len(measured) == len(overall) else f"of {names} alone"
    total = fsum(value.value or 0.0 for value in measured)
    return build_value(metric, total, len(measured), note=note)
