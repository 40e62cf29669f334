"""Text: gone, save for source values that can be told again from a concept's code."""

from commonweal.engine.sql import quoted
from commonweal.privacy.expression import CODES, NOTHING, Expression, row_value
from commonweal.schema.model import DataType, Field, Table

SOURCE_VALUE = "_source_value"


def find_source_concept(table: Table, field: Field) -> str | None:
    """The column with the source concept of a source value; None when there is none."""
    if field.type is not DataType.STRING or not field.name.endswith(SOURCE_VALUE):
        return None
    concept = field.name.removesuffix(SOURCE_VALUE) + "_source_concept_id"
    return concept if concept in table.by_name else None


def refilled(table: Table, field: Field) -> Expression:
    """The code of a source value's concept; nothing for any other text."""
    concept = find_source_concept(table, field)
    if concept is None:
        return NOTHING
    alias = quoted(f"c_{field.name}")
    return Expression(
        f"{alias}.concept_code",
        f"LEFT JOIN {CODES} {alias} ON {alias}.concept_id = {row_value(concept)}",
    )
