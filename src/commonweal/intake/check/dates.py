"""Dates that can be read and cannot be true: what curation will change or leave out.

All are warnings, found in SQL over the days that the columnar pass has put aside.
"""

from collections.abc import Collection, Iterator
from datetime import date

from commonweal.engine.sql import quoted
from commonweal.intake.check.kept import BIRTH_PARTS
from commonweal.intake.check.locating import RowRule
from commonweal.schema.model import DataType, Field, Role, Table

EARLIEST = date(1980, 1, 1)
"""Before it no site kept electronic records; dates such as 1900-01-01 stand for unknown."""
EARLIEST_OF_HISTORIES = date(1900, 1, 1)
HISTORIES = frozenset({"observation", "observation_period", "payer_plan_period"})
"""Tables that may tell of the years before there were electronic records."""
FIRST_BIRTH_YEAR = 1900
BIRTH_YEAR = BIRTH_PARTS[0]
LAST_PARTS = {"month_of_birth": 12, "day_of_birth": 31}


def build_date_rules(table: Table, columns: Collection[str], today: date) -> Iterator[RowRule]:
    """What is asked of the dates of a table of which these columns were sent."""
    for field in table.fields:
        if field.name in columns:
            yield from _build_disorder(field, columns)
            yield from _build_difference(field, columns)
            yield from _build_birth(field, today)
            yield from _build_implausible(table, field, today)


def _build_disorder(field: Field, columns: Collection[str]) -> Iterator[RowRule]:
    start = field.name.replace("_end_date", "_start_date")
    if field.name.endswith("_end_date") and start in columns:
        yield RowRule(
            "date.end_before_start", field, f"{quoted(field.name)} < {quoted(start)}", start
        )


def _build_difference(field: Field, columns: Collection[str]) -> Iterator[RowRule]:
    day = field.name.removesuffix("time")
    if field.name.endswith("_datetime") and day in columns:
        yield RowRule("date.differs", field, f"{quoted(field.name)} <> {quoted(day)}", day)


def _build_birth(field: Field, today: date) -> Iterator[RowRule]:
    last = LAST_PARTS.get(field.name)
    if last is not None:
        outside = f"{quoted(field.name)} NOT BETWEEN 1 AND {last}"
        yield RowRule("date.birth_part", field, outside, f"1 to {last}")
    if field.name == BIRTH_YEAR:
        outside = f"{quoted(field.name)} NOT BETWEEN {FIRST_BIRTH_YEAR} AND {today.year}"
        yield RowRule(
            "date.birth_year", field, outside, f"{FIRST_BIRTH_YEAR} or after {today.year}"
        )


def _build_implausible(table: Table, field: Field, today: date) -> Iterator[RowRule]:
    is_event = table.role is Role.CLINICAL and table.has_person and table.name != "person"
    if is_event and field.type in (DataType.DATE, DataType.TIMESTAMP):
        first = EARLIEST_OF_HISTORIES if table.name in HISTORIES else EARLIEST
        outside = f"{quoted(field.name)} NOT BETWEEN DATE '{first}' AND DATE '{today}'"
        yield RowRule("date.implausible", field, outside, f"{first} or after {today}")
