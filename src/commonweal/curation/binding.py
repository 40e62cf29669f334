"""A rule bound to a table: every text parsed, typed and checked against what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from commonweal.curation.expression import (
    ROW,
    Columns,
    Expression,
    RuleError,
    Scope,
    read_expression,
)
from commonweal.curation.relation import ROW_KEY, Relation, read_relation
from commonweal.curation.rule import (
    KIND_OF_STEP,
    Append,
    Evidence,
    Filter,
    Kind,
    Lookup,
    Map,
    Rule,
    Step,
    Version,
)
from commonweal.curation.rule import Relation as RelationStep
from commonweal.engine.functions import TYPE_OF_DATA, Type
from commonweal.schema.model import Table

SITE, RECORD = "_src_site", "_src_row"
LINEAGE: Columns = MappingProxyType({SITE: Type.STRING, RECORD: Type.INTEGER})
"""Where a row comes from: the site, and the number of the record in its file."""


@dataclass(frozen=True)
class Surroundings:
    """What a rule can see beside its own table's columns."""

    tables: Mapping[str, Columns]
    """Columns of every table of the stage, and of the relations given from outside."""

    def columns(self, table: str) -> Columns:
        return self.tables[table]


@dataclass(frozen=True)
class BoundLookup:
    """A lookup whose SELECT is checked and whose key has the same type on both sides."""

    name: str
    select: Relation
    key: Mapping[str, str]
    version: Version


@dataclass(frozen=True)
class BoundChange:
    """One column, the value it gets and the condition under which it gets it."""

    column: str
    type: Type
    to: Expression
    when: Expression


@dataclass(frozen=True)
class BoundStep:
    """One step, ready to be compiled; which parts are there depends on ``kind``."""

    rule: str
    table: str
    kind: Kind
    lookups: tuple[BoundLookup, ...] = ()
    keep: Expression | None = None
    changes: tuple[BoundChange, ...] = ()
    select: Relation | None = None
    version: Version = Version.OUTPUT
    evidence: Evidence = Evidence.ROWS
    sites: tuple[str, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        changed = (part for change in self.changes for part in (change.to, change.when))
        return (*([self.keep] if self.keep else []), *changed)

    @property
    def row_reads(self) -> frozenset[str]:
        """Columns of the row that the step looks at, those it overwrites included."""
        read = {column for text in self.expressions for column in text.reads_of(ROW)}
        keys = {column for lookup in self.lookups for column in lookup.key.values()}
        return frozenset(read | keys | self.writes)

    @property
    def writes(self) -> frozenset[str]:
        return frozenset(change.column for change in self.changes)

    @property
    def reads_itself(self) -> bool:
        """Whether it looks its own table's other rows up."""
        return any(self.table in lookup.select.tables for lookup in self.lookups)

    @property
    def removes_rows(self) -> bool:
        return self.kind in (Kind.FILTER, Kind.RELATION)

    def reads_of_others(self) -> frozenset[tuple[Version, str, str]]:
        """(version, table, column) of everything it reads outside its own table."""
        found = {(lkp.version, *pair) for lkp in self.lookups for pair in lkp.select.reads}
        found |= {(self.version, *pair) for pair in (self.select.reads if self.select else ())}
        return frozenset(read for read in found if read[1] != self.table)


def columns_of(table: Table) -> Columns:
    """Types of a table's own columns, as rules see them."""
    return MappingProxyType({field.name: TYPE_OF_DATA[field.type] for field in table.fields})


def bind_rule(rule: Rule, table: Table, around: Surroundings) -> tuple[BoundStep, ...]:
    """The steps a rule takes on a table.

    Raises:
        RuleError: a text of the rule does not hold for this table.
    """
    steps = rule.bind(table)
    if not steps:
        raise RuleError(
            f"The rule {rule.id!r} says it is for {table.name!r}, and does nothing there.",
            expected="a step for every table the rule selects",
            fix="Narrow the rule's choice of tables.",
        )
    binder = _Binder(rule, table.name, around)
    return tuple(binder.bind(step) for step in steps)


class _Binder:
    """Binds the steps of one rule to one table."""

    def __init__(self, rule: Rule, table: str, around: Surroundings) -> None:
        self.rule = rule.id
        self.table = table
        self.subject = f"{rule.id} on {table}"
        self.around = around
        self.columns = around.columns(table)
        self.parameters = {parameter.name: parameter.type for parameter in rule.parameters}
        self.scope = Scope(ROW, {ROW: self.columns}, self.parameters)

    def bind(self, step: Step) -> BoundStep:
        match step:
            case Filter():
                return self._bind_filter(step)
            case Map():
                return self._bind_map(step)
            case RelationStep():
                return self._bind_relation(step)
            case Append():
                return self._bind_append(step)

    def _bind_filter(self, step: Filter) -> BoundStep:
        lookups = tuple(map(self._bind_lookup, step.lookups))
        keep = self._read(step.keep, lookups, Type.BOOLEAN)
        return BoundStep(self.rule, self.table, Kind.FILTER, lookups, keep=keep)

    def _bind_map(self, step: Map) -> BoundStep:
        lookups = tuple(map(self._bind_lookup, step.lookups))
        changes = tuple(
            BoundChange(
                change.column,
                self._type_of(change.column),
                self._read(change.to, lookups, self._type_of(change.column)),
                self._read(change.when, lookups, Type.BOOLEAN),
            )
            for change in step.changes
        )
        names = [change.column for change in changes]
        if len(set(names)) < len(names):
            self._refuse("a column is given two values at once", "one value for a column")
        return BoundStep(
            self.rule, self.table, Kind.MAP, lookups, changes=changes, evidence=step.evidence
        )

    def _bind_relation(self, step: RelationStep) -> BoundStep:
        select = read_relation(self.subject, step.drops, self.around.tables, self.parameters)
        self._check_columns(select, {ROW_KEY: Type.INTEGER})
        return BoundStep(
            self.rule, self.table, KIND_OF_STEP[type(step)], select=select, version=step.version
        )

    def _bind_append(self, step: Append) -> BoundStep:
        select = read_relation(self.subject, step.rows, self.around.tables, self.parameters)
        self._check_columns(select, {k: t for k, t in self.columns.items() if k != ROW_KEY})
        return BoundStep(
            self.rule,
            self.table,
            Kind.APPEND,
            select=select,
            version=step.version,
            sites=step.sites,
        )

    def _bind_lookup(self, lookup: Lookup) -> BoundLookup:
        select = read_relation(self.subject, lookup.select, self.around.tables, self.parameters)
        for theirs, ours in lookup.key.items():
            if select.columns.get(theirs) != self._type_of(ours):
                self._refuse(f"the key {theirs} = {ours} does not fit", "two columns of one type")
        return BoundLookup(lookup.name, select, lookup.key, lookup.version)

    def _read(self, text: str, lookups: tuple[BoundLookup, ...], wanted: Type) -> Expression:
        scope = self.scope.with_relations({lkp.name: lkp.select.columns for lkp in lookups})
        return read_expression(self.subject, text, scope, wanted=wanted)

    def _type_of(self, column: str) -> Type:
        if column not in self.columns:
            self._refuse(f"there is no column {column!r}", ", ".join(self.columns))
        return self.columns[column]

    def _check_columns(self, select: Relation, wanted: Columns) -> None:
        if dict(select.columns) != dict(wanted):
            self._refuse(f"the SELECT gives {list(select.columns)}", f"{list(wanted)}")

    def _refuse(self, found: str, expected: str) -> None:
        raise RuleError(f"{self.subject}: {found}.", expected=expected, fix="Mend the rule.")
