"""How completely the columns of a data set are filled.

A column's *percent populated* is 100 × (rows − nulls − concept zeros) / rows, where a
concept zero is the value 0 in a column that holds concept ids: no matching concept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted


@dataclass(frozen=True)
class ColumnCompleteness:
    """One column of one table; all numbers count rows."""

    table: str
    column: str
    rows: int
    nulls: int
    concept_zeros: int

    @property
    def percent_populated(self) -> float | None:
        """0 to 100 with one decimal; None for a table without rows."""
        if not self.rows:
            return None
        return round(100 * (self.rows - self.nulls - self.concept_zeros) / self.rows, 1)


@dataclass(frozen=True)
class TableCompleteness:
    """One table: its rows, the distinct persons in them (None where it has none), its columns."""

    table: str
    rows: int
    persons: int | None
    columns: tuple[ColumnCompleteness, ...]

    def to_json(self) -> dict[str, Any]:
        """The measurements as plain data."""
        return {
            "table": self.table,
            "rows": self.rows,
            "persons": self.persons,
            "columns": [
                {
                    "column": column.column,
                    "nulls": column.nulls,
                    "concept_zeros": column.concept_zeros,
                    "percent_populated": column.percent_populated,
                }
                for column in self.columns
            ],
        }


def measure_completeness(
    engine: Engine, relations: Mapping[str, str] | Iterable[str]
) -> tuple[TableCompleteness, ...]:
    """Measure relations that are registered in the engine, in the order given.

    ``relations`` are names, or tables by the name of the relation that holds their rows.
    Columns may be typed or text; columns that start with an underscore are left out.
    """
    named = relations if isinstance(relations, Mapping) else {name: name for name in relations}
    return tuple(_measure_table(engine, table, relation) for table, relation in named.items())


def _measure_table(engine: Engine, table: str, relation: str) -> TableCompleteness:
    columns = [name for name in engine.columns(relation) if not name.startswith("_")]
    has_person = "person_id" in columns
    parts = ["count(*)", "count(DISTINCT person_id)" if has_person else "NULL"]
    for column in columns:
        parts += [f"count({quoted(column)})", _count_zeros(column)]
    ((rows, persons, *counts),) = engine.rows(f"SELECT {', '.join(parts)} FROM {quoted(relation)}")
    filled = zip(columns, counts[0::2], counts[1::2], strict=True)
    return TableCompleteness(
        table,
        rows,
        persons,
        tuple(
            ColumnCompleteness(table, column, rows, rows - present, zeros)
            for column, present, zeros in filled
        ),
    )


def _count_zeros(column: str) -> str:
    if not column.lower().endswith("concept_id"):
        return "0"
    return f"count(*) FILTER (TRY_CAST({quoted(column)} AS BIGINT) = 0)"
