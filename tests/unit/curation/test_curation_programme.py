"""Persons come from the programme's own side."""

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
from tests.spec.tables import write_relation

from commonweal.curation.programme import make_programme
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.model import get_model

PARTICIPANTS = [
    {
        "participant_id": 900,
        "birth_date": date(1980, 2, 29),
        "sex_at_birth_concept_id": 8532,
        "gender_identity_concept_id": 1585839,
        "race_concept_id": 8516,
        "ethnicity_concept_id": 38003564,
        "state": "MA",
        "zip_code": "02139",
        "died_on": date(2023, 1, 2),
    },
    {"participant_id": 800, "birth_date": date(1990, 1, 1), "sex_at_birth_concept_id": 8507},
]


def make(folder: Path, table: str) -> list[dict[str, object]]:
    feed = write_relation(folder, get_model("feeds").table("participant"), PARTICIPANTS)
    with open_engine(EngineSettings(memory_limit="200MB", threads=1)) as engine:
        made = make_programme(engine, feed, out=folder / "out")
    return pq.read_table(made.file(table)).to_pylist()


def test_sex_at_birth_stands_as_gender_and_source_values_are_empty(tmp_path: Path) -> None:
    first, second = make(tmp_path, "person")
    assert (first["person_id"], second["person_id"]) == (800, 900)
    filled = {name: value for name, value in second.items() if value is not None}
    assert filled == {
        "person_id": 900,
        "gender_concept_id": 8532,
        "year_of_birth": 1980,
        "month_of_birth": 2,
        "day_of_birth": 29,
        "birth_datetime": datetime.fromisoformat("1980-02-29"),
        "race_concept_id": 8516,
        "ethnicity_concept_id": 38003564,
        "_src_site": "programme",
        "_src_row": 2,
    }


def test_residence_and_identity_stand_beside_the_person(tmp_path: Path) -> None:
    _, row = make(tmp_path, "person_ext")
    assert row == {
        "person_id": 900,
        "state_of_residence_source_value": "MA",
        "zip_code": "02139",
        "sex_at_birth_concept_id": 8532,
        "gender_identity_concept_id": 1585839,
        "_src_site": "programme",
        "_src_row": 2,
    }


def test_an_approved_death_is_a_row_of_death(tmp_path: Path) -> None:
    (row,) = make(tmp_path, "death")
    assert (row["person_id"], row["death_date"]) == (900, date(2023, 1, 2))
