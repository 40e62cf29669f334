"""From a site's text to typed rows: nothing is guessed, and what could not be read is counted."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonweal.curation.evidence import RuleCount
from commonweal.curation.left import list_left_tables
from commonweal.curation.load import load_submission
from commonweal.engine.duckdb_engine import DuckDBEngine, open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.reading import write_text_parquet
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with open_engine(EngineSettings(memory_limit="200MB", threads=2)) as opened:
        yield opened


def load_text(engine: DuckDBEngine, folder: Path, table: str, text: str) -> list[dict[str, object]]:
    """Load a CSV text the way the pipeline does: intake reads it, curation gives it types."""
    (folder / f"{table}.csv").write_bytes(text.encode())
    file = folder / f"{table}.parquet"
    write_text_parquet(folder / f"{table}.csv", get_model("programme").table(table), file)
    loaded = load_submission(
        engine, {table: file}, site="north", dialect="programme", out=folder / "out"
    )
    return pq.read_table(loaded.file(table)).to_pylist()


def write_text(file: Path, **columns: list[str | None]) -> Path:
    """A landed table as intake writes it: text, and the number of each record."""
    records = range(1, 1 + len(next(iter(columns.values()))))
    pq.write_table(pa.table({**columns, "_src_row": list(records)}), file)
    return file


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("7", 7),
        ("+7", 7),
        ("-0007", -7),
        ("12.5", None),
        ("1e3", None),
        ("0x10", None),
        ("1_000", None),
        (" 7", None),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
    ],
)
def test_an_integer_is_integer_text(
    engine: DuckDBEngine, tmp_path: Path, text: str, read: int | None
) -> None:
    (row,) = load_text(engine, tmp_path, "provider", f"provider_id\n{text}\n")
    assert row["provider_id"] == read
    assert row["_uncast"] == (1 if read is None else 0)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2020-02-29", date(2020, 2, 29)),
        ("2021-02-29", None),
        ("20200229", None),
        ("2020-2-9", None),
        ("2020-02-29 00:00:00", None),
        ("0000-01-01", None),
    ],
)
def test_a_date_is_a_day_of_the_calendar(
    engine: DuckDBEngine, tmp_path: Path, text: str, read: date | None
) -> None:
    (row,) = load_text(engine, tmp_path, "death", f"person_id,death_date\n1,{text}\n")
    assert row["death_date"] == read
    assert row["_uncast"] == (1 if read is None else 0)


NOON = datetime.fromisoformat("2020-02-29T12:00:00")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2020-02-29 12:00", NOON),
        ("2020-02-29T12:00:00", NOON),
        ("2020-02-29 12:00:00.000000", NOON),
        ("2020-02-29T12:00:00Z", NOON),
        ("2020-02-29 12:00:00 America/New_York", NOON),
        ("2020-02-29T12:00:00-0500", NOON),
        ("2020-02-29T12:00:00-05:00", NOON),
        ("2020-02-29 25:00:00", None),
        ("2020-02-30 12:00:00", None),
        ("2020-02-29", None),
        ("noon", None),
        ("0000-01-01 00:00:00", None),
    ],
)
def test_a_timestamp_keeps_the_local_time_as_written(
    engine: DuckDBEngine, tmp_path: Path, text: str, read: datetime | None
) -> None:
    (row,) = load_text(engine, tmp_path, "death", f"person_id,death_datetime\n1,{text}\n")
    assert row["death_datetime"] == read
    assert row["_uncast"] == (1 if read is None else 0)


@pytest.mark.parametrize(
    ("text", "read"),
    [("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("nan", None), ("<5", None), ("1e999", None)],
)
def test_a_float_is_a_finite_number(
    engine: DuckDBEngine, tmp_path: Path, text: str, read: float | None
) -> None:
    (row,) = load_text(engine, tmp_path, "specimen", f"specimen_id,quantity\n1,{text}\n")
    assert row["quantity"] == read
    assert row["_uncast"] == (1 if read is None else 0)


def test_columns_are_found_by_name_and_get_their_new_names(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    text = (
        ' ADMITTING_SOURCE_VALUE ,"visit_occurrence_id",unheard_of\r\n"a, ""b""\r\nc",3,x\r\n,4,y'
    )
    rows = load_text(engine, tmp_path, "visit_occurrence", text)
    found = [(r["visit_occurrence_id"], r["admitted_from_source_value"]) for r in rows]
    assert found == [(3, 'a, "b"\r\nc'), (4, None)]
    assert [(r["_src_site"], r["_src_row"], r["_uncast"]) for r in rows] == [
        ("north", 1, 0),
        ("north", 2, 0),
    ]


def test_what_is_not_carried_on_is_listed(engine: DuckDBEngine, tmp_path: Path) -> None:
    files = {
        "pii_name": write_text(tmp_path / "pii_name.parquet", person_id=["1"], first_name=["Ada"]),
        "death": write_text(tmp_path / "death.parquet", person_id=["1"], shoe_size=["44"]),
    }
    loaded = load_submission(engine, files, site="n", dialect="programme", out=tmp_path / "o")
    assert loaded.facts == {
        "tables_not_carried": {"pii_name": 1},
        "columns_not_carried": {"death": ["shoe_size"]},
    }
    assert list_left_tables(loaded) == (
        RuleCount("pii_name", "conf.allowed_tables", 1, dropped=1, changed=0, added=0, rows_out=0),
    )
    assert not loaded.file("pii_name").exists()
    assert "Ada" not in (loaded.folder / "manifest.json").read_text()


def test_an_empty_file_with_a_header_has_no_rows(engine: DuckDBEngine, tmp_path: Path) -> None:
    assert load_text(engine, tmp_path, "death", "person_id,death_date\n") == []


def test_no_site_may_take_the_programmes_name(engine: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="programme"):
        load_submission(engine, {}, site="programme", dialect="programme", out=tmp_path)


def test_an_unknown_table_is_named(engine: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="deaths"):
        load_submission(
            engine, {"deaths": tmp_path / "x.csv"}, site="n", dialect="programme", out=tmp_path
        )
