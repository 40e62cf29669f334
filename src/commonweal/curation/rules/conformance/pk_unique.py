"""Rows whose primary key was used before."""

from commonweal.curation.duplicates import duplicates_of
from commonweal.curation.rule import Relation, Rule, Step
from commonweal.schema.model import Table


def bind(table: Table) -> tuple[Step, ...]:
    keys = [field.name for field in table.fields if field.primary_key]
    return (Relation(duplicates_of(table.name, keys)),)


RULE = Rule(
    id="conf.pk_unique",
    title="Of rows with the same primary key the first is kept",
    why=(
        "A key names one row. Of several rows with the same key, the first in the order of site "
        "and record is kept, so that the choice is the same tomorrow."
    ),
    tables=lambda table: table.primary_key is not None,
    bind=bind,
)
