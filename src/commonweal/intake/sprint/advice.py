"""What is not mapped, and where it might go: codes of the source that have no concept.

Codes are values of cells. How many there are may be told to anybody; the codes themselves are
shown only where the user asks for values, and never one that few rows have.
"""

from dataclasses import dataclass
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.intake.sprint.questions import ScoredColumn
from commonweal.intake.sprint.score import NOT_MAPPED, maps_sql, source_sql
from commonweal.vocabulary.views import VocabularyViews

FEWEST_ROWS = 5
"""A code that fewer rows have is not shown."""
MOST_CODES = 10
SHORTEST_CODE = 3
"""Shorter codes fit too many vocabularies by chance."""


@dataclass(frozen=True)
class Suggestion:
    """A standard concept that a code of the vocabulary maps to."""

    concept_id: int
    name: str
    domain: str


@dataclass(frozen=True)
class UnmappedCode:
    """A code without a concept, the rows that have it, and what it could be."""

    value: str
    rows: int
    suggestion: Suggestion | None


@dataclass(frozen=True)
class Unmapped:
    """How many codes and rows of a column have no concept, and how many rows not even a code.

    ``mappable`` are the rows whose source concept maps to a standard one: they need no thought.
    ``codes`` are the most frequent ones; empty unless values may be shown.
    """

    column: ScoredColumn
    different: int
    rows: int
    without_code: int
    mappable: int
    codes: tuple[UnmappedCode, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.column.table,
            "column": self.column.source_value,
            "different": self.different,
            "rows": self.rows,
            "without_code": self.without_code,
            "mappable": self.mappable,
            "codes": [
                {
                    "value": code.value,
                    "rows": code.rows,
                    "suggestion": vars(code.suggestion) if code.suggestion else None,
                }
                for code in self.codes
            ],
        }


def find_unmapped(
    engine: Engine,
    column: ScoredColumn,
    view: str,
    vocabulary: VocabularyViews,
    *,
    show_values: bool = False,
) -> Unmapped | None:
    """The codes of a column that have no concept; None where all rows are mapped."""
    if column.source_value is None:
        return None
    codes = _codes_sql(column, view)
    ((different, rows, without),) = engine.rows(
        "SELECT count(value), coalesce(sum(n), 0), coalesce(sum(n) FILTER (value IS NULL), 0) "
        f"FROM ({codes})"
    )
    if not rows:
        return None
    shown = _list_codes(engine, column, codes, vocabulary) if show_values else ()
    mappable = _count_mappable(engine, column, view, vocabulary)
    return Unmapped(column, int(different), int(rows), int(without), mappable, shown)


def _codes_sql(column: ScoredColumn, view: str) -> str:
    return (
        f"SELECT {quoted(column.source_value or '')} AS value, count(*) AS n FROM {quoted(view)} "
        f"WHERE {_has_none(column)} GROUP BY value"
    )


def _has_none(column: ScoredColumn) -> str:
    """The condition that a row is asked about and has no concept."""
    concept = f"coalesce(TRY_CAST({quoted(column.concept)} AS BIGINT), {NOT_MAPPED})"
    asked = f" AND {quoted(column.only_where)} IS NOT NULL" if column.only_where else ""
    return f"{concept} = {NOT_MAPPED}{asked}"


def _count_mappable(
    engine: Engine, column: ScoredColumn, view: str, vocabulary: VocabularyViews
) -> int:
    return int(
        engine.value(
            f"SELECT count(*) FROM {quoted(view)} WHERE {_has_none(column)} "
            f"AND {source_sql(column)} IN (SELECT source FROM ({maps_sql(vocabulary)}))"
        )
    )


def _list_codes(
    engine: Engine, column: ScoredColumn, codes: str, vocabulary: VocabularyViews
) -> tuple[UnmappedCode, ...]:
    """The most frequent codes, each with the concept of its own domain before any other."""
    top = (
        f"SELECT value, n, {_bare('split_part(value, chr(58), 1)')} AS code FROM ({codes}) "
        f"WHERE value IS NOT NULL AND n >= {FEWEST_ROWS} ORDER BY n DESC, value LIMIT {MOST_CODES}"
    )
    found = engine.rows(
        f"SELECT t.value, t.n, k.concept_id, k.concept_name, k.domain_id FROM ({top}) t "
        f"LEFT JOIN {vocabulary.concept_sql} c ON {_bare('c.concept_code')} = t.code "
        f"AND length(t.code) >= {SHORTEST_CODE} "
        f"LEFT JOIN ({maps_sql(vocabulary)}) m ON m.source = c.concept_id "
        f"LEFT JOIN {vocabulary.concept_sql} k ON k.concept_id = m.target "
        "QUALIFY row_number() OVER (PARTITION BY t.value ORDER BY k.concept_id IS NULL, "
        f"k.domain_id <> {quoted_text(column.domain)}, k.concept_id) = 1 "
        "ORDER BY t.n DESC, t.value"
    )
    return tuple(
        UnmappedCode(value, rows, Suggestion(*concept) if concept[0] is not None else None)
        for value, rows, *concept in found
    )


def _bare(code: str) -> str:
    """A code without the dots that some write and others do not."""
    return f"replace(lower(trim({code})), '.', '')"
