"""One plan is printed in words and SQL, and written out as a cohort."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp
from tests.small_cdm import concept, condition, open_small, person, small_engine

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.query.count import count_cohort
from commonweal.query.definition import CohortDefinition
from commonweal.query.explain import build_sentence, explain_cohort
from commonweal.query.generate import generate_cohort
from commonweal.query.reader import parse_definition
from commonweal.release.cdm import Cdm
from commonweal.schema.errors import CommonwealError

AS_OF = date(2020, 3, 1)
NAMES = {1: "Asthma", 2: "Croup", 8532: "Female", 8507: "Male"}


def define(document: dict[str, Any]) -> CohortDefinition:
    return parse_definition(json.dumps(document).encode())


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with small_engine() as opened:
        yield opened


@pytest.fixture
def cdm(engine: DuckDBEngine, tmp_path: Path) -> Cdm:
    tables = {
        "person": [person(n) for n in (3, 1, 2, 4)],
        "concept": [concept(1, "Asthma"), concept(2, "Croup")],
        "condition_occurrence": [
            condition(1, 1, "2019-05-01"),
            condition(1, 1, "2018-05-01"),
            condition(1, 2, "2017-05-01"),
            condition(2, 1, "2021-01-01"),
            condition(3, 1, None),
        ],
    }
    return open_small(engine, tmp_path / "cdm", tables, AS_OF)


ASTHMA = {"domain": "condition", "concepts": [{"concept_id": 1, "descendants": False}]}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "Everybody."),
        (
            {"people": {"sex": [8532], "age": {"min": 40}, "deceased": False}},
            "Everybody of sex Female, aged 40 or over on 2020-03-01, not known to have died.",
        ),
        ({"people": {"age": {"max": 40}}}, "Everybody aged 40 or under on 2020-03-01."),
        (
            {"people": {"age": {"min": 0, "max": 1}}, "as_of": "2000-01-01"},
            "Everybody aged 0 to 1 on 2000-01-01.",
        ),
        ({"include": [{"any": [ASTHMA]}]}, "Everybody who has a condition of “Asthma” (1)."),
        (
            {
                "include": [{"any": [ASTHMA | {"occurrences": 2}, {"domain": "drug"}]}],
                "exclude": [{"any": [{"domain": "visit"}]}, {"any": [{"domain": "device"}]}],
                "data": ["ehr"],
            },
            (
                "Everybody who has conditions of “Asthma” (1) on 2 or more days or a drug "
                "exposure, does not have a visit or a device and has any health record."
            ),
        ),
        (
            {
                "include": [
                    {
                        "any": [
                            {
                                "domain": "condition",
                                "concepts": [
                                    {"concept_id": 1},
                                    {"concept_id": 2, "exclude": True, "descendants": False},
                                ],
                                "side": "either",
                                "age_at_event": {"min": 3, "max": 9},
                                "dates": {"from": "2001-01-01", "to": "2002-01-01"},
                            }
                        ]
                    }
                ]
            },
            (
                "Everybody who has a condition of “Asthma” (1) and its descendants except “Croup” "
                "(2) by standard or source code at the age of 3 to 9 from 2001-01-01 up to "
                "2002-01-01."
            ),
        ),
    ],
)
def test_a_definition_is_one_sentence(document: dict[str, Any], sentence: str) -> None:
    assert build_sentence(define(document), NAMES, AS_OF) == sentence


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "postgres", "bigquery"])
def test_the_sql_is_printed_in_every_dialect(engine: DuckDBEngine, cdm: Cdm, dialect: str) -> None:
    wanted = define({"include": [{"any": [ASTHMA, {"domain": "drug"}]}]})

    explained = explain_cohort(engine, cdm, wanted, dialect=dialect)

    tree = sqlglot.parse_one(explained.sql, dialect=dialect)
    names = [step.alias for step in tree.find_all(exp.CTE)]
    assert names == [
        "people",
        "include_1_item_1_concepts",
        "include_1_item_1",
        "include_1_item_2",
        "include_1",
    ]
    assert "“Asthma” (1)" in explained.sentence


def test_the_printed_sql_gives_the_persons_by_itself(engine: DuckDBEngine, cdm: Cdm) -> None:
    explained = explain_cohort(engine, cdm, define({"include": [{"any": [ASTHMA]}]}))

    assert sorted(engine.rows(explained.sql)) == [(1,), (2,), (3,)]


EPISODES = [
    {"subject_id": 1, "cohort_start_date": date(2018, 5, 1), "cohort_end_date": AS_OF},
    {
        "subject_id": 2,
        "cohort_start_date": date(2021, 1, 1),
        "cohort_end_date": date(2021, 1, 1),
    },
    {"subject_id": 3, "cohort_start_date": AS_OF, "cohort_end_date": AS_OF},
]


def test_a_cohort_is_written_as_parquet_and_csv(
    engine: DuckDBEngine, cdm: Cdm, tmp_path: Path
) -> None:
    wanted = define({"include": [{"any": [ASTHMA]}]})
    parquet, text = tmp_path / "c.parquet", tmp_path / "c.csv"

    assert generate_cohort(engine, cdm, wanted, parquet).rows == 3
    assert generate_cohort(engine, cdm, wanted, text).rows == 3

    assert pq.read_table(parquet).to_pylist() == EPISODES
    with text.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{name: str(value) for name, value in row.items()} for row in EPISODES]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "c.parquet", "cdm"]


def test_without_an_include_everybody_enters_at_the_day(
    engine: DuckDBEngine, cdm: Cdm, tmp_path: Path
) -> None:
    generate_cohort(engine, cdm, define({}), tmp_path / "c.parquet")

    rows = pq.read_table(tmp_path / "c.parquet").to_pylist()
    assert [row["subject_id"] for row in rows] == [1, 2, 3, 4]
    assert {row["cohort_start_date"] for row in rows} == {AS_OF}


@pytest.mark.parametrize("name", ["c.txt", "c", "nowhere/c.csv"])
def test_a_file_that_cannot_be_written_is_said(
    engine: DuckDBEngine, cdm: Cdm, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CommonwealError):
        generate_cohort(engine, cdm, define({}), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_concept_of_another_domain_is_pointed_out(engine: DuckDBEngine, cdm: Cdm) -> None:
    """Nobody has asthma among their drugs, and that is no finding about asthma."""
    misplaced = define({"include": [{"any": [{**ASTHMA, "domain": "drug"}]}]})
    result = count_cohort(engine, cdm, misplaced)
    assert result.persons == 0
    assert "Concept 1 is a Condition concept; it was looked for as drug." in result.warnings
    placed = count_cohort(engine, cdm, define({"include": [{"any": [ASTHMA]}]}))
    assert not any("looked for as" in warning for warning in placed.warnings)
