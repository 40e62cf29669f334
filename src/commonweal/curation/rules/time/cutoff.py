"""Rows later than the last day of the release."""

from commonweal.curation.choices import days, greatest, has_dates
from commonweal.curation.rule import Filter, Parameter, Rule, Step
from commonweal.engine.functions import Type
from commonweal.schema.model import Role, Table

CUTOFF = Parameter("cutoff", Type.DATE, "last day of data in the release")


def bind(table: Table) -> tuple[Step, ...]:
    return (Filter(f"COALESCE({greatest(days(table))} <= $cutoff, TRUE)"),)


RULE = Rule(
    id="time.cutoff",
    title="Rows later than the last day of the release are removed",
    why=(
        "A release holds what was known on one day. A row is later when any of its dates or "
        "timestamps is."
    ),
    tables=lambda table: has_dates(table) and table.role in (Role.CLINICAL, Role.DERIVED),
    bind=bind,
    parameters=(CUTOFF,),
)
