"""Columns are treated by their type, so that a new one is never let through untreated."""

from dataclasses import replace

import pytest

from commonweal.privacy.tiers import TIERS, TRAINING, Tier, get_tier
from commonweal.privacy.treatment import RuleId, Treatment, is_kept, treat_table
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Field, Reference, Table, get_model

NEW_FIELDS = (
    Field("heard_on", DataType.DATE, False, False, "A new date."),
    Field("heard_at", DataType.TIMESTAMP, False, False, "A new time."),
    Field("remark", DataType.STRING, False, False, "New text."),
    Field("remark_source_value", DataType.STRING, False, False, "New text without a concept."),
    Field("device_id", DataType.INTEGER, False, False, "A new id of who knows what."),
    Field("heard_by_id", DataType.INTEGER, False, False, "", references=Reference("provider", "x")),
    Field("loudness", DataType.INTEGER, False, False, "A new number."),
)


def with_new_fields() -> Table:
    visits = get_model("release").table("visit_occurrence")
    return replace(visits, fields=(*visits.fields, *NEW_FIELDS))


def treated(table: Table, tier: Tier) -> dict[str, Treatment]:
    return {treatment.column: treatment for treatment in treat_table(table, tier)}


@pytest.mark.parametrize("name", [*TIERS, TRAINING])
def test_new_columns_are_treated_by_default(name: str) -> None:
    columns = treated(with_new_fields(), get_tier(name))
    for gone in ("remark", "remark_source_value", "device_id", "heard_by_id"):
        assert columns[gone].expression.sql == "NULL", gone
        assert columns[gone].rule is RuleId.TEXT
    assert columns["loudness"].expression.sql == 't."loudness"'


def test_every_date_of_the_registered_tier_is_moved_and_none_of_the_controlled() -> None:
    for table in get_model("release").tables.values():
        dated = [f.name for f in table.fields_of(DataType.DATE, DataType.TIMESTAMP)]
        if is_kept(table, get_tier("registered")):
            columns = treated(table, get_tier("registered"))
            assert all("p.days" in columns[name].expression.sql for name in dated), table.name
        if is_kept(table, get_tier("controlled")):
            columns = treated(table, get_tier("controlled"))
            assert all("p.days" not in columns[name].expression.sql for name in dated), table.name


@pytest.mark.parametrize("name", [*TIERS, TRAINING])
def test_no_required_column_of_a_kept_table_is_emptied(name: str) -> None:
    for table in get_model("release").tables.values():
        if is_kept(table, get_tier(name)):
            empty = [t for t in treat_table(table, get_tier(name)) if t.expression.sql == "NULL"]
            assert not [t.column for t in empty if t.field.required], table.name


@pytest.mark.parametrize("name", [*TIERS, TRAINING])
def test_a_table_that_names_no_person_is_empty_by_default(name: str) -> None:
    stray = replace(get_model("release").table("specimen"), name="stray", fields=NEW_FIELDS)
    assert not is_kept(stray, get_tier(name))


def test_an_unknown_tier_is_told_with_those_there_are() -> None:
    with pytest.raises(CommonwealError, match="public") as error:
        get_tier("public")
    assert "registered, controlled, synthetic" in str(error.value)


def test_the_restricted_areas_are_the_seventeen_of_the_guidance() -> None:
    areas = get_tier("controlled").geography.zip_areas_hidden
    assert len(set(areas)) == 17
    assert {"036", "102", "203", "893"} <= set(areas)


def test_the_training_tier_is_the_registered_one_under_another_name() -> None:
    training, registered = get_tier(TRAINING), get_tier("registered")
    told = {"name", "letter", "title", "summary"}
    assert training.model_dump(exclude=told) == registered.model_dump(exclude=told)
    assert training.letter == "S"
