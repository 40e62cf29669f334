"""Completeness of columns, on tables small enough to count by hand."""

import pyarrow as pa

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.quality.completeness import measure_completeness

SETTINGS = EngineSettings(memory_limit="200MB", threads=1)
CONDITIONS = pa.table(
    {
        "person_id": [1, 1, 2, 2],
        "condition_concept_id": [0, 192671, None, 0],
        "stop_reason": [None, None, None, "0"],
        "_src_row": [1, 2, 3, 4],
    }
)


def test_nulls_and_concept_zeros_are_not_populated() -> None:
    with open_engine(SETTINGS) as engine:
        engine.register_arrow("raw", CONDITIONS)
        (table,) = measure_completeness(engine, {"condition_occurrence": "raw"})
    assert (table.table, table.rows, table.persons) == ("condition_occurrence", 4, 2)
    facts = {c.column: (c.nulls, c.concept_zeros, c.percent_populated) for c in table.columns}
    assert facts == {
        "person_id": (0, 0, 100.0),
        "condition_concept_id": (1, 2, 25.0),
        "stop_reason": (3, 0, 25.0),
    }


def test_text_columns_are_measured_alike() -> None:
    with open_engine(SETTINGS) as engine:
        text = pa.table({"unit_concept_id": ["0", "8876", None, "x"]})
        engine.register_arrow("measurement", text)
        (table,) = measure_completeness(engine, ["measurement"])
    (column,) = table.columns
    assert (column.nulls, column.concept_zeros, table.persons) == (1, 1, None)


def test_empty_table_has_no_percentage() -> None:
    with open_engine(SETTINGS) as engine:
        engine.register_arrow("death", CONDITIONS.slice(0, 0))
        (table,) = measure_completeness(engine, ["death"])
    assert [column.percent_populated for column in table.columns] == [None, None, None]
