"""Evidence of rows that left with their keys agrees with what was counted."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commonweal.curation.evidence import InvariantError, RuleCount
from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.settings import EngineSettings
from commonweal.privacy.treatment import RuleId
from commonweal.privacy.unkept import write_evidence

UNKEPT = {
    "visit_detail": "SELECT * FROM (VALUES ('south', 9), ('north', 4)) v(_src_site, _src_row)"
}


def _count(dropped: int) -> list[RuleCount]:
    return [
        RuleCount("visit_detail", RuleId.TEXT, 10, 0, 5, 0, 10),
        RuleCount("visit_detail", RuleId.REMAP, 10, dropped, 0, 0, 10 - dropped),
    ]


def test_rows_are_named_in_order_and_nothing_is_told_of_them(tmp_path: Path) -> None:
    with DuckDBEngine(EngineSettings(threads=1)) as engine:
        assert write_evidence(engine, UNKEPT, _count(2), tmp_path) == {"visit_detail": 2}
    found = pq.read_table(tmp_path / "evidence" / "visit_detail.parquet")
    assert found.column_names == ["rule", "action", "_src_site", "_src_row", "column", "before"]
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("deid.remap_person_and_ids", "drop", "north", 4, None, None),
        ("deid.remap_person_and_ids", "drop", "south", 9, None, None),
    ]


@pytest.mark.parametrize("counted", [1, 3])
def test_evidence_that_differs_from_the_counts_is_refused(tmp_path: Path, counted: int) -> None:
    with (
        DuckDBEngine(EngineSettings(threads=1)) as engine,
        pytest.raises(InvariantError, match="names 2 rows of visit_detail"),
    ):
        write_evidence(engine, UNKEPT, _count(counted), tmp_path)
