"""Rows that lack a value the data model requires."""

from commonweal.curation.rule import Filter, Rule, Step
from commonweal.schema.model import Table


def bind(table: Table) -> tuple[Step, ...]:
    present = [f"{column} IS NOT NULL" for column in table.required_columns]
    return (Filter(" AND ".join(present)),)


RULE = Rule(
    id="conf.required_not_null",
    title="Rows that lack a required value are removed",
    why="Every later step, and every researcher, relies on the values that the model requires.",
    tables=lambda table: bool(table.required_columns),
    bind=bind,
)
