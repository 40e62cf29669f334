"""The functions a rule may use, with the types they take: the dialect of the rules.

A rule is written once and must mean the same on every engine, so what is not listed here
is refused when the rule is declared. Nothing is converted silently: an integer is not a
float, a date is not a timestamp, and a text is neither. Each entry is typed by a *check*,
which is given the types of the arguments and answers the type of the result, or None when
they do not fit.

Deliberately absent: clocks, random numbers and generated identifiers, whose answers would
differ tomorrow; sums of floats, whose answers differ with the order of the rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlglot import exp

from commonweal.schema.model import DataType


class Type(StrEnum):
    """The type of a value in a rule; the text is its name in DuckDB."""

    INTEGER = "BIGINT"
    FLOAT = "DOUBLE"
    STRING = "VARCHAR"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    BOOLEAN = "BOOLEAN"
    SPAN = "INTERVAL"
    """A length of time: made by ``to_days`` and ``to_seconds``, added to a date or timestamp."""
    DAY_UNIT = "'day'"
    """The first argument of ``date_diff``; days are the one unit in which engines agree."""
    NULL = "NULL"
    """The literal NULL, which fits wherever a value fits."""


TYPE_OF_DATA: Mapping[DataType, Type] = MappingProxyType(
    {
        DataType.INTEGER: Type.INTEGER,
        DataType.FLOAT: Type.FLOAT,
        DataType.STRING: Type.STRING,
        DataType.DATE: Type.DATE,
        DataType.TIMESTAMP: Type.TIMESTAMP,
    }
)

VALUES = (Type.INTEGER, Type.FLOAT, Type.STRING, Type.DATE, Type.TIMESTAMP, Type.BOOLEAN)
Check = Callable[[Sequence[Type]], Type | None]


@dataclass(frozen=True)
class Function:
    """One allowed function or operator."""

    name: str
    node: type[exp.Expr] | str
    """How the parser shows it: a class of node, or the name of a function it does not know."""
    takes: str
    check: Check


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of one type may stand where another is wanted: NULL fits everywhere."""
    return given in (wanted, Type.NULL)


def common_type(types: Sequence[Type]) -> Type | None:
    """The one type that all of ``types`` have, NULL aside; None when they differ."""
    named = set(types) - {Type.NULL}
    if len(named) > 1:
        return None
    return named.pop() if named else Type.NULL


def _signatures(*signatures: tuple[tuple[Type, ...], Type]) -> Check:
    def check(given: Sequence[Type]) -> Type | None:
        for wanted, result in signatures:
            if len(given) == len(wanted) and all(map(fits, given, wanted)):
                return result
        return None

    return check


def _alike(
    result: Type | None = None, *, at_least: int = 2, among: Sequence[Type] = VALUES
) -> Check:
    """Arguments of one type, and a result of that type unless another is named."""

    def check(given: Sequence[Type]) -> Type | None:
        shared = common_type(given)
        if len(given) < at_least or shared not in (*among, Type.NULL):
            return None
        return result or shared

    return check


def _anything(result: Type, *, at_least: int = 0) -> Check:
    return lambda given: result if len(given) >= at_least else None


_I, _F, _S = Type.INTEGER, Type.FLOAT, Type.STRING
_D, _T, _B, _SPAN = Type.DATE, Type.TIMESTAMP, Type.BOOLEAN, Type.SPAN
_number = _signatures(((_I, _I), _I), ((_F, _F), _F))
_moved = _signatures(((_I, _I), _I), ((_F, _F), _F), ((_D, _SPAN), _T), ((_T, _SPAN), _T))
_logic = _alike(_B, among=(_B,))
_compared = _alike(_B)
_part_of_date = _signatures(((_D,), _I), ((_T,), _I))
_NUMBERS = "two integers or two floats"
_ALIKE = "values of one type"

SCALARS: tuple[Function, ...] = (
    Function("=", exp.EQ, _ALIKE, _compared),
    Function("<>", exp.NEQ, _ALIKE, _compared),
    Function("<", exp.LT, _ALIKE, _compared),
    Function("<=", exp.LTE, _ALIKE, _compared),
    Function(">", exp.GT, _ALIKE, _compared),
    Function(">=", exp.GTE, _ALIKE, _compared),
    Function("IS DISTINCT FROM", exp.NullSafeNEQ, _ALIKE, _compared),
    Function("IS NOT DISTINCT FROM", exp.NullSafeEQ, _ALIKE, _compared),
    Function("BETWEEN", exp.Between, _ALIKE, _compared),
    Function("AND", exp.And, "two booleans", _logic),
    Function("OR", exp.Or, "two booleans", _logic),
    Function("NOT", exp.Not, "a boolean", _signatures(((_B,), _B))),
    Function("+", exp.Add, f"{_NUMBERS}, or a date or timestamp and a span", _moved),
    Function("-", exp.Sub, f"{_NUMBERS}, or a date or timestamp and a span", _moved),
    Function("*", exp.Mul, _NUMBERS, _number),
    Function("/", exp.Div, "two floats", _signatures(((_F, _F), _F))),
    Function("//", exp.IntDiv, "two integers", _signatures(((_I, _I), _I))),
    Function("%", exp.Mod, "two integers", _signatures(((_I, _I), _I))),
    Function("- (sign)", exp.Neg, "a number", _signatures(((_I,), _I), ((_F,), _F))),
    Function("||", exp.DPipe, "two strings", _signatures(((_S, _S), _S))),
    Function("coalesce", exp.Coalesce, _ALIKE, _alike()),
    Function("nullif", exp.Nullif, "two values of one type", _alike()),
    Function("greatest", exp.Greatest, f"{_ALIKE}; ignores NULL", _alike(at_least=1)),
    Function("least", exp.Least, f"{_ALIKE}; ignores NULL", _alike(at_least=1)),
    Function("year", exp.Year, "a date or timestamp", _part_of_date),
    Function("month", exp.Month, "a date or timestamp", _part_of_date),
    Function("day", exp.Day, "a date or timestamp", _part_of_date),
    Function(
        "make_date",
        exp.DateFromParts,
        "year, month and day that name a real day",
        _signatures(((_I, _I, _I), _D)),
    ),
    Function(
        "date_diff",
        exp.DateDiff,
        "'day', a date and a later date",
        _signatures(((_D, _D, Type.DAY_UNIT), _I)),
    ),
    Function("to_days", exp.ToDays, "an integer", _signatures(((_I,), _SPAN))),
    Function("to_seconds", "to_seconds", "an integer", _signatures(((_I,), _SPAN))),
    Function("lower", exp.Lower, "a string", _signatures(((_S,), _S))),
    Function("upper", exp.Upper, "a string", _signatures(((_S,), _S))),
    Function("trim", exp.Trim, "a string", _signatures(((_S,), _S))),
    Function("length", exp.Length, "a string", _signatures(((_S,), _I))),
    Function("left", exp.Left, "a string and an integer", _signatures(((_S, _I), _S))),
    Function(
        "substr",
        exp.Substring,
        "a string, the first position (from 1) and a length",
        _signatures(((_S, _I, _I), _S)),
    ),
    Function(
        "regexp_matches",
        exp.RegexpLike,
        "a string and a pattern",
        _signatures(((_S, _S), _B)),
    ),
    Function("md5", exp.MD5, "a string", _signatures(((_S,), _S))),
)
"""What may be asked of one row."""

AGGREGATES: tuple[Function, ...] = (
    Function("count", exp.Count, "anything, or *", _anything(_I)),
    Function("min", exp.Min, "values of one type", _alike(at_least=1)),
    Function("max", exp.Max, "values of one type", _alike(at_least=1)),
    Function("bool_and", exp.LogicalAnd, "booleans", _signatures(((_B,), _B))),
    Function("bool_or", exp.LogicalOr, "booleans", _signatures(((_B,), _B))),
    Function("row_number", exp.RowNumber, "nothing; over a total order only", _anything(_I)),
    Function(
        "hash", "hash", "anything; to narrow a search, never to decide", _anything(_I, at_least=1)
    ),
)
"""What a relation may ask of many rows, beside the functions of one row."""

CASTS: frozenset[tuple[Type, Type]] = frozenset({(_I, _F), (_I, _S), (_D, _T), (_T, _D), (_D, _S)})
"""Conversions that cannot fail, and so may be written ``CAST``."""

TRY_CASTS: frozenset[tuple[Type, Type]] = frozenset({(_S, _I), (_S, _F), (_S, _D), (_S, _T)})
"""Conversions that give NULL where the text cannot be read: ``TRY_CAST`` only."""


def by_node(functions: Sequence[Function]) -> Mapping[type[exp.Expr] | str, Function]:
    """The functions, found by what the parser makes of them."""
    return MappingProxyType({function.node: function for function in functions})
