"""The data that are measured: typed views of tables, and of the vocabulary in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import TableFacts, all_tables
from commonweal.quality.metrics.value import Status
from commonweal.release.casts import ENGINE_TYPES, build_cast
from commonweal.release.cdm import known_fields
from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.model import DataType
from commonweal.vocabulary.views import VocabularyViews

PREFIX = "metric_"
OTHERS = ("provider",)
"""Tables that are only looked up."""


@dataclass(frozen=True)
class Sources:
    """Tables as typed views under their OMOP 5.4 column names, beside the vocabulary.

    ``rows`` has the tables that are there. A view has every column a metric looks at; one that
    was not sent is NULL.
    """

    engine: Engine
    vocabulary: VocabularyViews
    rows: Mapping[str, int]
    own_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that were sent, under their OMOP 5.4 names."""

    def view(self, table: str) -> str:
        """The typed view of a table, ready to stand after FROM."""
        return quoted(PREFIX + table)

    def find_absence(self, *tables: str) -> Status | None:
        """Why the first of the tables cannot be measured, or the others cannot be looked up."""
        if self.rows.get(tables[0]) == 0:
            return Status.EMPTY
        there = all(table in self.rows for table in tables)
        return None if there else Status.NOT_SUBMITTED

    def note_absence(self, *tables: str) -> str:
        """Which of the tables that are looked up were not submitted."""
        absent = [table for table in tables[1:] if table not in self.rows]
        return f"needs {', '.join(absent)}" if absent and tables[0] in self.rows else ""


def open_sources(
    engine: Engine, relations: Mapping[str, str], vocabulary: VocabularyViews
) -> Sources:
    """Make the typed views of the tables that metrics look at; others are left alone."""
    rows, columns = {}, {}
    for table in (*all_tables(), *OTHERS):
        if table in relations:
            columns[table] = _make_view(engine, table, relations[table])
            rows[table] = engine.value(f"SELECT count(*) FROM {quoted(relations[table])}")
    return Sources(engine, vocabulary, rows, columns)


def _make_view(engine: Engine, table: str, relation: str) -> tuple[str, ...]:
    found, renames = engine.columns(relation), to_omop_5_4(table)
    fields = known_fields()[table]
    cells = {}
    for column, engine_type in found.items():
        name = renames.get(column.lower(), column.lower())
        if not name.startswith("_"):
            wanted = fields[name].type if name in fields else DataType.STRING
            cells[name] = build_cast(quoted(column), engine_type, wanted).sql
    absent = [name for name in fields if name not in cells]
    typed = [f"{sql} AS {quoted(name)}" for name, sql in cells.items()]
    typed += [f"CAST(NULL AS {ENGINE_TYPES[fields[n].type]}) AS {quoted(n)}" for n in absent]
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(PREFIX + table)} AS "
        f"SELECT {', '.join(typed)} FROM {quoted(relation)}"
    )
    return tuple(cells)


def facts_of(tables: Iterable[str]) -> tuple[TableFacts, ...]:
    """What metrics look at in these tables."""
    return tuple(all_tables()[table] for table in tables)
