"""What is done with every column of every table, as declared in ``data/treatments.csv``.

The rule is that of the programme's first uploads: 1 January in place of every date of its
year, random numbers in place of ids, nobody over 80, and nothing that names anybody.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from commonweal.schema.errors import CommonwealError

EVERY_COLUMN = "*"


class Kind(StrEnum):
    """What can be done with a column."""

    ID = "id"
    """A random number in its place, the same in every table."""
    FIRST_OF_YEAR = "first_of_year"
    """1 January of the same year, at midnight."""
    ONE = "one"
    """The number 1: the month and the day of 1 January."""
    KEEP = "keep"
    CODE = "code"
    """Kept where it is a code, empty where it names somebody (see ``identity``)."""
    BLANK = "blank"
    LEAVE_OUT = "leave_out"
    """The whole table stays at the site."""


@dataclass(frozen=True)
class Treatment:
    """What is done with one column, and why.

    ``ids`` is the table whose rows the ids of an ``id`` column name; ``absent`` is what stands
    in the column where that table is not handed over.
    """

    table: str
    column: str
    kind: Kind
    ids: str
    absent: str
    reason: str


def get_treatment(table: str, column: str) -> Treatment:
    """The treatment of a column.

    Raises:
        CommonwealError: none is declared; nothing goes out by default.
    """
    declared = read_treatments()
    found = declared.get((table, EVERY_COLUMN)) or declared.get((table, column))
    if found is None:
        raise CommonwealError(
            f"It is not declared what de-identification does with {table}.{column}.",
            expected="a line for it in treatments.csv",
            fix="This is a fault of the program and not of the files: please report it.",
        )
    return found


def find_reason_to_leave_out(table: str) -> str | None:
    """Why a table stays at the site whole, or None when its rows may go."""
    whole = read_treatments().get((table, EVERY_COLUMN))
    return whole.reason if whole else None


@cache
def read_treatments() -> Mapping[tuple[str, str], Treatment]:
    """Every declared treatment by table and column; ``*`` stands for all columns of a table."""
    source = files("commonweal.intake.deidentify") / "data" / "treatments.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return MappingProxyType({(row["table"], row["column"]): _read(row) for row in rows})


def _read(row: Mapping[str, str]) -> Treatment:
    return Treatment(
        table=row["table"],
        column=row["column"],
        kind=Kind(row["treatment"]),
        ids=row["ids"],
        absent=row["absent"],
        reason=row["reason"],
    )
