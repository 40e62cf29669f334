"""Events before the person was born."""

from commonweal.curation.choices import dates, first_date, is_about_person
from commonweal.curation.rule import Filter, Lookup, Rule, Step
from commonweal.schema.model import Table

BIRTH = Lookup(
    "person",
    "SELECT person_id, year_of_birth, month_of_birth, day_of_birth, birth_datetime FROM person",
    {"person_id": "person_id"},
)
_YEAR = "CAST(person.year_of_birth AS VARCHAR)"
_PARTS = (
    f"{_YEAR} || '-' || CAST(person.month_of_birth AS VARCHAR) || '-' || "
    "CAST(person.day_of_birth AS VARCHAR)"
)
EARLIEST_BIRTH = (
    "COALESCE(CAST(person.birth_datetime AS DATE), "
    f"TRY_CAST({_PARTS} AS DATE), TRY_CAST({_YEAR} || '-01-01' AS DATE))"
)
"""The first day on which the person can have been born, as exactly as it is known."""


def bind(table: Table) -> tuple[Step, ...]:
    return (Filter(f"COALESCE({first_date(table)} >= {EARLIEST_BIRTH}, TRUE)", (BIRTH,)),)


RULE = Rule(
    id="time.before_birth",
    title="Events before birth are removed",
    why=(
        "Nothing is recorded about a person who is not born. Where only the year of birth is "
        "known, events of that year stay."
    ),
    tables=lambda table: is_about_person(table) and bool(dates(table)),
    bind=bind,
)
