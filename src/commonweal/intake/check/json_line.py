"""One line of a ``.jsonl`` file: an object whose keys are columns, read without loss.

Numbers are kept as they are written, so that no digit of them is lost. What another program
might read differently is a fault: a key that is there twice, a number that JSON does not have,
half of a character.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NoReturn

from commonweal.intake.check.header import fold
from commonweal.intake.check.preflight import UTF8_MARK
from commonweal.schema.model import Field, Table

Pairs = tuple[tuple[str, Any], ...]
"""Keys and values of an object, as they are written; texts, numbers as text, true or false,
None, and lists or further pairs where no single value stands."""


class _Object(tuple[tuple[str, Any], ...]):
    """The pairs of an object, told apart from a list."""

    __slots__ = ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=_refuse
)


def read_line(line: bytes, *, is_first: bool) -> Pairs | str:
    """The pairs on a line, or the code of what is wrong with the line."""
    if is_first:
        line = line.removeprefix(UTF8_MARK)
    if not line.strip():
        return "structure.blank_line"
    try:
        content = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        return "encoding.invalid_utf8"
    except (ValueError, RecursionError):
        return "structure.bad_json"
    if not isinstance(content, _Object) or _has_half_characters(line, content):
        return "structure.bad_json"
    keys = [fold(key) for key, _ in content]
    return tuple(content) if len(set(keys)) == len(keys) else "structure.repeated_key"


def as_text(value: object) -> str | None:
    """A value as the text of a cell; None when it is not one value."""
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def find_field(key: str, table: Table) -> Field | None:
    """The column that a key means, its case and outer spaces ignored."""
    return _by_folded(table.fields).get(fold(key))


@cache
def _by_folded(fields: tuple[Field, ...]) -> dict[str, Field]:
    return {fold(field.name): field for field in fields}


def read_cells(pairs: Pairs, table: Table) -> dict[str, str | None]:
    """The cells of a line that was accepted, by column; empty ones are None."""
    cells: dict[str, str | None] = dict.fromkeys(table.columns)
    for key, value in pairs:
        field = find_field(key, table)
        if field is not None:
            cells[field.name] = as_text(value) or None
    return cells


def _has_half_characters(line: bytes, content: Pairs) -> bool:
    r"""Whether an escape such as \ud83d names only half of a character."""
    if b"\\u" not in line:
        return False
    try:
        for text in _texts(content):
            text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _texts(content: Iterable[Any]) -> Iterator[str]:
    for item in content:
        if isinstance(item, str):
            yield item
        elif isinstance(item, tuple | list):
            yield from _texts(item)
