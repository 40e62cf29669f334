"""Classes of people who are alike are counted from a tier's files."""

from pathlib import Path

from tests.privacy_programme import write_table

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.settings import EngineSettings
from commonweal.privacy.linkage import Linkage, measure_linkage


def measure(folder: Path) -> Linkage:
    with DuckDBEngine(EngineSettings(threads=1)) as engine:
        return measure_linkage(engine, folder)


def test_classes_are_year_sex_race_and_state(tmp_path: Path) -> None:
    alike = {"year_of_birth": 1980, "gender_concept_id": 8532, "race_concept_id": 8527}
    people = [{"person_id": n, **alike} for n in range(1, 15)]
    people.append({"person_id": 15, **alike, "year_of_birth": 1981})
    write_table(tmp_path, "person", people, lineage=False)
    states = [
        {"person_id": n, "state_of_residence_source_value": "TX" if n <= 12 else None}
        for n in range(1, 16)
    ]
    write_table(tmp_path, "person_ext", states, lineage=False)
    assert measure(tmp_path) == Linkage(
        persons=15,
        classes=3,
        persons_alone=1,
        smallest_class=1,
        share_of_small_classes=0.666667,
        mean_chance=0.2,
    )


def test_nobody_is_in_no_class(tmp_path: Path) -> None:
    write_table(tmp_path, "person", [], lineage=False)
    write_table(tmp_path, "person_ext", [], lineage=False)
    assert measure(tmp_path) == Linkage(0, 0, 0, 0, 0.0, 0.0)
