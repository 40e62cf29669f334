"""Questions that rules ask of a table's declaration, in the words of the rules."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from commonweal.schema.meaning import FACT_DOMAINS
from commonweal.schema.model import DataType, Field, Role, Table, get_model

POINTED_AT = frozenset({"visit_occurrence", "visit_detail", "note", "episode", "payer_plan_period"})
"""Clinical tables whose rows other rows refer to."""

FACTS = "fact_relationship"
"""The table whose rows link two facts, each named by the concept of its domain and its key."""

LINKED_DOMAINS: Mapping[int, str] = MappingProxyType(
    {domain: table for domain, table in FACT_DOMAINS.items() if table != "person"}
)
"""Whose rows curation follows from one fact to another.

Persons are not among them: a family link names people, and no record that either of them
authorised.
"""


def key_of(table: str) -> str:
    """The primary key of a table that has one."""
    return next(
        field.name for field in get_model("release").table(table).fields if field.primary_key
    )


def has_person(table: Table) -> bool:
    return table.has_person


def is_about_person(table: Table) -> bool:
    """Whether its rows say something about a person who stands in ``person``."""
    return table.has_person and table.name != "person"


def is_event(table: Table) -> bool:
    """Whether its rows are clinical facts about a person."""
    return is_about_person(table) and table.role is Role.CLINICAL


def has_dates(table: Table) -> bool:
    return bool(dates(table) or timestamps(table))


def dates(table: Table) -> tuple[str, ...]:
    return tuple(field.name for field in table.fields_of(DataType.DATE))


def timestamps(table: Table) -> tuple[str, ...]:
    return tuple(field.name for field in table.fields_of(DataType.TIMESTAMP))


def days(table: Table) -> tuple[str, ...]:
    """SQL of every day that a row names, be it a date or part of a timestamp."""
    return (*dates(table), *(f"CAST({column} AS DATE)" for column in timestamps(table)))


def first_date(table: Table) -> str:
    """The date that says when a row happened."""
    return dates(table)[0]


def find_timestamp_of(table: Table, date: str) -> str | None:
    """The timestamp column that belongs to a date column, if there is one."""
    name = date.removesuffix("_date") + "_datetime"
    return name if name in table.by_name else None


def find_end(table: Table) -> Field | None:
    """The date on which an event ends, if the table has one."""
    found = (f for f in table.fields_of(DataType.DATE) if f.name.endswith("_end_date"))
    return next((field for field in found if not field.name.startswith("verbatim")), None)


def greatest(values: Sequence[str]) -> str:
    return f"GREATEST({', '.join(values)})"


def start_of_day(date: str) -> str:
    """SQL of the first second of a date."""
    return f"CAST({date} AS TIMESTAMP)"


def end_of_day(date: str) -> str:
    """SQL of the last second of a date, 23:59:59."""
    return f"CAST({date} AS TIMESTAMP) + to_seconds(86399)"
