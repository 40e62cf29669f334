"""The leak scan: every kind of thing a tier must not hold is found, and told without it."""

import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.privacy_programme import Row, write_table

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.settings import EngineSettings
from commonweal.privacy.errors import LeakError
from commonweal.privacy.leaks import most_by_chance, scan_tier
from commonweal.privacy.tiers import get_tier

NEW_IDS = [1_234_567_890, 2_000_000_011]


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(EngineSettings(threads=1)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tier in which all is well."""
    write(tmp_path, "person", *({"person_id": number, "year_of_birth": 1980} for number in NEW_IDS))
    write(tmp_path, "person_ext", {"person_id": NEW_IDS[0], "zip_code": "787**"})
    write(
        tmp_path,
        "condition_occurrence",
        {
            "condition_occurrence_id": 1,
            "person_id": NEW_IDS[0],
            "condition_source_concept_id": 35206882,
            "condition_source_value": "E11.9",
        },
    )
    write(tmp_path, "concept", {"concept_id": 35206882, "concept_code": "E11.9"})
    write(tmp_path, "note")
    return tmp_path


def write(folder: Path, table: str, *rows: Row) -> None:
    write_table(folder, table, rows, lineage=False)


def scan(engine: DuckDBEngine, folder: Path, tier: str = "controlled") -> None:
    scan_tier(engine, folder, get_tier(tier), originals=[1, 2, 3, 101])


def test_a_clean_tier_passes(engine: DuckDBEngine, folder: Path) -> None:
    scan(engine, folder)


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        ("death", {"person_id": 101}, "death is about persons of the tier"),
        ("note", {"person_id": NEW_IDS[0], "note_text": "x"}, "note is empty"),
        ("visit_occurrence", {"provider_id": 3}, "visit_occurrence.provider_id is empty"),
        ("measurement", {"measurement_event_id": 3}, "measurement_event_id is empty"),
        (
            "measurement",
            {"measurement_time": "09:00"},
            "measurement.measurement_time holds no text",
        ),
        ("observation", {"value_as_string": "Ada"}, "observation.value_as_string holds no text"),
        (
            "condition_occurrence",
            {"condition_source_concept_id": 0, "condition_source_value": "E11.9"},
            "condition_source_value holds nothing but codes",
        ),
        (
            "condition_occurrence",
            {"condition_source_concept_id": 35206882, "condition_source_value": "101"},
            "condition_source_value holds nothing but codes",
        ),
        ("person_ext", {"zip_code": "78701"}, "person_ext.zip_code holds a place"),
        ("person_ext", {"state_of_residence_source_value": "Texas"}, "holds a place"),
    ],
)
def test_what_must_not_be_there_is_found(
    engine: DuckDBEngine, folder: Path, table: str, row: Row, told: str
) -> None:
    write(folder, table, {"person_id": NEW_IDS[0], **row})
    with pytest.raises(LeakError, match=told) as error:
        scan(engine, folder)
    for value in row.values():
        assert not isinstance(value, str) or value not in str(error.value)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ada@example.org", "e-mail address"),
        ("tel (555) 123-4567", "telephone number"),
        ("123-45-6789", "social security number"),
        ("MRN 88123", "medical record number"),
    ],
)
def test_codes_that_look_like_identifiers_are_found(
    engine: DuckDBEngine, folder: Path, code: str, told: str
) -> None:
    write(folder, "concept", {"concept_id": 35206882, "concept_code": code})
    row = {"condition_source_concept_id": 35206882, "condition_source_value": code}
    write(folder, "condition_occurrence", {"person_id": NEW_IDS[0], **row})
    with pytest.raises(LeakError, match=f"holds no {told}"):
        scan(engine, folder)


@pytest.mark.parametrize("code", ["44054006", "0002-1433-80", "4548-4", "8000/3-C00.0", "99213"])
def test_real_codes_do_not_look_like_identifiers(
    engine: DuckDBEngine, folder: Path, code: str
) -> None:
    write(folder, "concept", {"concept_id": 35206882, "concept_code": code})
    row = {"condition_source_concept_id": 35206882, "condition_source_value": code}
    write(folder, "condition_occurrence", {"person_id": NEW_IDS[0], **row})
    scan(engine, folder)


def test_a_code_needs_a_vocabulary_to_be_known_as_one(engine: DuckDBEngine, folder: Path) -> None:
    (folder / "concept.parquet").unlink()
    with pytest.raises(LeakError, match="nothing but codes"):
        scan(engine, folder)


def test_registered_shows_no_zip_at_all(engine: DuckDBEngine, folder: Path) -> None:
    with pytest.raises(LeakError, match=r"person_ext\.zip_code"):
        scan(engine, folder, "registered")


def test_lineage_is_found(engine: DuckDBEngine, folder: Path) -> None:
    table = pq.read_table(folder / "person.parquet")
    pq.write_table(table.append_column("_src_row", pa.array([1, 2])), folder / "person.parquet")
    with pytest.raises(LeakError, match="_src_row"):
        scan(engine, folder)


def test_a_table_of_no_release_is_found(engine: DuckDBEngine, folder: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), folder / "pii_name.parquet")
    with pytest.raises(LeakError, match="pii_name"):
        scan(engine, folder)


def test_original_ids_are_found(engine: DuckDBEngine, folder: Path) -> None:
    write(folder, "person", {"person_id": 101}, *({"person_id": number} for number in NEW_IDS))
    with pytest.raises(LeakError, match="1 of 3 person ids"):
        scan(engine, folder)


@pytest.mark.parametrize("expected", [0.0, 1e-9, 0.003, 1.0, 465.0])
def test_chance_explains_no_more_than_it_can(expected: float) -> None:
    most = most_by_chance(expected)
    tail = 1 - sum(
        math.exp(-expected + k * math.log(expected) - math.lgamma(k + 1)) if expected else k == 0
        for k in range(most + 1)
    )
    assert tail < 1.1e-6
    assert most < expected + 10 * math.sqrt(expected) + 8
