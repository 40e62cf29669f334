"""The header line: read by Python's csv, compared with the table by name."""

import csv
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from commonweal.intake.findings import Finding, build_finding
from commonweal.schema.model import Field, Table, get_model

MAX_NAMED_COLUMNS = 20
SUBMITTED = ("programme", "omop-5.3", "omop-5.4", "sprint", "alpha")
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Header:
    """The names as they stand in the file, and how much of the file they take."""

    names: tuple[str, ...]
    bytes: int
    lines: int


@dataclass(frozen=True)
class Mapping:
    """Which field of the table stands at which place in the file (places count from 0)."""

    width: int
    fields: tuple[tuple[int, Field], ...]


def read_header(stream: BinaryIO, limit: int) -> Header | None:
    """Read the header from the start of the file; None when it is not one line of CSV.

    Names may be quoted and a quoted name may hold a line break. The stream stands at the
    first record afterwards.
    """
    text = b""
    lines = 0
    while lines == 0 or text.count(b'"') % 2:
        line = stream.readline(limit + 1 - len(text))
        if not line or len(text) + len(line) > limit:
            return None
        text += line
        lines += 1
    names = _parse(text)
    return None if names is None else Header(names, len(text), lines)


def _parse(text: bytes) -> tuple[str, ...] | None:
    try:
        rows = list(csv.reader([text.decode("utf-8-sig")], strict=True))
    except (csv.Error, UnicodeDecodeError):
        return None
    return tuple(rows[0]) if len(rows) == 1 else None


def find_other_delimiter(names: tuple[str, ...]) -> str:
    """The name of the separator the header seems to use in place of commas, or nothing."""
    spelled = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
    if len(names) != 1:
        return ""
    return next((name for mark, name in spelled.items() if mark in names[0]), "")


def match_columns(names: tuple[str, ...], table: Table) -> Mapping:
    """Map places to fields by name, ignoring case and outer spaces; the first one wins."""
    by_folded = {field.name.casefold(): field for field in table.fields}
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        folded = name.strip().casefold()
        if folded in by_folded:
            places.setdefault(folded, place)
    pairs = sorted((place, by_folded[folded]) for folded, place in places.items())
    return Mapping(len(names), tuple(pairs))


def compare_header(file: str, header: Header, table: Table) -> Iterator[Finding]:
    """What is wrong with the names in the header; ``is_column_like`` says which are shown."""
    mapping = match_columns(header.names, table)
    found = [field for _, field in mapping.fields]
    if not found:
        yield build_finding("header.absent", file=file, table=table.name)
        return
    for field in table.fields:
        if field not in found:
            yield _about(file, table, "header.missing_column", field.name)
    yield from _find_unknown(file, header, table)
    yield from _find_misspelled(file, header, table, mapping)
    if sorted(found, key=table.fields.index) != found:
        yield build_finding("header.order", file=file, table=table.name)


def _about(file: str, table: Table, code: str, column: str, detail: str = "") -> Finding:
    return build_finding(code, file=file, table=table.name, column=column, detail=detail)


def _find_unknown(file: str, header: Header, table: Table) -> Iterator[Finding]:
    known = [field.name for field in table.fields]
    folded = {name.casefold() for name in known}
    strange = [
        (place, name.strip())
        for place, name in enumerate(header.names, start=1)
        if name.strip().casefold() not in folded
    ]
    mostly_known = 2 * len(strange) <= len(header.names)
    for place, name in strange[:MAX_NAMED_COLUMNS]:
        shown = name if is_column_like(name, mostly_known=mostly_known) else f"column {place}"
        yield _about(file, table, "header.unknown_column", shown, _hint(shown, name, known))
    rest = len(strange) - MAX_NAMED_COLUMNS
    if rest > 0:
        yield build_finding(
            "header.unknown_column",
            file=file,
            table=table.name,
            count=rest,
            detail=f"{rest:,} more columns",
        )


def _hint(shown: str, name: str, known: list[str]) -> str:
    if not name:
        return f"{shown}, which has no name"
    near = difflib.get_close_matches(shown.casefold(), known, n=1) if shown == name else []
    return f"{shown} (did you mean {near[0]}?)" if near else shown


def is_column_like(name: str, *, mostly_known: bool) -> bool:
    """Whether an unknown name may be shown: what stands in a header may be somebody's data.

    One word may be a surname, so it is shown only when it is a column of some table, its
    underscores left out. Words joined by underscores are shown when together they are like
    a column of some table (ratio of ``difflib`` 0.6), or when at least half of the names
    around them are known.
    """
    if not _COLUMN.fullmatch(name):
        return False
    folded = name.casefold()
    if "_" not in name:
        return folded in {column.replace("_", "") for column in _all_columns()}
    return mostly_known or bool(difflib.get_close_matches(folded, _all_columns(), n=1))


@cache
def _all_columns() -> frozenset[str]:
    """Every column of every table that a site may send, in lower case."""
    tables = [table for dialect in SUBMITTED for table in get_model(dialect).tables.values()]
    return frozenset(column.casefold() for table in tables for column in table.columns)


def _find_misspelled(
    file: str, header: Header, table: Table, mapping: Mapping
) -> Iterator[Finding]:
    folded = [name.strip().casefold() for name in header.names]
    for place, field in mapping.fields:
        written = header.names[place]
        if written != written.strip():
            yield _about(file, table, "header.spelling", field.name)
        elif written != field.name:
            yield _about(file, table, "header.case", field.name)
        if folded.count(field.name.casefold()) > 1:
            yield _about(file, table, "header.duplicate_column", field.name)
