"""Small OMOP data sets written by hand, for tests that say all they rely on."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.release.cdm import Cdm, known_fields, open_cdm
from commonweal.schema.model import DataType

Row = Mapping[str, object]
Tables = Mapping[str, Sequence[Row]]

ARROW_TYPES = {
    DataType.INTEGER: pa.int64(),
    DataType.FLOAT: pa.float64(),
    DataType.STRING: pa.string(),
    DataType.DATE: pa.date32(),
    DataType.TIMESTAMP: pa.timestamp("us"),
}


def small_engine() -> DuckDBEngine:
    return DuckDBEngine(EngineSettings(memory_limit="400MB", threads=1))


def arrow_table(name: str, rows: Sequence[Row], *, whole: bool = False) -> pa.Table:
    """A table of the model with the columns its first row has; all if ``whole`` or no row."""
    fields = known_fields()[name]
    columns = list(rows[0]) if rows and not whole else list(fields)
    schema = pa.schema([(column, ARROW_TYPES[fields[column].type]) for column in columns])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def write_cdm(folder: Path, tables: Tables) -> Path:
    """Write the tables as Parquet files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(arrow_table(name, rows), folder / f"{name}.parquet")
    return folder


def open_small(engine: Engine, folder: Path, tables: Tables, as_of: date | None = None) -> Cdm:
    return open_cdm(engine, write_cdm(folder, tables), as_of=as_of)


def person(person_id: int, **fields: object) -> Row:
    """A person born in the middle of 1980, unless said otherwise."""
    return {
        "person_id": person_id,
        "gender_concept_id": 8532,
        "year_of_birth": 1980,
        "month_of_birth": 6,
        "day_of_birth": 15,
        "birth_datetime": None,
        "race_concept_id": 8527,
        "ethnicity_concept_id": 38003564,
    } | fields


def condition(person_id: int | None, concept_id: int, day: str | None, source: int = 0) -> Row:
    return {
        "person_id": person_id,
        "condition_concept_id": concept_id,
        "condition_source_concept_id": source,
        "condition_start_date": date.fromisoformat(day) if day else None,
    }


def ancestor(above: int, below: int) -> Row:
    return {"ancestor_concept_id": above, "descendant_concept_id": below}


def concept(concept_id: int, name: str, domain: str = "Condition") -> Row:
    return {"concept_id": concept_id, "concept_name": name, "domain_id": domain}


MOMENT = datetime.fromisoformat("2026-10-01T12:00:00+00:00")
"""A clock for sealing."""
