"""Any OMOP folder or database opens as the same typed views, or says why it cannot."""

from collections.abc import Iterator
from datetime import date
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.small_cdm import condition, open_small, person, small_engine, write_cdm

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.release.cdm import known_fields, open_cdm
from commonweal.schema.errors import CommonwealError

PERSON_CSV = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n"
DAY = date(2020, 1, 1)


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with small_engine() as opened:
        yield opened


def test_every_table_and_column_of_the_model_is_there(engine: DuckDBEngine, tmp_path: Path) -> None:
    cdm = open_small(engine, tmp_path, {"person": [person(1)]}, DAY)

    assert cdm.tables == {"person"}
    assert set(engine.columns("person")) == set(known_fields()["person"])
    assert engine.value("SELECT count(drug_concept_id) FROM drug_exposure") == 0


def test_names_of_files_and_columns_may_be_upper_case(engine: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "PERSON.csv").write_text(PERSON_CSV.upper() + "1,8507,1980,8527,0\n")

    open_cdm(engine, tmp_path, as_of=DAY)

    assert engine.rows("SELECT person_id, gender_concept_id FROM person") == [(1, 8507)]


def test_csv_cells_become_the_types_of_the_model(engine: DuckDBEngine, tmp_path: Path) -> None:
    header = "person_id;gender_concept_id;year_of_birth;birth_datetime;person_source_value\n"
    cells = '"1";8507.0;;1980-02-03;"a;""b"\n9007199254740993;8532;1980;1980-02-03 04:05:06;\n'
    (tmp_path / "person.csv").write_bytes(b"\xef\xbb\xbf" + (header + cells).encode())

    open_cdm(engine, tmp_path, as_of=DAY)

    rows = engine.rows(
        "SELECT person_id, gender_concept_id, year_of_birth, CAST(birth_datetime AS VARCHAR), "
        "person_source_value FROM person ORDER BY person_id"
    )
    assert rows == [
        (1, 8507, None, "1980-02-03 00:00:00", 'a;"b'),
        (9007199254740993, 8532, 1980, "1980-02-03 04:05:06", None),
    ]


def test_cells_that_do_not_fit_are_counted_and_never_shown(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    text = PERSON_CSV + "1,8507.5,secret,8527,0\n2,8507,1980,8527,0\n"
    (tmp_path / "person.csv").write_text(text)

    cdm = open_cdm(engine, tmp_path, as_of=DAY)

    notes = "\n".join(cdm.notes)
    assert "person.csv: 1 cell of gender_concept_id cannot be read as integer" in notes
    assert "person.csv: 1 cell of year_of_birth cannot be read as integer" in notes
    assert "secret" not in notes
    assert engine.value("SELECT count(gender_concept_id) FROM person") == 1


def test_a_tab_separated_vocabulary_keeps_its_quotes_and_packed_dates(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    write_cdm(tmp_path, {"person": [person(1)]})
    text = 'concept_id\tconcept_name\tvalid_start_date\n5\tThe "5" inch\t19700131\n'
    (tmp_path / "CONCEPT.csv").write_text(text)

    open_cdm(engine, tmp_path, as_of=DAY)

    rows = engine.rows("SELECT concept_name, valid_start_date FROM concept")
    assert rows == [('The "5" inch', date(1970, 1, 31))]


def test_integers_that_came_as_floats_or_text_are_integers(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    table = pa.table({"PERSON_ID": [1.0, 2.0], "gender_concept_id": ["8507", "8532"]})
    pq.write_table(table, tmp_path / "Person.parquet")

    open_cdm(engine, tmp_path, as_of=DAY)

    assert engine.rows("SELECT * FROM person ORDER BY ALL")[0][:2] == (1, 8507)
    types = engine.rows("SELECT typeof(person_id), typeof(gender_concept_id) FROM person")
    assert set(types) == {("BIGINT", "BIGINT")}


def test_columns_of_omop_5_3_get_their_5_4_names(engine: DuckDBEngine, tmp_path: Path) -> None:
    write_cdm(tmp_path, {"person": [person(1)]})
    (tmp_path / "visit_occurrence.csv").write_text(
        "visit_occurrence_id,person_id,discharge_to_concept_id\n1,1,77\n"
    )

    open_cdm(engine, tmp_path, as_of=DAY)

    assert engine.value("SELECT discharged_to_concept_id FROM visit_occurrence") == 77


def test_parquet_wins_over_csv_and_what_is_left_out_is_named(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    write_cdm(tmp_path, {"person": [person(1)]})
    (tmp_path / "person.csv").write_text(PERSON_CSV + "9,0,1980,0,0\n")
    (tmp_path / "persn.csv").write_text("a\n")

    cdm = open_cdm(engine, tmp_path, as_of=DAY)

    assert engine.rows("SELECT person_id FROM person") == [(1,)]
    assert any("person.csv" in note for note in cdm.notes)
    assert any("persn.csv" in note for note in cdm.notes)


def test_a_folder_of_parts_is_one_table(engine: DuckDBEngine, tmp_path: Path) -> None:
    for part in (1, 2):
        folder = write_cdm(tmp_path / "person", {"person": [person(part)]})
        (folder / "person.parquet").rename(folder / f"part-{part}.parquet")

    open_cdm(engine, tmp_path, as_of=DAY)

    assert engine.value("SELECT count(*) FROM person") == 2


def test_a_database_with_husks_opens_as_its_real_tables(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    file = tmp_path / "cdm.duckdb"
    _write_database(
        file,
        "CREATE TABLE PERSON (PERSON_ID DOUBLE, GENDER_CONCEPT_ID INTEGER)",
        "INSERT INTO PERSON VALUES (1, 8507)",
        "CREATE TABLE DEATH (column0 VARCHAR, column1 VARCHAR)",
        "INSERT INTO DEATH VALUES ('person_id', 'death_date')",
        "CREATE TABLE notes_of_mine (a INTEGER)",
    )

    cdm = open_cdm(engine, file, as_of=DAY)
    again = open_cdm(engine, file, as_of=DAY)

    assert cdm == again
    assert cdm.tables == {"person"}
    assert engine.rows("SELECT person_id FROM person") == [(1,)]
    assert engine.value("SELECT count(*) FROM death") == 0
    assert any("DEATH" in note for note in cdm.notes)
    assert any("notes_of_mine" in note for note in cdm.notes)


def test_the_tables_may_be_in_a_schema_of_their_own(engine: DuckDBEngine, tmp_path: Path) -> None:
    file = tmp_path / "cdm.duckdb"
    _write_database(file, "CREATE SCHEMA omop", "CREATE TABLE omop.person AS SELECT 3 AS person_id")

    open_cdm(engine, file, as_of=DAY)

    assert engine.rows("SELECT person_id FROM person") == [(3,)]


def _write_database(file: Path, *statements: str) -> None:
    with small_engine() as writer:
        writer.execute(f"ATTACH '{file}' AS made")
        writer.execute("USE made")
        for statement in statements:
            writer.execute(statement)
        writer.execute("USE memory")
        writer.execute("DETACH made")


def test_the_day_comes_from_cdm_source_before_the_latest_event(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    tables = {"person": [person(1)], "condition_occurrence": [condition(1, 5, "2021-05-06")]}
    assert open_small(engine, tmp_path, tables).as_of == date(2021, 5, 6)

    source = {"cdm_source_name": "x", "cdm_release_date": date(2019, 4, 3)}
    assert open_small(engine, tmp_path, {"cdm_source": [source]}).as_of == date(2019, 4, 3)
    assert open_cdm(engine, tmp_path, as_of=DAY).as_of == DAY


def _refusal(engine: DuckDBEngine, path: Path) -> str:
    with pytest.raises(CommonwealError) as caught:
        open_cdm(engine, path)
    assert caught.value.fix
    return str(caught.value)


def test_what_cannot_be_opened_is_said_plainly(engine: DuckDBEngine, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    picture = tmp_path / "picture.duckdb"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))

    assert "nothing at" in _refusal(engine, tmp_path / "nowhere")
    assert "no OMOP table" in _refusal(engine, empty)
    assert "not a DuckDB database" in _refusal(engine, picture)


def test_a_folder_without_persons_is_refused(engine: DuckDBEngine, tmp_path: Path) -> None:
    write_cdm(tmp_path, {"death": [{"person_id": 1}]})
    assert "no person table" in _refusal(engine, tmp_path)

    pq.write_table(pa.table({"id": [1]}), tmp_path / "person.parquet")
    assert "no person table with the column person_id" in _refusal(engine, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("person.parquet", b"PAR1 and then nonsense", "cannot be read as Parquet"),
        ("person.parquet", b"", "cannot be read as Parquet"),
        ("person.csv", b"", "is empty"),
        ("person.csv", b"\x89PNG\r\n\x1a\n\xff", "is not text in UTF-8"),
        ("person.csv", "person_id\n1\n".encode("utf-16"), "is not text in UTF-8"),
        ("person.csv", b"person_id,PERSON_ID\n1,2\n", "has the column person_id twice"),
        ("person.csv", b"person_id,year_of_birth\n1,2\n1,2,3,4\n", "cannot be read to its end"),
    ],
)
def test_a_damaged_file_is_named(
    engine: DuckDBEngine, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert f"{name} {words}" in _refusal(engine, tmp_path)


def test_two_files_for_one_table_are_refused(engine: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "person.csv").write_text(PERSON_CSV)
    (tmp_path / "PERSON.csv").write_text(PERSON_CSV)

    assert "has the table person twice" in _refusal(engine, tmp_path)


def test_a_database_of_a_newer_storage_version_is_told_from_a_damaged_one(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    good = tmp_path / "good.duckdb"
    _write_database(good, "CREATE TABLE person AS SELECT 1 AS person_id")
    content = bytearray(good.read_bytes())
    newer, damaged = tmp_path / "newer.duckdb", tmp_path / "damaged.duckdb"
    damaged.write_bytes(bytes(content[:12]))
    content[12:20] = (9_999).to_bytes(8, "little")
    content[:8] = _checksum(content[8:4096]).to_bytes(8, "little")
    newer.write_bytes(bytes(content))

    assert "another version of DuckDB" in _refusal(engine, newer)
    assert "damaged" in _refusal(engine, damaged)


def _checksum(block: bytearray) -> int:
    """The checksum DuckDB puts before the header of its files."""
    words = (int.from_bytes(block[at : at + 8], "little") for at in range(0, len(block), 8))
    return reduce(
        lambda sum_, word: sum_ ^ (word * 0xBF58476D1CE4E5B9 & (1 << 64) - 1), words, 5381
    )


def test_without_any_date_the_day_must_be_given(engine: DuckDBEngine, tmp_path: Path) -> None:
    write_cdm(tmp_path, {"person": [person(1)]})

    assert "--as-of" in _refusal(engine, tmp_path)
