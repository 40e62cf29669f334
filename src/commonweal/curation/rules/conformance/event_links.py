"""Links from a row to any other row, by the number of a field."""

from commonweal.curation.rule import Change, Map, Rule, Step
from commonweal.schema.model import Table

LINKS = {
    "measurement": ("measurement_event_id", "meas_event_field_concept_id"),
    "observation": ("observation_event_id", "obs_event_field_concept_id"),
    "note": ("note_event_id", "note_event_field_concept_id"),
}


def bind(table: Table) -> tuple[Step, ...]:
    return (Map(tuple(Change(column, "NULL") for column in LINKS[table.name])),)


RULE = Rule(
    id="conf.event_links",
    title="Links to a row of any table are emptied",
    why=(
        "When sites are joined, rows get new keys. These links name their target's table by a "
        "concept, so they cannot be followed to the new key and would point at a stranger's row."
    ),
    tables=lambda table: table.name in LINKS,
    bind=bind,
)
