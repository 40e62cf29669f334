"""Where a person lives: the state where enough others live there, a few digits of the zip.

Who lives in one state and is treated in another stands out among the neighbours. Such a state
is hidden first; only persons who are left count towards the number that a state must have.
"""

from commonweal.engine.sql import quoted_text
from commonweal.privacy.expression import ELSEWHERE, NOTHING, STATES, Expression, row_value
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
    conditions = [
        f"regexp_full_match({state}, '{STATE_PATTERN}')",
        f"g.persons >= {geography.fewest_persons_in_state}",
    ]
    joins = [f"LEFT JOIN {STATES} g ON g.state = {state}"]
    if geography.differs_from_site:
        conditions.append("e.person_id IS NULL")
        joins.append(f"LEFT JOIN {ELSEWHERE} e ON e.person_id = t.person_id")
    return Expression(f"CASE WHEN {' AND '.join(conditions)} THEN {state} END", " ".join(joins))


def _zip(field: Field, geography: Geography) -> Expression:
    if not geography.zip_digits:
        return NOTHING
    zip_code = row_value(field.name)
    area = f"left({zip_code}, {geography.zip_digits})"
    hidden = ", ".join(map(quoted_text, geography.zip_areas_hidden))
    coarse = f"CASE WHEN {area} IN ({hidden}) THEN '000' ELSE {area} END || '**'"
    return Expression(f"CASE WHEN regexp_full_match({zip_code}, '{ZIP_PATTERN}') THEN {coarse} END")
