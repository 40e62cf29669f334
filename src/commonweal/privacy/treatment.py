"""What becomes of every column of a table in a tier, decided by the column's type.

Nothing here names a clinical table: a table or column added to the schema is treated by
default.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commonweal.engine.sql import quoted
from commonweal.privacy import birth, geography, shift, text
from commonweal.privacy.expression import NOTHING, Expression, new_id, row_value
from commonweal.privacy.tiers import Tier
from commonweal.schema.model import DataType, Field, Role, Table, get_model

KEPT_ROLES = (Role.CLINICAL, Role.EXTENSION)
FACTS = "fact_relationship"


class RuleId(StrEnum):
    """The rules of de-identification."""

    BIRTH = "deid.birth"
    DATE_SHIFT = "deid.date_shift"
    TEXT = "deid.strings_and_tables"
    GEOGRAPHY = "deid.geography"
    REMAP = "deid.remap_person_and_ids"


class Part(StrEnum):
    """What a column is to its row, which decides where it stands in the tier's order."""

    PERSON = "person"
    ROW_ID = "row id"
    FOREIGN_ID = "foreign id"
    DATE = "date"
    CONTENT = "content"


@dataclass(frozen=True)
class Treatment:
    """One column of a tier's table: the expression that gives it and the rule behind it."""

    field: Field
    part: Part
    expression: Expression
    rule: RuleId | None = None

    @property
    def column(self) -> str:
        return self.field.name

    @property
    def is_required_key(self) -> bool:
        """Whether the row cannot stay when the row it points to is not in the tier."""
        return self.part is Part.FOREIGN_ID and self.field.required


def is_kept(table: Table, tier: Tier) -> bool:
    """Whether a table has rows in the tier.

    A table that names no person cannot be followed to one, so it is empty by default;
    links between facts are mapped on both sides.
    """
    if table.role not in KEPT_ROLES or table.name in tier.empty_tables:
        return False
    return table.has_person or table.name == FACTS


def is_left_empty(table: Table, field: Field, tier: Tier) -> bool:
    """Whether a column is empty in the tier: by policy, or since it names what is not there.

    Ids without a declared target, such as the event a measurement belongs to, point into a
    table that another column names; they are left out as well.
    """
    if tier.leaves_empty(table.name, field.name):
        return True
    if field.primary_key or field.name == "person_id" or field.type is not DataType.INTEGER:
        return False
    if field.references:
        return field.references.table in tier.empty_tables
    return field.name.endswith("_id")


def treat_table(table: Table, tier: Tier, targets: Collection[str] = ()) -> tuple[Treatment, ...]:
    """The treatment of every column, in the table's order.

    A table in ``targets`` has its new ids in a map already, since other rows point to it.
    """
    return tuple(_treat(table, field, tier, targets) for field in table.fields)


def list_pointed_to(table: Table, tier: Tier, *, required: bool = False) -> Iterator[str]:
    """Tables whose row ids the rows of a table hold in the tier."""
    for treatment in treat_table(table, tier):
        reference = treatment.field.references
        wanted = treatment.is_required_key or not required
        if treatment.part is Part.FOREIGN_ID and reference and wanted:
            yield reference.table


def _treat(table: Table, field: Field, tier: Tier, targets: Collection[str]) -> Treatment:
    if field.name == "person_id":
        return Treatment(field, Part.PERSON, Expression("p.tier_person_id"), RuleId.REMAP)
    if field.primary_key:
        mapped = table.name in targets
        row_id = new_id(field.name, table.name) if mapped else Expression(row_value(field.name))
        return Treatment(field, Part.ROW_ID, row_id, RuleId.REMAP)
    if is_left_empty(table, field, tier):
        return Treatment(field, Part.CONTENT, NOTHING, RuleId.TEXT)
    if field.references and not field.is_concept:
        key = new_id(field.name, field.references.table)
        return Treatment(field, Part.FOREIGN_ID, key, RuleId.REMAP)
    return _treat_value(table, field, tier)


def _treat_value(table: Table, field: Field, tier: Tier) -> Treatment:
    if (born := birth.find_expression(table, field, tier.birth)) is not None:
        return Treatment(field, Part.CONTENT, born, RuleId.BIRTH)
    if (place := geography.find_expression(field, tier.geography)) is not None:
        return Treatment(field, Part.CONTENT, place, RuleId.GEOGRAPHY)
    if field.type is DataType.STRING:
        return Treatment(field, Part.CONTENT, text.refilled(table, field), RuleId.TEXT)
    if field.type not in (DataType.DATE, DataType.TIMESTAMP):
        return Treatment(field, Part.CONTENT, Expression(row_value(field.name)))
    if tier.date_shift:
        return Treatment(field, Part.DATE, shift.shifted(field), RuleId.DATE_SHIFT)
    return Treatment(field, Part.DATE, Expression(row_value(field.name)))


def build_counts(treatments: Sequence[Treatment]) -> Mapping[RuleId, str]:
    """For each rule that holds for a table, SQL of how many rows it changes.

    A row is changed when a column that the rule writes is not empty; ids always change.
    """
    columns: dict[RuleId, list[str]] = {}
    for treatment in treatments:
        if treatment.rule:
            columns.setdefault(treatment.rule, []).append(quoted(treatment.column))
    return {
        rule: f"count(*) FILTER (WHERE {' OR '.join(f'{c} IS NOT NULL' for c in columns[rule])})"
        for rule in RuleId
        if rule in columns
    }


def describe_treatments(tier: Tier) -> dict[str, dict[str, str]]:
    """The SQL behind every column of every table of a tier, for its recipe."""
    tables = get_model("release").tables.values()
    return {
        table.name: {t.column: t.expression.sql for t in treat_table(table, tier)}
        for table in tables
        if is_kept(table, tier)
    }
