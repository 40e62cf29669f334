"""What the columnar pass puts aside of every row for the later passes, which read no text.

Keys, concepts and parts of a date of birth are kept as numbers, dates and times as days. Of
texts that may say who or where somebody is only whether there is one: true, or null.
"""

from commonweal.schema.meaning import TELLING_TEXTS
from commonweal.schema.model import DataType, Field

BIRTH_PARTS = ("year_of_birth", "month_of_birth", "day_of_birth")
ELSEWHERE = ("provider_id", "care_site_id", "location_id")
"""References that are kept even where the dialect has no such table."""
FACTS = ("fact_id_1", "fact_id_2")
"""References into the table of a domain that the row names."""


def is_kept_number(field: Field) -> bool:
    """Whether the cells are kept as 64-bit numbers, null where they are none."""
    named = field.name in (*BIRTH_PARTS, *ELSEWHERE, *FACTS)
    points = field.primary_key or field.references is not None
    return field.type is DataType.INTEGER and (named or points)


def is_kept_day(field: Field) -> bool:
    """Whether the first ten characters are kept as a day, null where they are none."""
    return field.type in (DataType.DATE, DataType.TIMESTAMP)


def is_kept_presence(field: Field) -> bool:
    """Whether it is kept that there is a text: true, or null when the cell is empty."""
    return field.type is DataType.STRING and field.name in TELLING_TEXTS


def is_kept(field: Field) -> bool:
    return is_kept_number(field) or is_kept_day(field) or is_kept_presence(field)


def is_key(field: Field) -> bool:
    """Whether the cells name a row of this table, or of another one that is no vocabulary."""
    return field.type is DataType.INTEGER and (
        field.primary_key or (field.references is not None and not field.is_concept)
    )
