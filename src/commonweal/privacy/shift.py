"""Moving dates: every date and timestamp of a person goes back by the same whole days."""

from commonweal.privacy.expression import Expression, row_value
from commonweal.schema.model import DataType, Field

DAYS = "CAST(p.days AS INTEGER)"


def shifted(field: Field) -> Expression:
    """A date or timestamp moved back; the time of day stays."""
    if field.type is DataType.DATE:
        return Expression(f"{row_value(field.name)} - {DAYS}")
    return Expression(f"{row_value(field.name)} - to_days({DAYS})")
