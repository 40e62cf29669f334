"""Vocabulary tables as they come: Athena's text, CSV, Parquet, and what is wrong with them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.engine.storage import sha256_of
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary import text
from commonweal.vocabulary.load import load_table, read_version
from commonweal.vocabulary.source import open_source

COLUMNS = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason"
)
HEADER = f"{COLUMNS}\n"
ROW = '7\t5" catheter\tDevice\tSNOMED\tObject\tS\t007\t19700101\t20991231\t\n'


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        yield engine


def load(engine: Engine, source: Path, out: Path, table: str = "concept") -> list[str]:
    """Load one table into ``out``; what was told on the way."""
    out.mkdir(exist_ok=True)
    told: list[str] = []
    with open_source(source) as tables:
        load_table(engine, table, tables[table], out, tell=told.append)
    return told


def write_concepts(folder: Path, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "CONCEPT.csv").write_bytes(content.encode())
    return folder


def read(out: Path, *columns: str) -> list[tuple[object, ...]]:
    rows = pq.read_table(out / "concept.parquet").to_pylist()
    return [tuple(row[column] for column in columns) for row in rows]


def test_an_athena_download(engine: Engine, tmp_path: Path) -> None:
    told = load(engine, write_concepts(tmp_path / "in", HEADER + ROW), tmp_path / "out")
    assert read(tmp_path / "out", "concept_id", "concept_name", "concept_code") == [
        (7, '5" catheter', "007")
    ]
    assert read(tmp_path / "out", "valid_end_date", "invalid_reason", "licence_class") == [
        (date(2099, 12, 31), None, "snomed")
    ]
    assert told == ["1 rows"]
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["concept.parquet"]
    wanted = [*COLUMNS.split("\t"), "licence_class"]
    assert pq.read_schema(tmp_path / "out" / "concept.parquet").names == wanted


def test_comma_separated_with_quotes(engine: Engine, tmp_path: Path) -> None:
    header = HEADER.replace("\t", ",").upper()
    row = '7,"Catheter, 5"" long\nand thin",Device,Mine,Object,S,007,1970-01-01,2099-12-31,\n'
    load(engine, write_concepts(tmp_path / "in", header + row), tmp_path / "out")
    assert read(tmp_path / "out", "concept_name", "valid_start_date", "licence_class") == [
        ('Catheter, 5" long\nand thin', date(1970, 1, 1), "unknown")
    ]


def test_parquet_goes_before_text_and_says_its_own_licence(engine: Engine, tmp_path: Path) -> None:
    folder = write_concepts(tmp_path / "in", HEADER + ROW)
    names = [*COLUMNS.upper().split("\t"), "licence_class"]
    cells = ["8", "Needle", "Device", "SNOMED", "Object", "S", "008", "19700101", "20991231"]
    columns = [pa.array([cell], pa.string()) for cell in [*cells, None, "open"]]
    pq.write_table(pa.table(columns, names), folder / "concept.parquet")
    load(engine, folder, tmp_path / "out")
    assert read(tmp_path / "out", "concept_id", "valid_start_date", "licence_class") == [
        (8, date(1970, 1, 1), "open")
    ]


def test_rows_are_sorted_and_said_once_however_they_come(engine: Engine, tmp_path: Path) -> None:
    rows = [ROW.replace("7", str(n), 1) for n in (3, 1, 2, 1)]
    first = write_concepts(tmp_path / "a", HEADER + "".join(rows))
    second = write_concepts(tmp_path / "b", HEADER.replace("\n", "\r\n") + "".join(rows[::-1]))
    load(engine, first, tmp_path / "out-a")
    load(engine, second, tmp_path / "out-b")
    assert read(tmp_path / "out-a", "concept_id") == [(1,), (2,), (3,)]
    written = [sha256_of(tmp_path / out / "concept.parquet") for out in ("out-a", "out-b")]
    assert written[0] == written[1]


def test_a_large_table_is_read_in_pieces_of_whole_rows(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "PIECE_BYTES", 200)
    rows = [ROW.replace("7", str(n), 1) for n in range(1, 51)]
    told = load(engine, write_concepts(tmp_path / "in", HEADER + "".join(rows)), tmp_path / "out")
    assert read(tmp_path / "out", "concept_id") == [(n,) for n in range(1, 51)]
    assert len(told) > 10
    assert told[-1] == "50 rows"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER.replace("\tconcept_code", "") + ROW, "no column concept_code"),
        (HEADER + ROW.replace("7\t", "seven\t", 1), "Line 2 of CONCEPT.csv has a concept_id that"),
        (HEADER + ROW.replace("7\t", "\t", 1), "Line 2 of CONCEPT.csv has a concept_id that"),
        (HEADER + ROW + ROW.replace("20991231", "20991331"), "Line 3 .* has a valid_end_date that"),
        (HEADER + ROW + "8\tbroken\n", "Line 3 of CONCEPT.csv has 2 cells; the header has 10"),
        (HEADER + ROW + ROW[:-20], "Line 3 of CONCEPT.csv has 7 cells; the header has 10"),
        (HEADER + ROW + ROW.replace("catheter", "drain"), "1 concepts whose id another one has"),
        ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(engine: Engine, tmp_path: Path, content: str, message: str) -> None:
    folder = write_concepts(tmp_path / "in", content)
    with pytest.raises(CommonwealError, match=message) as told:
        load(engine, folder, tmp_path / "out")
    assert "CONCEPT.csv" in str(told.value)
    assert "seven" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER.encode("utf-16"), r"CONCEPT\.csv cannot be read"),
        (HEADER.encode() + ROW.encode() * 2 + b"\xff" + ROW.encode(), "Line 4 .* is not UTF-8"),
    ],
)
def test_other_bytes_are_no_vocabulary(
    engine: Engine, tmp_path: Path, content: bytes, message: str
) -> None:
    folder = write_concepts(tmp_path / "in", "")
    (folder / "CONCEPT.csv").write_bytes(content)
    with pytest.raises(CommonwealError, match=message):
        load(engine, folder, tmp_path / "out")


def test_parquet_with_cells_of_another_type(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    names = COLUMNS.split("\t")
    cells = ["eight", "Needle", "Device", "X", "Object", "S", "008", "19700101", "20991231", None]
    table = pa.table([pa.array([cell], pa.string()) for cell in cells], names)
    pq.write_table(table, tmp_path / "in" / "concept.parquet")
    with pytest.raises(CommonwealError, match=r"concept\.parquet has a concept_id that is not an"):
        load(engine, tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "concept.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(CommonwealError, match=r"concept\.parquet cannot be read"):
        load(engine, tmp_path / "in", tmp_path / "again")


def test_a_header_alone_is_no_vocabulary(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="no concept"):
        load(engine, write_concepts(tmp_path / "in", HEADER), tmp_path / "out")


def test_the_version_stands_in_the_table_of_vocabularies(engine: Engine, tmp_path: Path) -> None:
    folder = write_concepts(tmp_path / "in", HEADER + ROW)
    names = "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\t"
    file = folder / "VOCABULARY.csv"
    file.write_text(
        f"{names}vocabulary_concept_id\nSNOMED\tSNOMED\t\t2024-02\t1\n"
        "None\tOMOP Standardized Vocabularies\t\tv5.0 30-AUG-24\t2\n"
    )
    load(engine, folder, tmp_path / "out", "vocabulary")
    files = {"vocabulary": (tmp_path / "out" / "vocabulary.parquet",)}
    assert read_version(files) == "v5.0 30-AUG-24"
    assert read_version({}) is None


def test_the_shard(shared_data: Path, engine: Engine, tmp_path: Path) -> None:
    load(engine, shared_data / "vocabulary_shard", tmp_path / "out")
    assert len(read(tmp_path / "out", "concept_id")) == 49_265
