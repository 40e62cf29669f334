"""Expressions of rules: parsed when the rule is declared, and refused unless every part is known.

The text is DuckDB's dialect, cut down to ``engine.functions``. Reading it yields the SQL
with every column qualified, the type of its value, and the columns it reads. Nothing is
taken on trust: an unknown column, function or conversion is an error that names the rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from commonweal.engine.functions import (
    CASTS,
    SCALARS,
    TRY_CASTS,
    VALUES,
    Type,
    by_node,
    common_type,
    fits,
)
from commonweal.schema.errors import CommonwealError

DIALECT = "duckdb"
ROW = "t"
"""What compiled SQL calls the row a rule is looking at."""

Columns = Mapping[str, Type]


class RuleError(CommonwealError):
    """A rule, or a stage made of rules, is not well formed."""


@dataclass(frozen=True)
class Scope:
    """The names an expression may use, and the types they have.

    ``relations`` maps a qualifier to its columns; columns of ``row`` are written bare.
    """

    row: str
    relations: Mapping[str, Columns]
    parameters: Columns = field(default_factory=dict)

    def with_relations(self, relations: Mapping[str, Columns]) -> "Scope":
        return Scope(self.row, {**self.relations, **relations}, self.parameters)


@dataclass(frozen=True)
class Expression:
    """A checked expression: ``sql`` has columns qualified and parameters as ``$name``."""

    sql: str
    type: Type
    reads: frozenset[tuple[str, str]]
    """(relation, column) pairs; the relation of the row itself is ``t``."""

    def reads_of(self, relation: str) -> frozenset[str]:
        return frozenset(column for owner, column in self.reads if owner == relation)


class Reader:
    """Walks one parsed text, works out types and notes what is read."""

    functions = by_node(SCALARS)

    def __init__(self, subject: str, text: str, scope: Scope) -> None:
        self.subject = subject
        self.text = text
        self.scope = scope
        self.reads: set[tuple[str, str]] = set()
        self._special: Mapping[type[exp.Expr], Callable[..., Type]] = {
            exp.Paren: lambda node: self.type_of(node.this),
            exp.Null: lambda _: Type.NULL,
            exp.Boolean: lambda _: Type.BOOLEAN,
            exp.Column: self.type_of_column,
            exp.Literal: self._type_of_literal,
            exp.Placeholder: self._type_of_parameter,
            exp.Var: self._type_of_unit,
            exp.Case: self._type_of_case,
            exp.Is: self._type_of_is,
            exp.In: self.type_of_in,
            exp.Cast: self._type_of_cast,
            exp.TryCast: self._type_of_try_cast,
        }

    def type_of(self, node: exp.Expr) -> Type:
        special = self._special.get(type(node))
        return special(node) if special else self._type_of_call(node)

    def refuse(self, found: str, expected: str) -> NoReturn:
        raise RuleError(
            f"{self.subject}: {found}, in: {self.text}",
            expected=expected,
            fix="Mend the rule; the functions it may use are in engine/functions.py.",
        )

    def type_of_column(self, node: exp.Column) -> Type:
        relation, name = node.table or self.scope.row, node.name
        columns = self.scope.relations.get(relation)
        if columns is None:
            known = ", ".join(sorted(self.scope.relations))
            self.refuse(f"no relation is called {relation!r}", f"one of {known}")
        if name not in columns:
            self.refuse(f"{relation!r} has no column {name!r}", f"one of {', '.join(columns)}")
        self.reads.add((relation, name))
        node.set("table", exp.to_identifier(relation, quoted=True))
        node.set("this", exp.to_identifier(name, quoted=True))
        return columns[name]

    def type_of_in(self, node: exp.In) -> Type:
        members = node.expressions
        if not members:
            self.refuse("IN without a list of values", "IN (value, value, …)")
        return self._agree([self.type_of(part) for part in (node.this, *members)], Type.BOOLEAN)

    def _type_of_literal(self, node: exp.Literal) -> Type:
        if node.is_string:
            return Type.STRING
        return Type.INTEGER if node.is_int else Type.FLOAT

    def _type_of_parameter(self, node: exp.Placeholder) -> Type:
        if node.name not in self.scope.parameters:
            known = ", ".join(self.scope.parameters) or "none is declared"
            self.refuse(f"no parameter is called {node.name!r}", f"one of {known}")
        return self.scope.parameters[node.name]

    def _type_of_unit(self, node: exp.Var) -> Type:
        if node.name != "DAY":
            self.refuse(f"the unit {node.name!r} is not allowed", "'day'")
        return Type.DAY_UNIT

    def _type_of_case(self, node: exp.Case) -> Type:
        if node.this is not None:
            self.refuse("CASE with a subject", "CASE WHEN condition THEN value … END")
        branches = node.args["ifs"]
        for branch in branches:
            self.expect(branch.this, Type.BOOLEAN)
        results = [self.type_of(branch.args["true"]) for branch in branches]
        if node.args.get("default") is not None:
            results.append(self.type_of(node.args["default"]))
        return self._agree(results)

    def _type_of_is(self, node: exp.Is) -> Type:
        if isinstance(node.expression, exp.Boolean):
            self.expect(node.this, Type.BOOLEAN)
        elif isinstance(node.expression, exp.Null):
            self.type_of(node.this)
        else:
            self.refuse("IS with something unusual", "IS NULL, IS TRUE or IS FALSE")
        return Type.BOOLEAN

    def _type_of_cast(self, node: exp.Cast) -> Type:
        wanted = self._named_type(node)
        if isinstance(node.this, exp.Literal) and node.this.is_string:
            return self._literal_of_time(node.this, wanted)
        return self._convert(node, wanted, CASTS, "CAST")

    def _type_of_try_cast(self, node: exp.TryCast) -> Type:
        return self._convert(node, self._named_type(node), TRY_CASTS, "TRY_CAST")

    def _convert(
        self, node: exp.Cast, wanted: Type, allowed: frozenset[tuple[Type, Type]], word: str
    ) -> Type:
        given = self.type_of(node.this)
        if given not in (Type.NULL, wanted) and (given, wanted) not in allowed:
            pairs = ", ".join(sorted(f"{a.name} to {b.name}" for a, b in allowed))
            self.refuse(f"{word} from {given.name} to {wanted.name}", f"{word} of {pairs}")
        return wanted

    def _named_type(self, node: exp.Cast) -> Type:
        name = node.to.sql(DIALECT).replace("TEXT", Type.STRING.value)
        if name not in list(VALUES):
            self.refuse(f"the type {name} is not one of ours", ", ".join(VALUES))
        return Type(name)

    def _literal_of_time(self, literal: exp.Literal, wanted: Type) -> Type:
        readers = {Type.DATE: date.fromisoformat, Type.TIMESTAMP: datetime.fromisoformat}
        if wanted not in readers:
            self.refuse(f"a text literal as {wanted.name}", "the literal itself")
        try:
            readers[wanted](literal.name)
        except ValueError:
            self.refuse(f"'{literal.name}' is not a {wanted.name}", "an ISO 8601 literal")
        return wanted

    def _type_of_call(self, node: exp.Expr) -> Type:
        key = node.name.lower() if isinstance(node, exp.Anonymous) else type(node)
        function = self.functions.get(key)
        if function is None:
            name = node.name if isinstance(node, exp.Anonymous) else node.key
            self.refuse(f"{name!r} is not an allowed function", "a function of the list")
        result = function.check([self.type_of(part) for part in self.arguments(node)])
        if result is None:
            self.refuse(f"{function.name!r} does not fit its arguments", function.takes)
        return result

    def arguments(self, node: exp.Expr) -> Sequence[exp.Expr]:
        if isinstance(node, exp.Anonymous):
            return node.expressions
        return [child for child in node.iter_expressions() if not isinstance(child, exp.Star)]

    def expect(self, node: exp.Expr, wanted: Type) -> None:
        """Work out the type of a part that must have a given one."""
        found = self.type_of(node)
        if not fits(found, wanted):
            self.refuse(f"{node.sql(DIALECT)!r} is {found.name}", wanted.name)

    def _agree(self, types: Sequence[Type], result: Type | None = None) -> Type:
        shared = common_type(types)
        if shared is None:
            names = " and ".join(sorted({t.name for t in types}))
            self.refuse(f"{names} are mixed", "values of one type, converted explicitly")
        return result or shared


def parse(subject: str, text: str) -> exp.Expr:
    """The one statement or expression ``text`` holds.

    Raises:
        RuleError: it cannot be parsed, or holds more than one statement.
    """
    try:
        return sqlglot.parse_one(text, dialect=DIALECT)
    except SqlglotError as error:
        raise RuleError(
            f"{subject}: the text cannot be parsed: {text}", expected="one expression"
        ) from error


def read_expression(
    subject: str, text: str, scope: Scope, *, wanted: Type | None = None
) -> Expression:
    """Parse and check an expression about one row.

    ``subject`` opens the message of an error: the rule, and the table it was bound to.

    Raises:
        RuleError: the text uses something unknown, or its value is not ``wanted``.
    """
    tree = parse(subject, text)
    reader = Reader(subject, text, scope)
    found = reader.type_of(tree)
    if wanted and not fits(found, wanted):
        reader.refuse(f"the value is {found.name}", wanted.name)
    return Expression(tree.sql(DIALECT), found, frozenset(reader.reads))


def fill_parameters(sql: str, values: Mapping[str, object]) -> str:
    """``sql`` with each ``$name`` replaced by its value as a literal."""

    def fill(node: exp.Expr) -> exp.Expr:
        return as_literal(values[node.name]) if isinstance(node, exp.Placeholder) else node

    return sqlglot.parse_one(sql, dialect=DIALECT).transform(fill).sql(DIALECT)


def as_literal(value: object) -> exp.Expr:
    """A parameter's value as it stands in SQL."""
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), Type.TIMESTAMP.value)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), Type.DATE.value)
    return exp.convert(value)
