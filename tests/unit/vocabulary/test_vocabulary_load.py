"""Vocabulary folders as they come."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.concepts import find_concepts
from commonweal.vocabulary.load import load_folder

HEADER = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
)
ROW = '7\t5" catheter\tDevice\tSNOMED\tObject\tS\t007\t19700101\t20991231\t\n'


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        yield engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "CONCEPT.csv").write_text(HEADER + ROW, encoding="utf-8")
    return tmp_path


def test_an_athena_download(engine: Engine, folder: Path) -> None:
    (folder / "CONCEPT_SYNONYM.csv").write_text(
        "concept_id\tconcept_synonym_name\tlanguage_concept_id\n7\tTube\t4180186\n"
    )
    (folder / "README.txt").write_text("not a table")
    views = load_folder(engine, folder, prefix="v_")
    assert (views.concept, views.synonym, views.ancestor) == (
        "v_concept",
        "v_concept_synonym",
        None,
    )
    assert engine.rows(
        "SELECT concept_id, concept_name, concept_code, valid_end_date, "
        "invalid_reason FROM v_concept"
    ) == [(7, '5" catheter', "007", date(2099, 12, 31), None)]
    assert [c.id for c in find_concepts(engine, "tube", views=views)] == [7]


def test_comma_separated_with_quotes(engine: Engine, tmp_path: Path) -> None:
    header = HEADER.replace("\t", ",").upper()
    (tmp_path / "concept.csv").write_text(
        header + '7,"Catheter, 5"" long",Device,SNOMED,Object,S,007,1970-01-01,2099-12-31,\n'
    )
    load_folder(engine, tmp_path)
    assert engine.rows("SELECT concept_name, valid_start_date FROM concept") == [
        ('Catheter, 5" long', date(1970, 1, 1))
    ]


def test_parquet_goes_before_text_and_types_are_declared(engine: Engine, folder: Path) -> None:
    names = HEADER.strip().split("\t")
    cells = ["8", "Needle", "Device", "SNOMED", "Object", "S", "008", "19700101", "20991231", None]
    table = pa.table(
        {name: pa.array([cell], pa.string()) for name, cell in zip(names, cells, strict=True)}
    )
    pq.write_table(table, folder / "concept.parquet")
    load_folder(engine, folder)
    assert engine.rows("SELECT concept_id, valid_start_date FROM concept") == [
        (8, date(1970, 1, 1))
    ]


def test_no_vocabulary(engine: Engine, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CommonwealError, match="no vocabulary"):
            load_folder(engine, folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER.replace("\tconcept_code", "") + ROW, "no column concept_code"),
        (HEADER + ROW.replace("7\t", "seven\t", 1), "1 cells of concept_id"),
        (HEADER + ROW.replace("20991231", "20991331"), "1 cells of valid_end_date"),
        (HEADER + ROW + "8\tbroken\n", "cannot be read"),
        ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "cannot be read"),
    ],
)
def test_a_damaged_file_is_named(
    engine: Engine, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "CONCEPT.csv").write_text(content, encoding="utf-8")
    with pytest.raises(CommonwealError, match=message) as told:
        load_folder(engine, tmp_path)
    assert "CONCEPT.csv" in str(told.value)
    assert "seven" not in str(told.value)


def test_other_bytes_are_no_vocabulary(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "CONCEPT.csv").write_bytes(HEADER.encode("utf-16"))
    with pytest.raises(CommonwealError, match=r"CONCEPT\.csv cannot be read"):
        load_folder(engine, tmp_path)


def test_a_header_alone_is_an_empty_vocabulary(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "CONCEPT.csv").write_text(HEADER)
    views = load_folder(engine, tmp_path)
    assert find_concepts(engine, "catheter", views=views) == []


def test_the_shard(shared_data: Path, engine: Engine) -> None:
    views = load_folder(engine, shared_data / "vocabulary_shard")
    found = find_concepts(engine, "metformin", domain="Drug", limit=5, views=views)
    assert found
    assert found[0].name.lower().startswith("metformin")
