"""What is done with every column is declared: nothing falls through, and nothing is stale."""

import pytest

from commonweal.intake.deidentify.columns import list_columns
from commonweal.intake.deidentify.folder import DIALECTS
from commonweal.intake.deidentify.treatment import (
    EVERY_COLUMN,
    Kind,
    Treatment,
    find_reason_to_leave_out,
    get_treatment,
    read_treatments,
)
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import MODELS, DataType, Field, Role, Table, get_model

SENT = [name for name in MODELS if name not in ("feeds", "release")]
TABLES = [
    pytest.param(table, id=f"{dialect}-{table.name}")
    for dialect in SENT
    for table in get_model(dialect).tables.values()
]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_every_dialect_has_a_treatment(table: Table) -> None:
    for field in table.fields:
        treatment = get_treatment(table.name, field.name)
        assert treatment.reason
        if treatment.kind is not Kind.LEAVE_OUT:
            check_fits(table, field, treatment)


def check_fits(table: Table, field: Field, treatment: Treatment) -> None:
    """What may be done with a column follows from what it is."""
    is_dated = field.type in (DataType.DATE, DataType.TIMESTAMP)
    assert (treatment.kind is Kind.FIRST_OF_YEAR) == is_dated
    if field.primary_key or (field.references and not field.is_concept):
        target = field.references.table if field.references else table.name
        assert (treatment.kind, treatment.ids) == (Kind.ID, target)
    if field.type is DataType.STRING and field.name != "state":
        assert treatment.kind in (Kind.CODE, Kind.BLANK)


def test_a_column_nobody_declared_stops_the_work() -> None:
    with pytest.raises(CommonwealError, match=r"person\.shoe_size"):
        get_treatment("person", "shoe_size")


def test_no_treatment_is_of_a_column_there_is_not() -> None:
    there = {
        (table.name, column)
        for dialect in SENT
        for table in get_model(dialect).tables.values()
        for column in (*table.columns, EVERY_COLUMN)
    }
    assert set(read_treatments()) <= there


def test_a_table_is_left_out_whole_or_not_at_all() -> None:
    for (_, column), treatment in read_treatments().items():
        assert (treatment.kind is Kind.LEAVE_OUT) == (column == EVERY_COLUMN)


@pytest.mark.parametrize("dialect", SENT)
def test_names_matching_and_free_text_stay_at_the_site(dialect: str) -> None:
    for table in get_model(dialect).tables.values():
        is_text = table.name in ("note", "note_nlp")
        if table.role in (Role.PII, Role.MATCH, Role.METADATA, Role.VOCABULARY) or is_text:
            assert find_reason_to_leave_out(table.name), table.name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_asked_for_can_be_handed_over(dialect: str) -> None:
    """No table of the dialect stays at the site, and no column it requires is emptied."""
    model = get_model(dialect)
    for table in model.tables.values():
        assert find_reason_to_leave_out(table.name) is None
        for field in table.fields:
            kind = get_treatment(table.name, field.name).kind
            assert not (field.required and kind in (Kind.BLANK, Kind.CODE))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_rows_without_a_person_are_led_to_by_rows_that_have_one(dialect: str) -> None:
    """Rows of nobody are kept when a row of somebody leads to them, and by no longer way."""
    others = [table for table in get_model(dialect).tables.values() if not table.has_person]
    assert [table.name for table in others if table.foreign_keys] == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("source", ["programme", "omop-5.3", "omop-5.4"])
def test_columns_are_found_under_the_names_they_had(dialect: str, source: str) -> None:
    missing = {
        (table.name, column.field.name)
        for table in get_model(dialect).tables.values()
        for column in list_columns(table, get_model(source).table(table.name))
        if column.source is None
    }
    assert missing == {
        ("drug_exposure", "effective_drug_dose"),
        ("drug_exposure", "dose_unit_concept_id"),
    }
