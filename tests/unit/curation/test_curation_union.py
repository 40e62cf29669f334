"""Keys across sites: every row has its own, references follow, and none is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.spec.tables import Bench, as_text

from commonweal.curation.evidence import InvariantError
from commonweal.curation.example import Place, parse_example
from commonweal.curation.folder import TableFolder
from commonweal.curation.left import list_left_tables
from commonweal.curation.stage import Stage
from commonweal.curation.stages import SITE
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
6                       | 1         | 10                  | 0           | north     | 2
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


def test_references_follow_their_own_site(bench: Bench) -> None:
    columns = ("person_id", "condition_occurrence_id", "visit_occurrence_id", "provider_id")
    assert as_text(union(bench).file("condition_occurrence"), columns) == [
        ("1", "1", "2", None),
        ("1", "2", "1", "0"),
        ("2", "3", "3", None),
    ]


LOOSE = """
in person
person_id | gender_concept_id | year_of_birth | race_concept_id | ethnicity_concept_id | _uncast
1         | 0                 | 1970          | 0               | 0                    | 0

in device_exposure
device_exposure_id | person_id | device_concept_id | device_type_concept_id | \
device_exposure_start_date | visit_occurrence_id | provider_id | _uncast
5                  | 1         | 0                 | 0                      | \
2020-01-01                 | 30                  | 8           | 0
""".replace("\\\n", "")


def test_a_reference_that_leads_nowhere_is_emptied_at_the_site_under_its_own_key(
    bench: Bench,
) -> None:
    site = bench.run(SITE, parse_example(LOOSE).of(Place.IN))
    assert as_text(site.evidence("device_exposure"), ("rule", "action", "column", "before")) == [
        ("conf.fk_valid", "set", "provider_id", "8"),
        ("conf.fk_valid", "set", "visit_occurrence_id", "30"),
    ]
    joined = union_sites(bench.engine, {"a": site}, out=bench.folder / "union")
    columns = ("device_exposure_id", "visit_occurrence_id", "provider_id")
    assert as_text(joined.file("device_exposure"), columns) == [("1", None, None)]


LINKS = """
in measurement
measurement_id | person_id | _src_site | _src_row
{first}        | 1         | {site}    | 1
{second}       | 1         | {site}    | 2

in observation
observation_id | person_id | _src_site | _src_row
{first}        | 1         | {site}    | 1

in fact_relationship
domain_concept_id_1 | fact_id_1 | domain_concept_id_2 | fact_id_2 | _src_site | _src_row
21                  | {second}  | 27                  | {named}   | {site}    | 1
"""


def linked(bench: Bench, site: str, first: int, second: int, named: int) -> TableFolder:
    return finished(bench, LINKS.format(site=site, first=first, second=second, named=named))


def test_links_between_facts_follow_them_to_their_new_keys(bench: Bench) -> None:
    sites = {"n": linked(bench, "n", 50, 60, 50), "s": linked(bench, "s", 50, 40, 50)}
    joined = union_sites(bench.engine, sites, out=bench.folder / "union")
    columns = ("domain_concept_id_1", "fact_id_1", "domain_concept_id_2", "fact_id_2", "_src_site")
    assert as_text(joined.file("fact_relationship"), columns) == [
        ("21", "2", "27", "1", "n"),
        ("21", "3", "27", "2", "s"),
    ]


def test_a_link_that_is_lost_in_renumbering_stops_the_union(bench: Bench) -> None:
    """60 is the key of a measurement, and of no observation."""
    with pytest.raises(InvariantError, match=r"fact_relationship\.fact_id_2"):
        union_sites(bench.engine, {"n": linked(bench, "n", 50, 60, 60)}, out=bench.folder / "union")


def test_a_reference_that_is_lost_in_renumbering_stops_the_union(bench: Bench) -> None:
    stray = NORTH.replace("| 10                  | 0 ", "| 30                  | 8 ")
    with pytest.raises(
        InvariantError,
        match=r"condition_occurrence\.provider_id, condition_occurrence\.visit_occurrence_id",
    ):
        union_sites(bench.engine, {"north": finished(bench, stray)}, out=bench.folder / "union")
    assert not list((bench.folder / "union").glob("[!.]*"))


def test_rows_are_counted_by_site_and_what_is_not_taken_is_said(bench: Bench) -> None:
    result = union(bench)
    assert result.rows == {"condition_occurrence": 3, "visit_occurrence": 3}
    assert result.facts["rows_of_sites"]["south"]["visit_occurrence"] == 1
    (left,) = list_left_tables(result)
    assert (left.table, left.rule, left.dropped) == ("cdm_source", "conf.allowed_tables", 1)


def test_the_order_in_which_sites_are_given_makes_no_difference(bench: Bench) -> None:
    first = union(bench)
    sites = {"north": finished(bench, NORTH), "south": finished(bench, SOUTH)}
    assert union_sites(bench.engine, sites, out=bench.folder / "union").folder == first.folder


def test_no_site_may_take_the_programmes_name(bench: Bench) -> None:
    with pytest.raises(CommonwealError, match="programme"):
        union_sites(bench.engine, {"programme": finished(bench, SOUTH)}, out=bench.folder)
