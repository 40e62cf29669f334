"""Keys across sites: every row has its own, and references follow or are marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.spec.tables import Bench, as_text

from commonweal.curation.example import Place, parse_example
from commonweal.curation.folder import TableFolder
from commonweal.curation.stage import Stage
from commonweal.curation.union import union_sites
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError

NORTH = """
in visit_occurrence
visit_occurrence_id | person_id | preceding_visit_occurrence_id | _src_site | _src_row
20                  | 1         | 10                            | north     | 1
10                  | 1         | 0                             | north     | 2

in condition_occurrence
condition_occurrence_id | person_id | visit_occurrence_id | provider_id | _src_site | _src_row
5                       | 1         | 20                  |             | north     | 1
6                       | 1         | 30                  | 8           | north     | 2
"""
SOUTH = """
in visit_occurrence
visit_occurrence_id | person_id | _src_site | _src_row
20                  | 2         | south     | 1

in condition_occurrence
condition_occurrence_id | person_id | visit_occurrence_id | _src_site | _src_row
5                       | 2         | 20                  | south     | 1

in cdm_source
cdm_source_name | _src_site | _src_row
South           | south     | 1
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with open_engine(EngineSettings(memory_limit="200MB", threads=2)) as engine:
        yield Bench(engine, tmp_path)


def finished(bench: Bench, text: str) -> TableFolder:
    return bench.run(Stage("as-is", "As is", ()), parse_example(text).of(Place.IN))


def union(bench: Bench) -> TableFolder:
    sites = {"south": finished(bench, SOUTH), "north": finished(bench, NORTH)}
    return union_sites(bench.engine, sites, out=bench.folder / "union")


def test_keys_are_dense_and_in_the_order_of_site_and_old_key(bench: Bench) -> None:
    visits = union(bench).file("visit_occurrence")
    columns = ("_src_site", "_src_row", "visit_occurrence_id", "preceding_visit_occurrence_id")
    assert as_text(visits, columns) == [
        ("north", "1", "2", "1"),
        ("north", "2", "1", "0"),
        ("south", "1", "3", None),
    ]


def test_references_follow_their_own_site_or_lead_nowhere(bench: Bench) -> None:
    result = union(bench)
    columns = ("person_id", "condition_occurrence_id", "visit_occurrence_id", "provider_id")
    assert as_text(result.file("condition_occurrence"), columns) == [
        ("1", "1", "2", None),
        ("1", "2", "-1", "-1"),
        ("2", "3", "3", None),
    ]
    assert result.facts["references_nowhere"] == {
        "condition_occurrence.provider_id": 1,
        "condition_occurrence.visit_occurrence_id": 1,
    }


def test_rows_are_counted_by_site_and_what_is_not_taken_is_said(bench: Bench) -> None:
    result = union(bench)
    assert result.rows == {"condition_occurrence": 3, "visit_occurrence": 3}
    assert result.facts["rows_of_sites"]["south"]["visit_occurrence"] == 1
    assert result.facts["tables_not_carried"] == ["cdm_source"]


def test_the_order_in_which_sites_are_given_makes_no_difference(bench: Bench) -> None:
    first = union(bench)
    sites = {"north": finished(bench, NORTH), "south": finished(bench, SOUTH)}
    assert union_sites(bench.engine, sites, out=bench.folder / "union").folder == first.folder


def test_no_site_may_take_the_programmes_name(bench: Bench) -> None:
    with pytest.raises(CommonwealError, match="programme"):
        union_sites(bench.engine, {"programme": finished(bench, SOUTH)}, out=bench.folder)
