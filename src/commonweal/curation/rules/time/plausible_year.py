"""Dates before anything could have been recorded, or after the release."""

from datetime import date

from commonweal.curation.rule import Change, Filter, Map, Parameter, Rule, Step
from commonweal.curation.rules.time.cutoff import CUTOFF
from commonweal.engine.functions import Type
from commonweal.schema.model import DataType, Field, Table

TABLES = frozenset(
    {
        "visit_occurrence",
        "visit_detail",
        "condition_occurrence",
        "drug_exposure",
        "device_exposure",
        "procedure_occurrence",
        "measurement",
        "observation",
        "specimen",
        "death",
    }
)


def bind(table: Table) -> tuple[Step, ...]:
    earliest = "$earliest_observation" if table.name == "observation" else "$earliest"
    fields = table.fields_of(DataType.DATE, DataType.TIMESTAMP)
    keep = [f"{_day(f)} BETWEEN {earliest} AND $cutoff" for f in fields if f.required]
    changes = [
        Change(field.name, "NULL", f"{_day(field)} < {earliest} OR {_day(field)} > $cutoff")
        for field in fields
        if not field.required
    ]
    filters = [Filter(" AND ".join(keep))] if keep else []
    return (*filters, Map(tuple(changes))) if changes else tuple(filters)


def _day(field: Field) -> str:
    return f"CAST({field.name} AS DATE)" if field.type is DataType.TIMESTAMP else field.name


RULE = Rule(
    id="time.plausible_year",
    title="Dates outside the plausible years are emptied, or the row is removed",
    why=(
        "Dates such as 1900-01-01 stand for unknown. An optional date is emptied; a row whose "
        "required date cannot be true is removed. Observations may look further back, because "
        "they hold histories."
    ),
    tables=lambda table: table.name in TABLES,
    bind=bind,
    parameters=(
        Parameter("earliest", Type.DATE, "first plausible day", default=date(1980, 1, 1)),
        Parameter(
            "earliest_observation",
            Type.DATE,
            "first plausible day of an observation",
            default=date(1900, 1, 1),
        ),
        CUTOFF,
    ),
)
