"""The embedded engine: same bytes out, errors without cells, nothing from a network."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import DuckDBEngine, open_engine
from commonweal.engine.protocol import EngineError
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted, quoted_text
from commonweal.engine.storage import sha256_of

SHUFFLED = (
    "SELECT hash(i) % 1000003 AS person_id, i AS row_id, 'note ' || hash(i * 7) AS note "
    "FROM range(400000) t(i) ORDER BY hash(i + 1)"
)


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with open_engine(EngineSettings(memory_limit="500MB", threads=2)) as engine:
        yield engine


def write_shuffled(file: Path, settings: EngineSettings) -> str:
    """Write rows that arrive in another order than they leave; the hash of the file."""
    with open_engine(settings, spill_folder=file.parent / "spill") as engine:
        assert engine.write_parquet(SHUFFLED, file, order_by=["person_id", "row_id"]) == 400_000
    return sha256_of(file)


def test_nothing_is_drawn_into_results(engine: DuckDBEngine) -> None:
    assert engine.value("SELECT current_setting('enable_progress_bar')") is False


def test_file_is_the_same_for_any_threads_and_memory(tmp_path: Path) -> None:
    variants = [("1GB", 1), ("1GB", 2), ("1GB", 4), ("120MB", 2)]
    hashes = {
        write_shuffled(
            tmp_path / f"{memory}-{threads}.parquet",
            EngineSettings(memory_limit=memory, threads=threads),
        )
        for memory, threads in variants
    }
    assert len(hashes) == 1


def test_rows_are_written_in_order_with_missing_values_first(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    rows = "SELECT * FROM (VALUES (2, 'b'), (NULL, 'n'), (1, 'a')) t(id, name)"
    engine.write_parquet(rows, tmp_path / "t.parquet", order_by=["id"])
    engine.register_parquet("t", [tmp_path / "t.parquet"])
    assert engine.rows("SELECT name FROM t") == [("n",), ("a",), ("b",)]


def test_several_files_are_read_one_after_the_other(engine: DuckDBEngine, tmp_path: Path) -> None:
    files = [tmp_path / "a'1.parquet", tmp_path / "b.parquet"]
    for number, file in enumerate(files):
        engine.write_parquet(f"SELECT {number} AS n", file, order_by=["n"])
    engine.register_parquet("pair", files)
    assert engine.rows("SELECT n FROM pair") == [(0,), (1,)]


def test_columns_are_named_with_their_types(engine: DuckDBEngine) -> None:
    engine.register_arrow("people", pa.table({"id": pa.array([1], pa.int64()), "name": ["x"]}))
    assert engine.columns("people") == {"id": "BIGINT", "name": "VARCHAR"}


def test_arrow_takes_parameters(engine: DuckDBEngine) -> None:
    assert engine.arrow("SELECT ?::INTEGER AS n", [7]).to_pylist() == [{"n": 7}]


def test_value_of_no_row_is_none(engine: DuckDBEngine) -> None:
    assert engine.value("SELECT 1 WHERE false") is None


def test_a_database_file_is_attached_read_only(engine: DuckDBEngine, tmp_path: Path) -> None:
    file = tmp_path / "cdm.duckdb"
    engine.execute(f"ATTACH {quoted_text(str(file))} AS made")
    engine.execute("CREATE TABLE made.person AS SELECT 1 AS person_id")
    engine.execute("DETACH made")
    engine.attach_database("cdm", file)
    assert engine.value("SELECT person_id FROM cdm.person") == 1
    with pytest.raises(EngineError):
        engine.execute("INSERT INTO cdm.person VALUES (2)")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(cell AS INTEGER) FROM people",
        "SELECT CAST(cell AS DATE) FROM people",
        "SELECT error(cell) FROM people",
    ],
)
def test_an_error_repeats_no_cell(engine: DuckDBEngine, sql: str) -> None:
    engine.register_arrow("people", pa.table({"cell": ["Jane Doe 1970"]}))
    with pytest.raises(EngineError) as caught:
        engine.rows(sql)
    said = traceback.format_exception_only(caught.value)
    assert "Jane" not in "".join(said)


def test_running_out_of_memory_says_what_to_do() -> None:
    with (
        open_engine(EngineSettings(memory_limit="20MB", threads=1)) as engine,
        pytest.raises(EngineError, match="memory") as caught,
    ):
        engine.rows("SELECT len(list(i)) FROM range(30000000) t(i)")
    assert "memory_limit" in caught.value.fix


def test_no_extension_is_fetched(engine: DuckDBEngine) -> None:
    settings = dict(
        engine.rows(
            "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'"
        )
    )
    assert set(settings.values()) == {"false"}
    assert len(settings) == 2


def test_the_spill_folder_is_made_and_used(tmp_path: Path) -> None:
    with open_engine(EngineSettings(), spill_folder=tmp_path / "deep" / "spill") as engine:
        assert engine.value("SELECT current_setting('temp_directory')") == str(
            tmp_path / "deep" / "spill"
        )
    assert (tmp_path / "deep").is_dir()


def test_without_a_spill_folder_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_engine(EngineSettings(memory_limit="60MB", threads=1)) as engine:
        spill = Path(engine.value("SELECT current_setting('temp_directory')"))
        assert spill.stat().st_mode & 0o777 == 0o700
        engine.execute("CREATE TABLE t AS SELECT hash(i) AS h FROM range(20000000) t(i)")
    assert not spill.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["plain", 'with "quotes"', "select", "ünï; DROP TABLE x"])
def test_any_name_can_be_quoted(engine: DuckDBEngine, name: str) -> None:
    engine.execute(f"CREATE TABLE {quoted(name)} AS SELECT 1 AS n")
    assert engine.value(f"SELECT n FROM {quoted(name)}") == 1


@pytest.mark.parametrize("text", ["plain", "it's", "''; DROP TABLE x; --"])
def test_any_text_can_be_quoted(engine: DuckDBEngine, text: str) -> None:
    assert engine.value(f"SELECT {quoted_text(text)}") == text
