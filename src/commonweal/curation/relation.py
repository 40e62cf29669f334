"""Relations of rules: one SELECT, checked like an expression, for what needs many rows.

The subset is small: SELECT [DISTINCT] named columns FROM one table or sub-select, WHERE,
GROUP BY, HAVING, UNION ALL, ``IN (SELECT …)``, aggregates and windows. There are no joins
(a lookup is joined by the runner, on a key it proves unique), no ``*`` and no LIMIT. Rows
are numbered over a total order only, which is one that ends in ``_row``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sqlglot
from sqlglot import exp

from commonweal.curation.expression import (
    DIALECT,
    Columns,
    Reader,
    Scope,
    parse,
)
from commonweal.engine.functions import AGGREGATES, SCALARS, Type, by_node

ROW_KEY = "_row"
"""Number of a row within a run: unique in its table, in the order of site and record."""

SELECT_PARTS = {"expressions", "from_", "where", "group", "having", "distinct", "kind"}


@dataclass(frozen=True)
class Relation:
    """A checked SELECT: tables are named as in the model, parameters as ``$name``."""

    sql: str
    columns: Columns
    reads: frozenset[tuple[str, str]]
    """(table, column) pairs."""

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(table for table, _ in self.reads)


class RelationReader(Reader):
    """Reads a SELECT by reading its expressions in the scope its FROM gives."""

    functions = by_node((*SCALARS, *AGGREGATES))

    def __init__(
        self, subject: str, text: str, tables: Mapping[str, Columns], parameters: Columns
    ) -> None:
        super().__init__(subject, text, Scope("", {}, parameters))
        self.tables = tables
        self._special = MappingProxyType({**self._special, exp.Window: self._type_of_window})

    def columns_of(self, node: exp.Expr) -> Columns:
        """Names and types of the columns a SELECT or UNION ALL gives."""
        if isinstance(node, exp.Subquery):
            return self.columns_of(node.this)
        if isinstance(node, exp.Union):
            return self._columns_of_union(node)
        if not isinstance(node, exp.Select):
            self.refuse("this is not a SELECT", "SELECT … FROM one table")
        return self._columns_of_select(node)

    def _columns_of_union(self, node: exp.Union) -> Columns:
        if node.args.get("distinct") is not False:
            self.refuse("UNION that removes duplicates", "UNION ALL")
        first, second = self.columns_of(node.left), self.columns_of(node.right)
        if list(first.items()) != list(second.items()):
            self.refuse("the parts of UNION ALL differ", "the same names and types, in order")
        return first

    def _columns_of_select(self, node: exp.Select) -> Columns:
        unknown = {part for part, value in node.args.items() if value} - SELECT_PARTS
        if isinstance(node.args.get("distinct"), exp.Distinct) and node.args["distinct"].args.get(
            "on"
        ):
            self.refuse("DISTINCT ON", "a window over a total order")
        if unknown or "from_" not in node.args:
            self.refuse(f"SELECT with {', '.join(sorted(unknown)) or 'no FROM'}", "a plain SELECT")
        outer = self.scope
        self.scope = self._scope_of(node.args["from_"].this, outer)
        self._read_clauses(node)
        columns = {part.alias_or_name: self._type_of_output(part) for part in node.expressions}
        if len(columns) != len(node.expressions) or "" in columns:
            self.refuse("columns without a name of their own", "expression AS name")
        self.scope = outer
        return columns

    def _scope_of(self, source: exp.Expr, outer: Scope) -> Scope:
        if isinstance(source, exp.Table) and source.name in self.tables:
            columns: Columns = self.tables[source.name]
        elif isinstance(source, exp.Subquery):
            columns = self.columns_of(source)
        else:
            self.refuse(f"{source.sql(DIALECT)!r} is not a known table", ", ".join(self.tables))
        name = source.alias_or_name or "q"
        source.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        return Scope(name, {name: columns}, outer.parameters)

    def _read_clauses(self, node: exp.Select) -> None:
        for clause in ("where", "having"):
            if node.args.get(clause):
                self.expect(node.args[clause].this, Type.BOOLEAN)
        if node.args.get("group"):
            for part in node.args["group"].expressions:
                self.type_of(part)

    def _type_of_output(self, node: exp.Expr) -> Type:
        return self.type_of(node.this if isinstance(node, exp.Alias) else node)

    def type_of_in(self, node: exp.In) -> Type:
        query = node.args.get("query")
        if query is None:
            return super().type_of_in(node)
        given = self.type_of(node.this)
        if list(self.columns_of(query).values()) != [given]:
            self.refuse("IN (SELECT …) of another type", f"one column of {given.name}")
        return Type.BOOLEAN

    def _type_of_window(self, node: exp.Window) -> Type:
        if node.args.get("spec"):
            self.refuse("a window with a frame", "PARTITION BY and ORDER BY alone")
        for part in node.args.get("partition_by") or ():
            self.type_of(part)
        order = node.args["order"].expressions if node.args.get("order") else []
        for part in order:
            self.type_of(part.this)
        if isinstance(node.this, exp.RowNumber) and not _is_total(order):
            self.refuse("row_number without a total order", f"ORDER BY …, {ROW_KEY}")
        return self.type_of(node.this)


def _is_total(order: Sequence[exp.Ordered]) -> bool:
    return bool(order) and isinstance(order[-1].this, exp.Column) and order[-1].name == ROW_KEY


def read_relation(
    subject: str, text: str, tables: Mapping[str, Columns], parameters: Columns
) -> Relation:
    """Parse and check a SELECT over ``tables``.

    Raises:
        RuleError: the text uses something unknown or outside the subset.
    """
    tree = parse(subject, text)
    reader = RelationReader(subject, text, tables, parameters)
    columns = reader.columns_of(tree)
    reads = _reads_of_tables(tree, tables)
    return Relation(tree.sql(DIALECT), MappingProxyType(dict(columns)), reads)


def _reads_of_tables(tree: exp.Expr, tables: Mapping[str, Columns]) -> frozenset[tuple[str, str]]:
    """Columns of tables that the text names, over-stated where two tables share a name."""
    named = {column.name for column in tree.find_all(exp.Column)}
    return frozenset(
        (table.name, column)
        for table in tree.find_all(exp.Table)
        for column in tables[table.name]
        if column in named
    )


def place_tables(sql: str, places: Mapping[str, str]) -> str:
    """``sql`` reading each table from the relation that ``places`` names for it."""

    def place(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table):
            node.set("this", exp.to_identifier(places[node.name], quoted=True))
        return node

    return sqlglot.parse_one(sql, dialect=DIALECT).transform(place).sql(DIALECT)
