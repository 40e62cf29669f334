"""Reads a column as the type its model declares, whatever type a file gave it.

Integers arrive as floats (pandas, R) or text (CSV), dates as timestamps or ``YYYYMMDD``.
A cell that is no such value becomes NULL; ``is_lossy`` says where that can happen, so that
the caller can count those cells.
"""

from dataclasses import dataclass

from commonweal.schema.model import DataType

ENGINE_TYPES = {
    DataType.INTEGER: "BIGINT",
    DataType.FLOAT: "DOUBLE",
    DataType.STRING: "VARCHAR",
    DataType.DATE: "DATE",
    DataType.TIMESTAMP: "TIMESTAMP",
}

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
)
_WIDE_INTEGERS = frozenset({"UBIGINT", "HUGEINT", "UHUGEINT"})
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_WHOLE_NUMBER = r"^\s*[+-]?\d+(\.0*)?\s*$"
_EIGHT_DIGITS = r"^\d{8}$"


@dataclass(frozen=True)
class Cast:
    """An SQL expression of the declared type, and whether some cells may not fit it."""

    sql: str
    is_lossy: bool = False


def build_cast(column: str, found: str, wanted: DataType) -> Cast:
    """How ``column`` (quoted SQL) of the engine type ``found`` is read as ``wanted``."""
    match wanted:
        case DataType.INTEGER:
            return _as_integer(column, found)
        case DataType.FLOAT:
            return _as_float(column, found)
        case DataType.STRING:
            return Cast(column if found == "VARCHAR" else f"CAST({column} AS VARCHAR)")
        case DataType.DATE:
            return _as_date(column, found)
        case DataType.TIMESTAMP:
            return _as_timestamp(column, found)


def _as_integer(column: str, found: str) -> Cast:
    if found == "BIGINT":
        return Cast(column)
    if found in _INTEGERS or found == "BOOLEAN":
        return Cast(f"CAST({column} AS BIGINT)")
    if found in _WIDE_INTEGERS:
        return Cast(f"TRY_CAST({column} AS BIGINT)", is_lossy=True)
    if _is_fraction(found):
        whole = f"CASE WHEN {column} = trunc({column}) THEN TRY_CAST({column} AS BIGINT) END"
        return Cast(whole, is_lossy=True)
    text = _text(column, found)
    whole = f"regexp_matches({text}, '{_WHOLE_NUMBER}')"
    return Cast(f"CASE WHEN {whole} THEN TRY_CAST({text} AS BIGINT) END", is_lossy=True)


def _as_float(column: str, found: str) -> Cast:
    if found in _INTEGERS or found in _WIDE_INTEGERS or _is_fraction(found):
        return Cast(column)
    return Cast(f"TRY_CAST({_text(column, found)} AS DOUBLE)", is_lossy=True)


def _as_date(column: str, found: str) -> Cast:
    if found == "DATE":
        return Cast(column)
    if found.startswith("TIMESTAMP"):
        return Cast(f"CAST({column} AS DATE)")
    text = _text(column, found)
    packed = f"CASE WHEN regexp_matches({text}, '{_EIGHT_DIGITS}') THEN {text} END"
    return Cast(
        f"coalesce(TRY_CAST({text} AS DATE), CAST(try_strptime({packed}, '%Y%m%d') AS DATE))",
        is_lossy=True,
    )


def _as_timestamp(column: str, found: str) -> Cast:
    if found.startswith("TIMESTAMP"):
        return Cast(column)
    if found == "DATE":
        return Cast(f"CAST({column} AS TIMESTAMP)")
    return Cast(f"TRY_CAST({_text(column, found)} AS TIMESTAMP)", is_lossy=True)


def _is_fraction(found: str) -> bool:
    return found in _FLOATS or found.startswith("DECIMAL")


def _text(column: str, found: str) -> str:
    return column if found == "VARCHAR" else f"CAST({column} AS VARCHAR)"
