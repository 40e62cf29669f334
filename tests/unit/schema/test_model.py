"""The declarations hold what the reference says, and agree with themselves."""

import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import MODELS, DataType, Role, Submission, get_model

REQUIRED_FILES = {
    "care_site", "condition_occurrence", "death", "device_exposure", "drug_exposure",
    "fact_relationship", "location", "measurement", "note", "observation", "person",
    "procedure_occurrence", "provider", "specimen", "visit_occurrence", "visit_detail",
}  # fmt: skip
PII_FILES = {
    "pii_name", "pii_email", "pii_phone_number", "pii_address", "pii_mrn", "participant_match",
}  # fmt: skip

REQUIRED_COLUMNS = [
    ("person", "person_id gender_concept_id year_of_birth race_concept_id ethnicity_concept_id"),
    ("death", "person_id death_date death_type_concept_id"),
    (
        "condition_occurrence",
        (
            "condition_occurrence_id person_id condition_concept_id condition_start_date "
            "condition_start_datetime condition_type_concept_id"
        ),
    ),
    (
        "drug_exposure",
        (
            "drug_exposure_id person_id drug_concept_id drug_exposure_start_date "
            "drug_exposure_start_datetime drug_type_concept_id"
        ),
    ),
    (
        "measurement",
        (
            "measurement_id person_id measurement_concept_id measurement_date "
            "measurement_type_concept_id"
        ),
    ),
    (
        "note",
        (
            "note_id person_id note_date note_datetime note_type_concept_id note_class_concept_id "
            "note_title note_text encoding_concept_id language_concept_id"
        ),
    ),
    ("location", "location_id"),
    ("pii_mrn", "person_id health_system MRN"),
    ("participant_match", "person_id"),
]


@pytest.mark.parametrize(
    ("model", "tables", "fields"),
    [
        ("programme", 29, 303),
        ("omop-5.3", 37, 396),
        ("omop-5.4", 39, 432),
        ("sprint", 7, 114),
        ("alpha", 8, 122),
        ("feeds", 8, 75),
    ],
)
def test_model_has_its_number_of_tables_and_fields(model: str, tables: int, fields: int) -> None:
    declared = get_model(model).tables.values()
    assert (len(declared), sum(len(table.fields) for table in declared)) == (tables, fields)


def test_programme_asks_for_sixteen_files_and_six_of_identity() -> None:
    programme = get_model("programme")
    required = {table.name for table in programme.with_submission(Submission.REQUIRED)}
    identity = {table.name for table in programme.with_submission(Submission.PII)}
    assert required == REQUIRED_FILES
    assert identity == PII_FILES
    assert {t.name for t in programme.with_role(Role.PII, Role.MATCH)} == PII_FILES


@pytest.mark.parametrize(("table", "columns"), REQUIRED_COLUMNS)
def test_programme_requires_these_columns(table: str, columns: str) -> None:
    assert get_model("programme").table(table).required_columns == tuple(columns.split())


def test_programme_relaxes_the_end_of_a_drug_exposure() -> None:
    ends = {
        model: get_model(model).table("drug_exposure").field("drug_exposure_end_date").required
        for model in ("programme", "omop-5.3")
    }
    assert ends == {"programme": False, "omop-5.3": True}


@pytest.mark.parametrize("model", MODELS)
def test_every_field_and_table_is_described_in_one_line(model: str) -> None:
    for table in get_model(model).tables.values():
        for text in (table.title, table.description, *(f.description for f in table.fields)):
            assert text.strip(), table.name
            assert "\n" not in text, table.name
        assert all(f.description.endswith(".") for f in table.fields), table.name


@pytest.mark.parametrize("model", MODELS)
def test_every_reference_points_at_a_declared_field(model: str) -> None:
    tables = get_model(model).tables
    vocabulary = get_model("omop-5.4").tables["concept"]
    for table in tables.values():
        for field in table.fields:
            if field.references is None:
                continue
            target = vocabulary if field.is_concept else tables[field.references.table]
            assert field.references.field in target.by_name, f"{table.name}.{field.name}"
            assert target.field(field.references.field).type == field.type


@pytest.mark.parametrize("model", MODELS)
def test_fields_named_as_concepts_are_checked_as_concepts(model: str) -> None:
    for table in get_model(model).tables.values():
        for field in table.fields:
            if field.name.endswith("_concept_id") and not field.primary_key:
                assert field.is_concept, f"{table.name}.{field.name}"
                assert field.type is DataType.INTEGER


@pytest.mark.parametrize("model", MODELS)
def test_a_key_is_one_required_field(model: str) -> None:
    for table in get_model(model).tables.values():
        keys = [field for field in table.fields if field.primary_key]
        assert len(keys) <= 1, table.name
        assert all(key.required for key in keys), table.name


@pytest.mark.parametrize("model", ["programme", "omop-5.3"])
def test_a_site_reports_a_death_once(model: str) -> None:
    key = get_model(model).table("death").primary_key
    assert key is not None
    assert key.name == "person_id"


def test_several_sites_may_report_one_death() -> None:
    assert get_model("release").table("death").primary_key is None


@pytest.mark.parametrize(
    ("table", "field", "target"),
    [
        ("visit_occurrence", "preceding_visit_occurrence_id", "visit_occurrence"),
        ("visit_detail", "preceding_visit_detail_id", "visit_detail"),
        ("visit_detail", "visit_detail_parent_id", "visit_detail"),
        ("visit_detail", "visit_occurrence_id", "visit_occurrence"),
        ("procedure_occurrence", "visit_occurrence_id", "visit_occurrence"),
        ("measurement", "provider_id", "provider"),
        ("provider", "care_site_id", "care_site"),
        ("care_site", "location_id", "location"),
        ("pii_address", "location_id", "location"),
    ],
)
def test_rows_that_belong_together_are_linked(table: str, field: str, target: str) -> None:
    link = get_model("programme").table(table).field(field).references
    assert link is not None
    assert link.table == target
    assert field in {key.name for key in get_model("programme").table(table).foreign_keys}


def test_release_is_omop_5_4_and_the_person_extension() -> None:
    release, omop = get_model("release").tables, get_model("omop-5.4").tables
    assert set(release) - set(omop) == {"person_ext"}
    assert all(release[name] == table for name, table in omop.items())
    assert release["person_ext"].columns == (
        "person_id", "state_of_residence_source_value", "zip_code", "sex_at_birth_concept_id",
        "gender_identity_concept_id",
    )  # fmt: skip


def test_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CommonwealError, match="no data model called 'omop-6'") as caught:
        get_model("omop-6")
    assert all(name in caught.value.expected for name in MODELS)
