"""A rule's example: small tables before and after, which the manual shows and the tests run.

The text stands beside the rule, in ``<rule module>.example``::

    Somebody born in 1990 cannot have a diagnosis in 1985.
    with cutoff = 2024-06-30

    in person
    person_id | year_of_birth
    1         | 1990

    out condition_occurrence
    …

``in`` and ``out`` name tables before and after, ``evidence`` what the runner writes down,
``given`` a relation from outside. An empty cell is NULL, and so is a column not shown.
Without ``_src_row``, records are numbered from 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import groupby

from commonweal.curation.expression import RuleError


class Place(StrEnum):
    """What a table of an example shows."""

    IN = "in"
    GIVEN = "given"
    OUT = "out"
    EVIDENCE = "evidence"


@dataclass(frozen=True)
class ExampleTable:
    """A small table of text cells; None where a cell is empty."""

    place: Place
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True)
class Example:
    """What a rule does to small tables, and under which parameters."""

    text: str
    parameters: Mapping[str, str]
    tables: tuple[ExampleTable, ...]

    def of(self, place: Place) -> tuple[ExampleTable, ...]:
        return tuple(table for table in self.tables if table.place is place)


def read_example(theme: str, name: str) -> Example:
    """The example that stands beside a rule's module."""
    file = files("commonweal.curation.rules") / theme / f"{name}.example"
    return parse_example(file.read_text(encoding="utf-8"))


def parse_example(text: str) -> Example:
    """Read an example's text.

    Raises:
        RuleError: a block is neither prose, parameters nor a table.
    """
    prose: list[str] = []
    parameters: dict[str, str] = {}
    tables: list[ExampleTable] = []
    for block in _blocks(text):
        if block[0].split()[0] in list(Place):
            tables.append(_parse_table(block))
            continue
        for line in block:
            if line.startswith("with "):
                name, _, value = line.removeprefix("with ").partition("=")
                parameters[name.strip()] = value.strip()
            else:
                prose.append(line)
    return Example(" ".join(prose), parameters, tuple(tables))


def _blocks(text: str) -> Iterator[list[str]]:
    for is_text, lines in groupby(text.splitlines(), key=lambda line: bool(line.strip())):
        if is_text:
            yield list(lines)


def _parse_table(block: Sequence[str]) -> ExampleTable:
    place, _, name = block[0].partition(" ")
    columns, *rows = (tuple(cell.strip() for cell in line.split("|")) for line in block[1:])
    if any(len(row) != len(columns) for row in rows):
        raise RuleError(f"The example table {name!r} has rows of different lengths.")
    cells = tuple(tuple(cell or None for cell in row) for row in rows)
    return ExampleTable(Place(place), name.strip(), columns, cells)
