"""What a submission that the site de-identified must not hold: data sprints, alpha uploads.

The rules are those of the programme's first years: 1 January in place of every date of its
year, nobody of more than 80 years, no name and no note, 0 or nothing in place of what was not
sent. What tells who somebody is is an error, so that the file stays at the site.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

from commonweal.engine.sql import quoted
from commonweal.intake.check.kept import BIRTH_PARTS, ELSEWHERE, is_kept_day, is_kept_presence
from commonweal.intake.check.locating import Locator, RowRule
from commonweal.intake.findings import Finding
from commonweal.schema.model import Field, Model, Role, Table, get_model

OLDEST = 80
"""Years, by the year of birth alone, which is all that such a submission tells."""
BIRTH_YEAR = "year_of_birth"
NOT_USED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "person": frozenset(
            f"{name}_source_concept_id" for name in ("gender", "race", "ethnicity")
        ),
        "visit_occurrence": frozenset({"visit_source_concept_id"}),
        "procedure_occurrence": frozenset({"modifier_concept_id"}),
        "measurement": frozenset({"operator_concept_id", "value_as_concept_id"}),
    }
)
"""Concepts in whose place the guide asked for 0."""


def is_identifying(table_name: str) -> bool:
    """Whether a table of any submission says who somebody is, or may in free text."""
    table = get_model("programme").tables.get(table_name)
    told = table is not None and table.role in (Role.PII, Role.MATCH)
    return told or table_name in ("note", "note_nlp")


def find_identity(locator: Locator, model: Model, today: date) -> Iterator[Finding]:
    """What is wrong with a table of a de-identified dialect; nothing in any other dialect."""
    if not model.deidentified:
        return
    rules = [
        rule for field in locator.fields for rule in _build_rules(locator, field, model, today)
    ]
    yield from locator.ask(rules)
    if locator.name == "person" and model.most_persons is not None:
        persons = locator.engine.value("SELECT count(DISTINCT person_id) FROM person")
        if persons > model.most_persons:
            most = f"{model.most_persons:,}"
            yield locator.mention("sprint.too_many_persons", count=persons, detail=most)


def _build_rules(locator: Locator, field: Field, model: Model, today: date) -> Iterator[RowRule]:
    column = quoted(field.name)
    if is_kept_day(field):
        yield RowRule("sprint.real_date", field, f"month({column}) <> 1 OR day({column}) <> 1")
    elif field.name in BIRTH_PARTS and field.name != BIRTH_YEAR:
        yield RowRule("sprint.real_date", field, f"{column} <> 1")
    elif is_kept_presence(field):
        yield RowRule("sprint.identifying_value", field, column)
    elif _leads_elsewhere(field, model):
        yield RowRule("sprint.placeholder", field, f"{column} <> 0")
    elif field.name in NOT_USED.get(locator.name, ()):
        yield RowRule("sprint.not_used", field, f"{column} <> 0")
    yield from _build_age_rule(locator.checked.table, field, locator.checked.columns, today)


def _leads_elsewhere(field: Field, model: Model) -> bool:
    return field.name in ELSEWHERE and field.references is None and not field.primary_key


def _build_age_rule(
    table: Table, field: Field, columns: frozenset[str], today: date
) -> Iterator[RowRule]:
    """Too old by the year of birth or, where that says nothing, by the time of birth."""
    if table.name != "person":
        return
    oldest = today.year - OLDEST
    by_year = f"{BIRTH_YEAR} < {oldest}"
    if field.name == BIRTH_YEAR:
        yield RowRule("sprint.over_80", field, by_year)
    elif field.name == "birth_datetime":
        by_time = f"year(birth_datetime) < {oldest}"
        known = f"NOT coalesce({by_year}, false) AND " if BIRTH_YEAR in columns else ""
        yield RowRule("sprint.over_80", field, known + by_time)
