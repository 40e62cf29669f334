"""The rules for one cell, in plain Python: they decide, whatever a faster pass suspects.

Each rule takes the text of a cell that is not empty and returns the code of its fault, or
None. Shapes are those of the submission specification.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from commonweal.schema.model import DataType, Field

SMALLEST, LARGEST = -(2**63), 2**63 - 1
MOST_DIGITS = 19
BLANKS = " \t\n\v\f\r"
"""Characters of which none says anything."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ZONE_NAMES = (
    "UTC|GMT|Z|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|AST|ADT|SST|ChST"
    "|[A-Z][A-Za-z_]+/[A-Z][A-Za-z_/-]*"
)
TIME_SHAPE = (
    r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,{fraction}}})?)?"
    r"(Z| ({zones})|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?"
)
"""Two separators, three precisions and four ways to name a zone: the 24 accepted shapes."""
_TIME = re.compile(TIME_SHAPE.format(fraction=6, zones=ZONE_NAMES))
_FINER_TIME = re.compile(TIME_SHAPE.format(fraction=9, zones=ZONE_NAMES))


def find_fault(field: Field, text: str) -> str | None:
    """The code of what is wrong with a cell of ``field``, or None."""
    if text == "":
        return "required.empty" if field.required else None
    if field.type is DataType.STRING:
        return _find_string_fault(field, text)
    return _RULES[field.type](text)


def _find_string_fault(field: Field, text: str) -> str | None:
    if field.values and text not in field.values:
        return "value.not_listed"
    if field.length is not None and len(text) > field.length:
        return "length.exceeded"
    return "required.blank" if field.required and not text.strip(BLANKS) else None


def _find_integer_fault(text: str) -> str | None:
    if not _INTEGER.fullmatch(text):
        return "type.integer"
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > MOST_DIGITS:
        return "type.integer_range"
    number = int(digits) if text[0] != "-" else -int(digits)
    return None if SMALLEST <= number <= LARGEST else "type.integer_range"


def _find_float_fault(text: str) -> str | None:
    fits = _FLOAT.fullmatch(text) and math.isfinite(float(text))
    return None if fits else "type.float"


def _find_date_fault(text: str) -> str | None:
    return None if _DATE.fullmatch(text) and _is_calendar_date(text) else "type.date"


def _find_timestamp_fault(text: str) -> str | None:
    day, time = text[:10], text[10:]
    if not (_DATE.fullmatch(day) and _is_calendar_date(day)):
        return "type.timestamp"
    if _TIME.fullmatch(time):
        return None
    return "type.timestamp_precision" if _FINER_TIME.fullmatch(time) else "type.timestamp"


def _is_calendar_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_RULES: Mapping[DataType, Callable[[str], str | None]] = MappingProxyType(
    {
        DataType.INTEGER: _find_integer_fault,
        DataType.FLOAT: _find_float_fault,
        DataType.DATE: _find_date_fault,
        DataType.TIMESTAMP: _find_timestamp_fault,
    }
)
