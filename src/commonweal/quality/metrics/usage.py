"""How many rows each column has of each concept: one narrow pass for each column.

The result is small, so that everything that asks about concepts is answered from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.engine.sql import quoted, quoted_text
from commonweal.quality.metrics.definition import TableFacts, all_tables
from commonweal.quality.metrics.sources import Sources

USAGE = "metric_usage"
"""Table: table_name, column_name, concept_id, row_count, and what the vocabulary says of it."""
COLUMN_DOMAINS = {"route_concept_id": "Route"}
"""What a concept in a column must be, where it is not the domain of the table."""


@dataclass(frozen=True)
class ColumnUsage:
    """One column of concepts; all numbers but ``unknown_ids`` and ``other_ids`` count rows."""

    rows: int
    filled: int
    """Neither empty nor 0."""
    known: int
    """Filled with a concept of the vocabulary."""
    standard: int
    in_domain: int
    fitting: int
    """Standard and in the domain."""
    unknown_ids: int
    """Different numbers that are no concept."""
    other_ids: int
    """Different concepts that are not standard."""


def measure_usage(sources: Sources) -> Mapping[tuple[str, str], ColumnUsage]:
    """Count concepts in every column that a metric looks at, by table and column."""
    parts = [
        _count_concepts(sources, facts, column)
        for facts in all_tables().values()
        if facts.name in sources.rows
        for column in concept_columns(facts)
    ]
    _write_usage(sources, parts or [_nothing()])
    return {
        (row[0], row[1]): ColumnUsage(*(int(count) for count in row[2:]))
        for row in _summarise(sources)
    }


def concept_columns(facts: TableFacts) -> tuple[str, ...]:
    """The columns of a table that hold concepts, each once."""
    keys = (key for key in facts.keys if key.endswith("_concept_id"))
    named = (facts.concept, facts.source, *keys, *facts.listed)
    return tuple(dict.fromkeys(filter(None, named)))


def _count_concepts(sources: Sources, facts: TableFacts, column: str) -> str:
    is_main = column in (facts.concept, facts.source)
    domain = COLUMN_DOMAINS.get(column, facts.domain if is_main else "")
    return (
        f"SELECT {quoted_text(facts.name)} AS table_name, {quoted_text(column)} AS column_name, "
        f"{quoted_text(domain)} AS wanted, {quoted(column)} AS concept_id, "
        f"count(*) AS row_count FROM {sources.view(facts.name)} GROUP BY {quoted(column)}"
    )


def _nothing() -> str:
    return (
        "SELECT '' AS table_name, '' AS column_name, '' AS wanted, "
        "CAST(NULL AS BIGINT) AS concept_id, CAST(0 AS BIGINT) AS row_count WHERE false"
    )


def _write_usage(sources: Sources, parts: list[str]) -> None:
    """Column by column, so that no more than one is held in memory."""
    counted = f"{USAGE}_counted"
    sources.engine.execute(f"CREATE OR REPLACE TEMP TABLE {counted} AS {parts[0]}")
    for part in parts[1:]:
        sources.engine.execute(f"INSERT INTO {counted} {part}")
    sources.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {USAGE} AS SELECT u.*, "
        "coalesce(u.concept_id, 0) <> 0 AS filled, "
        "c.concept_id IS NOT NULL AS known, "
        "c.standard_concept IS NOT DISTINCT FROM 'S' AS standard, "
        "c.concept_id IS NOT NULL AND (wanted = '' OR c.domain_id = wanted) AS in_domain, "
        "c.concept_class_id, c.vocabulary_id, c.concept_code "
        f"FROM {counted} u LEFT JOIN {sources.vocabulary.concept_sql} c "
        "ON c.concept_id = u.concept_id AND u.concept_id <> 0"
    )


def _summarise(sources: Sources) -> Iterator[tuple[Any, ...]]:
    conditions = ("filled", "known", "standard", "in_domain", "standard AND in_domain")
    sums = [f"coalesce(sum(row_count) FILTER ({it}), 0)" for it in conditions]
    ids = [f"count(*) FILTER ({it})" for it in ("filled AND NOT known", "known AND NOT standard")]
    yield from sources.engine.rows(
        f"SELECT table_name, column_name, sum(row_count), {', '.join(sums)}, {', '.join(ids)} "
        f"FROM {USAGE} GROUP BY table_name, column_name"
    )
