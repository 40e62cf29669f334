"""Rows that repeat another row in everything but their key."""

from commonweal.curation.choices import POINTED_AT, is_event
from commonweal.curation.duplicates import duplicates_of
from commonweal.curation.rule import Parameter, Relation, Rule, Step
from commonweal.engine.functions import Type
from commonweal.schema.model import Table


def bind(table: Table) -> tuple[Step, ...]:
    keys = [field.name for field in table.fields if not field.primary_key]
    where = "$duplicate_measurements" if table.name == "measurement" else "TRUE"
    return (Relation(duplicates_of(table.name, keys, where=where)),)


RULE = Rule(
    id="conf.exact_duplicates",
    title="Rows that repeat another row in everything but the key are removed",
    why=(
        "The same fact sent twice would be counted twice. Measurements are left alone unless asked "
        "for, because the same value may well be measured twice. Tables whose rows are referred to "
        "(visits, notes, episodes, plans) are left alone too: dropping such a row would cut its "
        "children loose."
    ),
    tables=lambda table: is_event(table) and table.name not in POINTED_AT,
    bind=bind,
    parameters=(
        Parameter(
            "duplicate_measurements",
            Type.BOOLEAN,
            "whether repeated measurements are removed as well",
            default=False,
        ),
    ),
)
