"""Rows that are alike in everything but their key."""

from collections.abc import Iterator

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import TableFacts, get_metric
from commonweal.quality.metrics.sources import Sources, facts_of
from commonweal.quality.metrics.value import (
    MetricValue,
    build_absence,
    build_value,
    with_total,
)


def measure_duplicates(sources: Sources) -> Iterator[MetricValue]:
    """Rows beyond the first of each group of equal ones."""
    metric = get_metric("duplicates")
    parts = []
    for facts in facts_of(metric.tables):
        if status := sources.find_absence(facts.name):
            parts.append(build_absence(metric, status, table=facts.name))
        else:
            repeated, rows = _count(sources, facts)
            parts.append(build_value(metric, repeated, rows, table=facts.name))
    yield from with_total(metric, parts)


def _count(sources: Sources, facts: TableFacts) -> tuple[int, int]:
    """Repeated rows, and rows that were looked at.

    Hashes are grouped first: whole rows are compared only where hashes are equal.
    """
    key = f"{facts.name}_id"
    columns = ", ".join(quoted(c) for c in sources.own_columns[facts.name] if c != key)
    rows = (
        f"FROM {sources.view(facts.name)} "
        f"WHERE coalesce({quoted(facts.concept)}, 0) <> 0 AND coalesce(person_id, 0) <> 0"
    )
    alike = f"SELECT hash({columns}) AS h {rows} GROUP BY h HAVING count(*) > 1"
    repeated = sources.engine.value(
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n {rows} "
        f"AND hash({columns}) IN ({alike}) GROUP BY {columns})"
    )
    return int(repeated), int(sources.engine.value(f"SELECT count(*) {rows}"))
