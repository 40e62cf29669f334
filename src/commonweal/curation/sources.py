"""Where a run finds its rows: typed views of inputs, finished tables, lookups, scratch tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from commonweal.curation.binding import LINEAGE, RECORD, SITE, BoundLookup, BoundStep
from commonweal.curation.evidence import ROWS_PER_SITE, InvariantError, row_key
from commonweal.curation.expression import Columns, fill_parameters
from commonweal.curation.relation import ROW_KEY, Relation, place_tables
from commonweal.curation.rule import Version
from commonweal.curation.stage import StagePlan, surroundings_of
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.errors import CommonwealError

Files = Mapping[str, Sequence[Path]]


class Scratch:
    """Views and temporary tables whose names begin alike; all gone when the block ends."""

    def __init__(self, engine: Engine, prefix: str) -> None:
        self.engine = engine
        self._prefix = prefix
        self._made: list[tuple[str, str]] = []
        self._count = 0

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_: object) -> None:
        for kind, name in reversed(self._made):
            self.engine.execute(f"DROP {kind} IF EXISTS {name}")

    def table(self, sql: str) -> str:
        """Keep a query's rows; returns the name of the table."""
        name = self._name()
        self.engine.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        self._made.append(("TABLE", name))
        return name

    def view(self, sql: str) -> str:
        name = self._name()
        self.engine.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        self._made.append(("VIEW", name))
        return name

    def files(self, files: Sequence[Path]) -> str:
        """Name Parquet files as one view."""
        name = self._name()
        self.engine.register_parquet(name, files)
        self._made.append(("VIEW", name))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"{self._prefix}_{self._count}"


class Sources:
    """The relations that the rules of a running stage may read."""

    def __init__(
        self,
        scratch: Scratch,
        plan: StagePlan,
        inputs: Files,
        relations: Files,
        values: Mapping[str, object],
    ) -> None:
        self.scratch = scratch
        self.stage = plan.stage
        self.values = values
        self._columns = {p.table.name: {**p.columns, **LINEAGE} for p in plan.tables}
        self._relations = {
            name: scratch.view(_typed(scratch.files(relations[name]), columns))
            for name, columns in plan.stage.relations.items()
            if name in relations
        }
        self._inputs: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self.sites: dict[str, list[str]] = {}
        for table_plan in plan.tables:
            name = table_plan.table.name
            extra_sites = {site for step in table_plan.steps for site in step.sites}
            self._inputs[name] = self._open_input(name, inputs[name], extra_sites)
        self._lookups: dict[str, str] = {}

    def fill(self, sql: str) -> str:
        return fill_parameters(sql, self.values)

    def input(self, table: str) -> str:
        return self._inputs[table]

    def finish(self, table: str, file: Path) -> None:
        """Say that a table's output stands in ``file``, for those that look it up."""
        raw = self.scratch.files([file])
        there = self.scratch.engine.columns(raw)
        columns = {name: kind for name, kind in self._columns[table].items() if name in there}
        self._outputs[table] = self.scratch.view(_typed(raw, columns))

    def lookup(self, lookup: BoundLookup, step: BoundStep, current: str) -> str:
        """The table that holds a lookup's rows; its key is proved to be unique.

        Raises:
            InvariantError: two rows have the same key.
        """
        sql = self.select(lookup.select, lookup.version, step.table, current)
        if sql not in self._lookups:
            held = self.scratch.table(sql)
            _check_unique(self.scratch.engine, held, lookup, step)
            self._lookups[sql] = held
        return self._lookups[sql]

    def select(self, relation: Relation, version: Version, table: str, current: str) -> str:
        """A relation's SELECT over the tables as ``version`` says, its own as it is now."""
        places = {
            name: current if name == table else self._place(name, version)
            for name in relation.tables
        }
        return self.fill(place_tables(relation.sql, places))

    def _place(self, name: str, version: Version) -> str:
        if name in self.stage.relations:
            return self._relation(name)
        held = self._inputs if version is Version.INPUT else self._outputs
        return held.get(name) or self._empty(name)

    def _relation(self, name: str) -> str:
        if name not in self._relations:
            raise CommonwealError(
                f"The stage {self.stage.name!r} was not given {name!r}.",
                expected=f"Parquet with {', '.join(self.stage.relations[name])}",
                fix="Give the relation to the stage, empty if there is nothing in it.",
            )
        return self._relations[name]

    def _empty(self, name: str) -> str:
        """A table that nobody sent: looked up, it is empty."""
        columns = surroundings_of(self.stage).columns(name)
        nulls = ", ".join(f"CAST(NULL AS {t.value}) AS {quoted(c)}" for c, t in columns.items())
        return self.scratch.view(f"SELECT {nulls} WHERE FALSE")

    def _open_input(self, table: str, files: Sequence[Path], extra_sites: set[str]) -> str:
        raw = self.scratch.files(files)
        columns = self._columns[table]
        if missing := sorted(set(columns) - set(self.scratch.engine.columns(raw))):
            raise CommonwealError(
                f"The input {table} of stage {self.stage.name!r} has no {', '.join(missing)}.",
                expected="every column of the model, and the lineage columns",
                fix="Make the input with the step that comes before this stage.",
            )
        self._check_lineage(table, raw)
        found = self.scratch.engine.rows(f"SELECT DISTINCT {SITE} FROM {raw}")
        self.sites[table] = sorted({row[0] for row in found} | extra_sites)
        typed = _typed(raw, columns)
        key = row_key(self.sites[table])
        return self.scratch.view(f"SELECT *, {key} AS {ROW_KEY} FROM ({typed}) AS q")

    def _check_lineage(self, table: str, raw: str) -> None:
        ((rows, sites, records, low, high),) = self.scratch.engine.rows(
            f"SELECT count(*), count({SITE}), count({RECORD}), min({RECORD}), max({RECORD}) "
            f"FROM {raw}"
        )
        if sites < rows or records < rows or (rows and not 0 <= low <= high < ROWS_PER_SITE):
            raise InvariantError(
                f"Rows of {table} do not say where they come from.",
                expected=f"{SITE} and {RECORD} in every row, {RECORD} from 0 to 2^44 − 1",
            )


def _typed(raw: str, columns: Columns) -> str:
    parts = (f"CAST({quoted(c)} AS {t.value}) AS {quoted(c)}" for c, t in columns.items())
    return f"SELECT {', '.join(parts)} FROM {raw}"


def _check_unique(engine: Engine, held: str, lookup: BoundLookup, step: BoundStep) -> None:
    key = ", ".join(map(quoted, lookup.key))
    known = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in lookup.key)
    doubled = engine.value(
        f"SELECT count(*) FROM (SELECT {key} FROM {held} WHERE {known} "
        f"GROUP BY {key} HAVING count(*) > 1) AS q"
    )
    if doubled:
        raise InvariantError(
            f"{step.rule} on {step.table}: {doubled:,} keys of the lookup {lookup.name!r} "
            "stand for more than one row.",
            expected=f"one row for each {', '.join(lookup.key)}",
        )
