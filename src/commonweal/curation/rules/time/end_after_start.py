"""Events that end before they start."""

from commonweal.curation.choices import end_of_day, find_end, find_timestamp_of, first_date
from commonweal.curation.rule import Change, Lookup, Map, Rule, Step, Version
from commonweal.schema.model import Field, Table

TABLES = frozenset(
    {
        "condition_occurrence",
        "drug_exposure",
        "device_exposure",
        "procedure_occurrence",
        "visit_occurrence",
        "visit_detail",
    }
)
INPATIENT = "9201, 262"
"""Inpatient visit; emergency room and inpatient visit."""
CHILDREN = {
    "condition_occurrence": "condition",
    "drug_exposure": "drug_exposure",
    "device_exposure": "device_exposure",
}
"""Tables whose rows show how long a stay lasted, and how their dates begin."""


def bind(table: Table) -> tuple[Step, ...]:
    end = find_end(table)
    return (_mend(table, end),) if end else ()


def _mend(table: Table, end: Field) -> Map:
    """Set the end, and the timestamp that goes with it, where the end is before the start."""
    start, timestamp = first_date(table), find_timestamp_of(table, end.name)
    is_visit = table.name == "visit_occurrence"
    required = _end_of_visit(start) if is_visit else start
    day, moment = (required, end_of_day(required)) if end.required else ("NULL", "NULL")
    when = f"{end.name} < {start}"
    moved = (Change(timestamp, moment, when),) if timestamp else ()
    return Map((Change(end.name, day, when), *moved), (_children(),) if is_visit else ())


def _end_of_visit(start: str) -> str:
    """An inpatient visit lasts as long as what happened in it; any other ends as it starts."""
    longest = f"GREATEST({start}, children.last_day)"
    return f"CASE WHEN visit_concept_id IN ({INPATIENT}) THEN {longest} ELSE {start} END"


def _children() -> Lookup:
    parts = " UNION ALL ".join(
        f"SELECT visit_occurrence_id, {name}_end_date AS day FROM {table} "
        f"WHERE {name}_end_date >= {name}_start_date"
        for table, name in CHILDREN.items()
    )
    return Lookup(
        "children",
        f"SELECT visit_occurrence_id, max(day) AS last_day FROM ({parts}) "
        "WHERE visit_occurrence_id IS NOT NULL GROUP BY visit_occurrence_id",
        {"visit_occurrence_id": "visit_occurrence_id"},
        Version.INPUT,
    )


RULE = Rule(
    id="time.end_after_start",
    title="Events do not end before they start",
    why=(
        "An end before the start is a slip of one of the two, and the start is the better known. "
        "An optional end is emptied. A required one becomes the start; for an inpatient visit it "
        "becomes the last day on which something that belongs to the visit ended."
    ),
    tables=lambda table: table.name in TABLES,
    bind=bind,
)
