"""Metrics about concepts: GC-1, GC-3, routes, and those that are unknown or not standard."""

from collections.abc import Callable, Iterator, Mapping

from commonweal.quality.metrics.definition import Metric, TableFacts, get_metric
from commonweal.quality.metrics.sources import Sources, facts_of
from commonweal.quality.metrics.usage import ColumnUsage
from commonweal.quality.metrics.value import (
    MetricValue,
    build_absence,
    build_value,
    with_total,
)

Usage = Mapping[tuple[str, str], ColumnUsage]


def measure_concepts(sources: Sources, usage: Usage) -> Iterator[MetricValue]:
    """GC-1 and GC-3 of the standard and the source concepts, routes and invalid concepts."""
    concept, source = (lambda f: f.concept), (lambda f: f.source)
    yield from _measure(sources, usage, "gc_1_standard", concept, lambda u: u.fitting)
    yield from _measure(sources, usage, "gc_1_source", source, lambda u: u.in_domain)
    yield from _measure(sources, usage, "gc_3_standard", concept, lambda u: u.filled)
    yield from _measure(sources, usage, "gc_3_source", source, lambda u: u.filled)
    yield _measure_routes(sources, usage)
    yield from _list_invalid(
        sources, usage, "unknown_concepts", lambda u: u.filled - u.known, lambda u: u.unknown_ids
    )
    yield from _list_invalid(
        sources,
        usage,
        "nonstandard_concepts",
        lambda u: u.known - u.standard,
        lambda u: u.other_ids,
    )


def _measure(
    sources: Sources,
    usage: Usage,
    name: str,
    column: Callable[[TableFacts], str],
    count: Callable[[ColumnUsage], int],
) -> Iterator[MetricValue]:
    metric = get_metric(name)
    yield from with_total(
        metric,
        [
            _of_column(sources, usage, metric, facts.name, column=column(facts), count=count)
            for facts in facts_of(metric.tables)
        ],
    )


def _of_column(
    sources: Sources,
    usage: Usage,
    metric: Metric,
    table: str,
    *,
    column: str,
    count: Callable[[ColumnUsage], int],
) -> MetricValue:
    if status := sources.find_absence(table):
        return build_absence(metric, status, table=table)
    found = usage[table, column]
    return build_value(metric, count(found), found.rows, table=table)


def _measure_routes(sources: Sources, usage: Usage) -> MetricValue:
    return _of_column(
        sources,
        usage,
        get_metric("route_failure"),
        "drug_exposure",
        column="route_concept_id",
        count=lambda found: found.rows - found.fitting,
    )


def _list_invalid(
    sources: Sources,
    usage: Usage,
    name: str,
    count: Callable[[ColumnUsage], int],
    different: Callable[[ColumnUsage], int],
) -> Iterator[MetricValue]:
    metric = get_metric(name)
    parts = []
    for facts in facts_of(metric.tables):
        if status := sources.find_absence(facts.name):
            parts.append(build_absence(metric, status, table=facts.name))
            continue
        for column in facts.listed:
            found = usage[facts.name, column]
            ids = different(found)
            note = f"{ids:,} different concept ids" if ids else ""
            parts.append(
                build_value(
                    metric, count(found), found.filled, table=facts.name, part=column, note=note
                )
            )
    yield from with_total(metric, parts)
