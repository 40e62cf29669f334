"""The score of concept mapping: one small table in, the expected answers out.

The vocabulary below is all there is: for each domain a standard concept, a source concept that
maps to it, a concept of another domain, and one that is no longer in force.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.sprint.advice import FEWEST_ROWS, Suggestion, find_unmapped
from commonweal.intake.sprint.questions import FOUR, Question, ScoredColumn, list_scored
from commonweal.intake.sprint.score import ColumnScore, Share, is_mapped, score_table
from commonweal.schema.model import get_model
from commonweal.vocabulary.views import VocabularyViews

CONCEPTS = [
    # id, name, domain, vocabulary, standard, code, invalid
    (0, "No matching concept", "Metadata", "None", "S", "No matching concept", None),
    (1, "fever", "Condition", "SNOMED", "S", "386661006", None),
    (2, "R50.9", "Condition", "ICD10CM", None, "R50.9", None),
    (3, "old fever", "Condition", "SNOMED", "S", "1", "D"),
    (4, "vaccination", "Procedure", "SNOMED", "S", "33879002", None),
    (5, "Z23", "Procedure", "ICD10CM", None, "Z23", None),
    (6, "aspirin", "Drug", "RxNorm", "S", "1191", None),
    (7, "aspirin as sold", "Drug", "NDC", None, "00280-0001", None),
    (8, "glucose", "Measurement", "LOINC", "S", "2345-7", None),
    (9, "smoker", "Observation", "SNOMED", "S", "77176002", None),
    (10, "mg/dL", "Unit", "UCUM", "S", "mg/dL", None),
    (11, "mg per dL", "Unit", "SNOMED", "S", "258797006", None),
    (12, "oral", "Route", "SNOMED", "S", "26643006", None),
    (9201, "Inpatient visit", "Visit", "Visit", "S", "IP", None),
    (8515, "Asian", "Race", "Race", "S", "2", None),
    (8507, "MALE", "Gender", "Gender", "S", "M", None),
    (38003563, "Hispanic or Latino", "Ethnicity", "Ethnicity", "S", "Hispanic", None),
    (32817, "EHR", "Type Concept", "Type Concept", "S", "OMOP4976890", None),
]
MAPS = [(2, 1), (5, 4), (7, 6)]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    names = (
        "concept_id",
        "concept_name",
        "domain_id",
        "vocabulary_id",
        "standard_concept",
        "concept_code",
        "invalid_reason",
    )
    with open_engine(EngineSettings(memory_limit="200MB", threads=1)) as engine:
        rows = [dict(zip(names, row, strict=True)) for row in CONCEPTS]
        engine.register_arrow("concept", pa.Table.from_pylist(rows))
        maps = [
            {
                "concept_id_1": one,
                "concept_id_2": two,
                "relationship_id": "Maps to",
                "invalid_reason": None,
            }
            for one, two in MAPS
        ]
        relationship = pa.Table.from_pylist(maps).cast(
            pa.schema(
                [
                    ("concept_id_1", pa.int64()),
                    ("concept_id_2", pa.int64()),
                    ("relationship_id", pa.string()),
                    ("invalid_reason", pa.string()),
                ]
            )
        )
        engine.register_arrow("concept_relationship", relationship)
        yield engine


VIEWS = VocabularyViews(ancestor=None, synonym=None)


def score(engine: Engine, table: str, rows: Sequence[Mapping[str, str]]) -> dict[str, ColumnScore]:
    columns = get_model("sprint").table(table).columns
    whole = {column: [row.get(column) for row in rows] for column in columns}
    schema = pa.schema([(column, pa.string()) for column in columns])
    engine.register_arrow("rows", pa.table(whole, schema=schema))
    return {one.column.concept: one for one in score_table(engine, table, "rows", VIEWS)}


def find_column(concept: str) -> ScoredColumn:
    return next(column for column in list_scored() if column.concept == concept)


FIVE_ROWS = {
    # concept, source concept: right; not standard; other domain; unknown; none
    "condition": [("1", "2"), ("2", "2"), ("4", "5"), ("999", ""), ("0", "2")],
    "procedure": [("4", "5"), ("5", "5"), ("1", "2"), ("999", ""), ("", "5")],
    "drug": [("6", "7"), ("7", "7"), ("8", "8"), ("999", ""), ("0", "7")],
    "measurement": [("8", "8"), ("5", "8"), ("6", "7"), ("999", ""), ("0", "8")],
    "observation": [("9", "9"), ("5", "9"), ("6", "7"), ("999", ""), ("0", "9")],
}
TABLES = {
    "condition": "condition_occurrence",
    "procedure": "procedure_occurrence",
    "drug": "drug_exposure",
    "measurement": "measurement",
    "observation": "observation",
}
EXPECTED = {
    # mapped of 5; standard, right domain and agreeing of those
    "condition": [(4, 5), (2, 4), (2, 4), (2, 3)],
    "procedure": [(4, 5), (2, 4), (2, 4), (2, 3)],
    "drug": [(4, 5), (2, 4), (2, 4), (2, 3)],
    "measurement": [(4, 5), (2, 4), (1, 4), (2, 3)],
    "observation": [(4, 5), (2, 4), (1, 4), (2, 3)],
}


@pytest.mark.parametrize("domain", FIVE_ROWS)
def test_four_questions_of_a_domain(engine: Engine, domain: str) -> None:
    rows = [
        {f"{domain}_concept_id": concept, f"{domain}_source_concept_id": source}
        for concept, source in FIVE_ROWS[domain]
    ]
    found = score(engine, TABLES[domain], rows)[f"{domain}_concept_id"]
    assert found.rows == 5
    assert found.unknown == 1
    assert found.column.questions == FOUR
    assert [found.shares[question] for question in FOUR] == [Share(*e) for e in EXPECTED[domain]]


def test_a_concept_out_of_force_is_not_standard(engine: Engine) -> None:
    found = score(engine, "condition_occurrence", [{"condition_concept_id": "3"}])
    assert found["condition_concept_id"].shares[Question.STANDARD] == Share(0, 1)
    assert found["condition_concept_id"].shares[Question.DOMAIN] == Share(1, 1)


def test_a_source_concept_that_maps_to_two_agrees_with_either(engine: Engine) -> None:
    relationship = pa.table(
        {
            "concept_id_1": [2, 2, 2],
            "concept_id_2": [1, 4, 6],
            "relationship_id": ["Maps to", "Maps to", "Is a"],
            "invalid_reason": pa.array([None, None, None], pa.string()),
        }
    )
    engine.register_arrow("two_targets", relationship)
    views = VocabularyViews(ancestor=None, synonym=None, relationship="two_targets")
    rows = [("1", "2"), ("4", "2"), ("6", "2")]
    score(
        engine,
        "condition_occurrence",
        [{"condition_concept_id": c, "condition_source_concept_id": s} for c, s in rows],
    )
    (found, _) = score_table(engine, "condition_occurrence", "rows", views)
    assert found.shares[Question.AGREEMENT] == Share(2, 3)


def test_no_source_concept_is_not_asked_about(engine: Engine) -> None:
    rows = [
        {"condition_concept_id": "1", "condition_source_concept_id": source} for source in ("", "0")
    ]
    found = score(engine, "condition_occurrence", rows)["condition_concept_id"]
    assert found.shares[Question.AGREEMENT] == Share(0, 0)
    assert found.shares[Question.AGREEMENT].value is None
    assert Question.AGREEMENT not in found.below


def test_without_relationships_a_standard_source_concept_is_its_own_target(engine: Engine) -> None:
    rows = [("1", "1"), ("1", "2")]
    score(
        engine,
        "condition_occurrence",
        [{"condition_concept_id": c, "condition_source_concept_id": s} for c, s in rows],
    )
    views = VocabularyViews(ancestor=None, synonym=None, relationship=None)
    (found, _) = score_table(engine, "condition_occurrence", "rows", views)
    assert found.shares[Question.AGREEMENT] == Share(1, 1)


def test_person_is_asked_for_gender_race_and_ethnicity(engine: Engine) -> None:
    rows = [
        {
            "gender_concept_id": "8507",
            "race_concept_id": "8515",
            "ethnicity_concept_id": "38003563",
        },
        {"gender_concept_id": "8551", "race_concept_id": "0", "ethnicity_concept_id": "0"},
        {"gender_concept_id": "1", "race_concept_id": "9201", "ethnicity_concept_id": ""},
    ]
    found = score(engine, "person", rows)
    assert found["gender_concept_id"].shares == {
        Question.MAPPED: Share(3, 3),
        Question.LISTED: Share(2, 3),
    }
    assert found["race_concept_id"].shares == {
        Question.MAPPED: Share(2, 3),
        Question.STANDARD: Share(2, 2),
        Question.DOMAIN: Share(1, 2),
    }
    assert found["ethnicity_concept_id"].shares == {
        Question.MAPPED: Share(1, 3),
        Question.LISTED: Share(3, 3),
    }


def test_visits_and_types_may_have_what_the_sprint_lists_or_what_is_standard(
    engine: Engine,
) -> None:
    rows = [
        {"visit_concept_id": "9201", "visit_type_concept_id": "44818518"},
        {"visit_concept_id": "262", "visit_type_concept_id": "32817"},
        {"visit_concept_id": "1", "visit_type_concept_id": "1"},
        {"visit_concept_id": "0", "visit_type_concept_id": "0"},
    ]
    found = score(engine, "visit_occurrence", rows)
    assert found["visit_concept_id"].shares[Question.LISTED] == Share(3, 4)
    assert found["visit_concept_id"].shares[Question.MAPPED] == Share(3, 4)
    assert found["visit_type_concept_id"].shares == {Question.LISTED: Share(3, 4)}


def test_units_count_where_there_is_a_number_and_are_of_ucum(engine: Engine) -> None:
    rows = [
        {"value_as_number": "5.1", "unit_concept_id": "10"},
        {"value_as_number": "5.1", "unit_concept_id": "11"},
        {"value_as_number": "5.1", "unit_concept_id": "0"},
        {"unit_concept_id": "0"},
    ]
    found = score(engine, "measurement", rows)["unit_concept_id"]
    assert found.rows == 3
    assert found.shares == {
        Question.MAPPED: Share(2, 3),
        Question.STANDARD: Share(2, 2),
        Question.DOMAIN: Share(1, 2),
    }


def test_routes_count_where_the_source_names_one(engine: Engine) -> None:
    rows = [
        {"route_source_value": "PO", "route_concept_id": "12"},
        {"route_source_value": "PO"},
        {},
    ]
    found = score(engine, "drug_exposure", rows)["route_concept_id"]
    assert found.shares[Question.MAPPED] == Share(1, 2)


def test_a_table_is_mapped_when_every_goal_is_reached(engine: Engine) -> None:
    good = [{"condition_concept_id": "1", "condition_source_concept_id": "2"}] * 9
    poor = [{"condition_concept_id": "0"}]
    assert is_mapped(tuple(score(engine, "condition_occurrence", good + poor).values()))
    almost = tuple(score(engine, "condition_occurrence", good + poor * 2).values())
    assert not is_mapped(almost)
    assert almost[0].below == (Question.MAPPED,)
    assert str(almost[0].shares[Question.MAPPED]) == "81.8%"


def test_an_empty_table_is_not_mapped(engine: Engine) -> None:
    assert not is_mapped(tuple(score(engine, "condition_occurrence", []).values()))
    assert not is_mapped(())


def test_a_share_that_is_short_of_a_goal_never_looks_like_it() -> None:
    assert str(Share(8_999_999, 10_000_000)) == "89.9%"
    assert str(Share(9, 10)) == "90.0%"
    assert str(Share(0, 0)) == ""


def test_codes_without_a_concept_are_counted_and_shown_only_when_asked(engine: Engine) -> None:
    rows = [
        *[{"condition_source_value": "R509: fever", "condition_source_concept_id": "2"}] * 6,
        *[{"condition_source_value": "LOCAL-1"}] * FEWEST_ROWS,
        *[{"condition_source_value": "RARE"}] * (FEWEST_ROWS - 1),
        {"condition_source_value": ""} | {"condition_source_value": None},
        {"condition_source_value": "R50.9", "condition_concept_id": "1"},
    ]
    score(engine, "condition_occurrence", rows)
    column = find_column("condition_concept_id")
    hidden = find_unmapped(engine, column, "rows", VIEWS)
    assert hidden is not None
    assert (hidden.rows, hidden.different, hidden.without_code) == (16, 3, 1)
    assert hidden.mappable == 6
    assert hidden.codes == ()
    assert "LOCAL" not in str(hidden.to_json())
    shown = find_unmapped(engine, column, "rows", VIEWS, show_values=True)
    assert shown is not None
    assert [(code.value, code.rows) for code in shown.codes] == [("R509: fever", 6), ("LOCAL-1", 5)]
    assert shown.codes[0].suggestion == Suggestion(1, "fever", "Condition")
    assert shown.codes[1].suggestion is None


def test_a_code_of_another_domain_is_suggested_with_it(engine: Engine) -> None:
    """Not every code of ICD is a condition."""
    score(engine, "condition_occurrence", [{"condition_source_value": "Z23"}] * FEWEST_ROWS)
    found = find_unmapped(
        engine, find_column("condition_concept_id"), "rows", VIEWS, show_values=True
    )
    assert found is not None
    assert found.codes[0].suggestion == Suggestion(4, "vaccination", "Procedure")


def test_nothing_is_said_where_all_is_mapped(engine: Engine) -> None:
    score(engine, "condition_occurrence", [{"condition_concept_id": "1"}])
    assert find_unmapped(engine, find_column("condition_concept_id"), "rows", VIEWS) is None


def test_what_is_scored_is_in_the_sprint_dialect() -> None:
    model = get_model("sprint")
    for column in list_scored():
        names = (column.concept, column.source_concept, column.source_value, column.only_where)
        assert set(filter(None, names)) <= set(model.table(column.table).columns)
    assert {column.table for column in list_scored()} == set(model.tables)
    assert all(any(c.is_goal for c in list_scored() if c.table == table) for table in model.tables)
