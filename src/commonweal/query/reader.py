"""Reads a definition from a file, and says in sentences what is wrong with it."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from commonweal.query.definition import (
    FORMAT,
    AgeRange,
    CohortDefinition,
    ConceptChoice,
    Group,
    Item,
    People,
    Period,
)
from commonweal.schema.errors import CommonwealError

MAX_BYTES = 1_000_000
MAX_FAULTS = 10

_MODELS: Mapping[str, type[BaseModel]] = {
    "": CohortDefinition,
    "people": People,
    "include": Group,
    "exclude": Group,
    "any": Item,
    "concepts": ConceptChoice,
    "age": AgeRange,
    "age_at_event": AgeRange,
    "dates": Period,
}
"""What is expected inside each field that holds fields of its own."""

_WORDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "tuple_type": "must be a list in square brackets",
    "model_type": "must be an object in braces",
    "model_attributes_type": "must be an object in braces",
    "date_type": "must be a date such as 2026-09-30",
    "date_parsing": "must be a date such as 2026-09-30",
    "date_from_datetime_parsing": "must be a date such as 2026-09-30",
    "date_from_datetime_inexact": "must be a date such as 2026-09-30",
    "missing": "is missing",
    "too_short": "is empty",
    "json_invalid": "holds text that is not Unicode",
}


class DefinitionError(CommonwealError):
    """A cohort definition that cannot be used; the hub shows it beside the form."""


def read_definition(path: Path) -> CohortDefinition:
    """Read the definition in a JSON file.

    Raises:
        DefinitionError: it cannot be read, is not JSON, or does not define a cohort.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError(
            f"The definition {path} cannot be read: {error.strerror}.",
            expected="a JSON file",
            fix="Check the path.",
        ) from error
    return parse_definition(content, name=str(path))


def parse_definition(content: bytes, *, name: str = "the definition") -> CohortDefinition:
    """Read a definition from the bytes of a JSON document; errors call it ``name``.

    Raises:
        DefinitionError: it is too large, is not JSON, or does not define a cohort.
    """
    if len(content) > MAX_BYTES:
        raise DefinitionError(
            f"{name} is larger than {MAX_BYTES // 1_000_000} MB.",
            expected="a definition of some kilobytes",
            fix="Name ancestors with descendants instead of listing every concept.",
        )
    fields = _parse_json(content, name)
    _check_kind(fields, name)
    try:
        return CohortDefinition.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        faults = _drop_echoes(error.errors(include_url=False, include_input=False))
        raise DefinitionError(
            f"{name} does not define a cohort: " + "; ".join(_list_sentences(faults)) + ".",
            expected=f"the fields of {FORMAT}; `commonweal cohort count --help` shows an example",
            fix="Mend the places named above.",
        ) from error


def _parse_json(content: bytes, name: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{name} is not text in UTF-8.", fix="Save it in UTF-8.") from error
    if not text.strip():
        raise DefinitionError(
            f"{name} is empty.", expected="a JSON object", fix="An empty object {} means everybody."
        )
    try:
        return json.loads(text, object_pairs_hook=_build_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"{name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.",
            fix="Mend the file at this place; look for a comma or quote before it.",
        ) from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _JsonError) else "a part is too large or too deep"
        raise DefinitionError(f"{name} cannot be read: {reason}.", fix="Mend the file.") from error


class _JsonError(ValueError):
    """JSON that parses but must not be guessed at."""


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a key twice: JSON readers would silently keep the last one."""
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise _JsonError(f"the field {key!r} is given twice in one object")
        fields[key] = value
    return fields


def _refuse_constant(constant: str) -> NoReturn:
    raise _JsonError(f"{constant} is not a JSON number")


def _check_kind(fields: Any, name: str) -> None:
    if not isinstance(fields, dict):
        raise DefinitionError(
            f"{name} holds no JSON object.",
            expected="an object in braces with fields such as include and exclude",
            fix="`commonweal cohort count --help` shows an example.",
        )
    if "PrimaryCriteria" in fields or "ConceptSets" in fields:
        raise DefinitionError(
            f"{name} is an ATLAS definition, which this version does not read.",
            expected=f"a definition in the format {FORMAT}",
            fix="`commonweal cohort count --help` shows an example.",
        )


def _drop_echoes(faults: list[ErrorDetails]) -> list[ErrorDetails]:
    """A list whose entries are all wrong is also told to be empty, which it is not."""
    inside = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    return [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in inside]


def _list_sentences(faults: list[ErrorDetails]) -> Iterator[str]:
    for fault in faults[:MAX_FAULTS]:
        yield _build_sentence(fault)
    if len(faults) > MAX_FAULTS:
        yield f"and {len(faults) - MAX_FAULTS} more"


def _build_sentence(fault: ErrorDetails) -> str:
    location, kind = fault["loc"], fault["type"]
    place = _print_place(location)
    if kind == "extra_forbidden":
        return _build_unknown_field(location)
    if kind == "value_error":
        return f"{place} {fault['ctx']['error']}"
    if kind in {"enum", "literal_error"}:
        return f"{place} must be one of {fault['ctx']['expected']}"
    words = _WORDS.get(kind) or fault["msg"].replace("Input should be", "must be")
    return f"{place} {words}"


def _build_unknown_field(location: tuple[int | str, ...]) -> str:
    *parents, name = location
    model = _MODELS[next((p for p in reversed(parents) if isinstance(p, str)), "")]
    known = [field.alias or key for key, field in model.model_fields.items()]
    close = get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"the fields here are {', '.join(known)}"
    return f"{_print_place(tuple(parents))} has an unknown field {str(name)[:80]!r} ({hint})"


def _print_place(location: tuple[int | str, ...]) -> str:
    """``include[1].any[2].domain``; counted from 1, as people count."""
    place = ""
    for part in location:
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return place.removeprefix(".") or "it"
