"""The birth date: moved with all other dates, or reduced to its year."""

from commonweal.privacy.expression import Expression
from commonweal.privacy.shift import DAYS
from commonweal.privacy.tiers import BirthPolicy
from commonweal.schema.model import Field, Table

MID_YEAR = "make_date(t.year_of_birth, 6, 15)"
BIRTH_DATE = (
    "coalesce(CAST(t.birth_datetime AS DATE), "
    f"TRY(make_date(t.year_of_birth, t.month_of_birth, t.day_of_birth)), {MID_YEAR})"
)
"""The day of birth as far as it is known; 15 June where only the year is."""

_MOVED = f"({BIRTH_DATE} - {DAYS})"
_EXPRESSIONS = {
    BirthPolicy.SHIFTED: {
        "year_of_birth": f"year({_MOVED})",
        "month_of_birth": f"month({_MOVED})",
        "day_of_birth": f"day({_MOVED})",
        "birth_datetime": _MOVED,
    },
    BirthPolicy.YEAR: {
        "year_of_birth": "t.year_of_birth",
        "month_of_birth": "NULL",
        "day_of_birth": "NULL",
        "birth_datetime": MID_YEAR,
    },
}


def find_expression(table: Table, field: Field, policy: BirthPolicy) -> Expression | None:
    """What a column that tells when a person was born becomes; None for any other."""
    sql = _EXPRESSIONS[policy].get(field.name) if table.name == "person" else None
    return Expression(sql) if sql else None
