"""Where a person lives: the state where enough others live there, a few digits of the zip."""

from commonweal.engine.sql import quoted_text
from commonweal.privacy.expression import NOTHING, STATES, Expression, row_value
from commonweal.privacy.tiers import Geography
from commonweal.schema.model import Field

STATE_PATTERN = "[A-Z]{2}"
ZIP_PATTERN = "[0-9]{5}(-?[0-9]{4})?"
COARSE_ZIP_PATTERN = r"[0-9]{3}\*\*"


def find_expression(field: Field, geography: Geography) -> Expression | None:
    """What a column that tells where a person lives becomes; None for any other."""
    if field.name == geography.state:
        return _state(field, geography)
    if field.name == geography.zip:
        return _zip(field, geography)
    return None


def _state(field: Field, geography: Geography) -> Expression:
    state = row_value(field.name)
    return Expression(
        f"CASE WHEN regexp_full_match({state}, '{STATE_PATTERN}') "
        f"AND g.persons >= {geography.fewest_persons_in_state} THEN {state} END",
        f"LEFT JOIN {STATES} g ON g.state = {state}",
    )


def _zip(field: Field, geography: Geography) -> Expression:
    if not geography.zip_digits:
        return NOTHING
    zip_code = row_value(field.name)
    area = f"left({zip_code}, {geography.zip_digits})"
    hidden = ", ".join(map(quoted_text, geography.zip_areas_hidden))
    coarse = f"CASE WHEN {area} IN ({hidden}) THEN '000' ELSE {area} END || '**'"
    return Expression(f"CASE WHEN regexp_full_match({zip_code}, '{ZIP_PATTERN}') THEN {coarse} END")
