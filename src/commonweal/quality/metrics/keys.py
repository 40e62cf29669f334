"""Metrics about keys: GC-2, and records that cannot be placed in a visit."""

from collections.abc import Iterator, Mapping

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.concepts import Usage
from commonweal.quality.metrics.definition import TableFacts, get_metric
from commonweal.quality.metrics.sources import Sources, facts_of
from commonweal.quality.metrics.value import (
    MetricValue,
    build_absence,
    build_value,
    with_total,
)

TARGETS: Mapping[str, tuple[str, str]] = {
    "person_id": ("person", "person_id"),
    "provider_id": ("provider", "provider_id"),
    "visit_occurrence_id": ("visit_occurrence", "visit_occurrence_id"),
    "preceding_visit_occurrence_id": ("visit_occurrence", "visit_occurrence_id"),
}
"""The table and column in which a key must be found."""


def measure_keys(sources: Sources, usage: Usage) -> Iterator[MetricValue]:
    """GC-2 key by key, then the share of conditions and procedures without a visit."""
    counted: dict[tuple[str, str], int] = {}
    for facts in facts_of(get_metric("gc_2").tables):
        for key in facts.keys:
            yield _measure_key(sources, usage, counted, facts=facts, key=key)
    yield from _measure_visits(sources, counted)


def _measure_key(
    sources: Sources,
    usage: Usage,
    counted: dict[tuple[str, str], int],
    *,
    facts: TableFacts,
    key: str,
) -> MetricValue:
    metric = get_metric("gc_2")
    target = TARGETS.get(key)
    needed = (facts.name, target[0]) if target else (facts.name,)
    if status := sources.find_absence(*needed):
        note = sources.note_absence(*needed)
        return build_absence(metric, status, table=facts.name, part=key, note=note)
    valid = (
        _count_found(sources, facts.name, key, counted) if target else usage[facts.name, key].known
    )
    total = _count_rows(sources, facts, key)
    return build_value(metric, valid, total, table=facts.name, part=key)


def _count_rows(sources: Sources, facts: TableFacts, key: str) -> int:
    if key not in facts.counted_where_filled:
        return sources.rows[facts.name]
    return int(sources.engine.value(f"SELECT count({quoted(key)}) FROM {sources.view(facts.name)}"))


def _count_found(
    sources: Sources, table: str, key: str, counted: dict[tuple[str, str], int]
) -> int:
    """Rows whose key is found where it points to; each is counted once."""
    if (table, key) not in counted:
        target, column = TARGETS[key]
        counted[table, key] = int(
            sources.engine.value(
                f"SELECT count(*) FROM {sources.view(table)} WHERE {quoted(key)} <> 0 AND "
                f"{quoted(key)} IN (SELECT {quoted(column)} FROM {sources.view(target)} "
                f"WHERE {quoted(column)} IS NOT NULL)"
            )
        )
    return counted[table, key]


def _measure_visits(sources: Sources, counted: dict[tuple[str, str], int]) -> Iterator[MetricValue]:
    metric, parts = get_metric("visit_id_failure"), []
    for table in metric.tables:
        needed = (table, "visit_occurrence")
        if status := sources.find_absence(*needed):
            note = sources.note_absence(*needed)
            parts.append(build_absence(metric, status, table=table, note=note))
        else:
            rows = sources.rows[table]
            failed = rows - _count_found(sources, table, "visit_occurrence_id", counted)
            parts.append(build_value(metric, failed, rows, table=table))
    yield from with_total(metric, parts)
