"""The runner's promises: counts agree, a wrong result is never kept, the bytes are the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.spec.tables import Bench

from commonweal.curation import runner
from commonweal.curation.evidence import InvariantError, RuleCount, check_counts
from commonweal.curation.example import ExampleTable, Place, parse_example
from commonweal.curation.folder import read_folder
from commonweal.curation.rule import (
    Append,
    Change,
    Evidence,
    Filter,
    Lookup,
    Map,
    Relation,
    Rule,
    Step,
)
from commonweal.curation.runner import run_stage
from commonweal.curation.stage import Stage
from commonweal.curation.stages import COMBINED
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError

DEATHS = """
in death
person_id | death_date | cause_concept_id
1         | 2020-01-01 | 7
2         | 2020-01-02 | 7
3         | 2020-01-03 |
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with open_engine(EngineSettings(memory_limit="200MB", threads=1)) as engine:
        yield Bench(engine, tmp_path)


def deaths(text: str = DEATHS) -> tuple[ExampleTable, ...]:
    return parse_example(text).of(Place.IN)


def stage(*steps: Step, title: str = "T") -> Stage:
    rules = tuple(
        Rule(f"r{n}", title, "why", lambda t: t.name == "death", lambda _, s=step: (s,))
        for n, step in enumerate(steps)
    )
    return Stage("s", "S", rules, relations=COMBINED.relations)


def test_counts_hand_rows_from_rule_to_rule(bench: Bench) -> None:
    fill = Map((Change("cause_concept_id", "0", "cause_concept_id IS NULL"),))
    result = bench.run(stage(Filter("cause_concept_id = 7"), fill), deaths())
    assert result.counts == (
        RuleCount("death", "r0", rows_in=3, dropped=1, changed=0, added=0, rows_out=2),
        RuleCount("death", "r1", rows_in=2, dropped=0, changed=0, added=0, rows_out=2),
    )
    assert result.rows == {"death": 2}


def test_null_is_not_true_and_the_row_leaves(bench: Bench) -> None:
    assert bench.run(stage(Filter("cause_concept_id <> 8")), deaths()).rows == {"death": 2}


def test_a_change_to_the_same_value_is_no_change(bench: Bench) -> None:
    result = bench.run(stage(Map((Change("cause_concept_id", "7"),))), deaths())
    assert result.counts[0].changed == 1


def test_a_counted_change_leaves_no_values_in_evidence(bench: Bench) -> None:
    shift = Map((Change("cause_concept_id", "NULL"),), evidence=Evidence.COUNTS)
    result = bench.run(stage(shift), deaths())
    assert (result.counts[0].changed, result.facts["evidence"]) == (2, {"death": 0})


def test_a_lookup_whose_key_is_not_unique_stops_the_stage(bench: Bench) -> None:
    lookup = Lookup(
        "d",
        "SELECT cause_concept_id, person_id FROM death",
        {"cause_concept_id": "cause_concept_id"},
    )
    with pytest.raises(
        InvariantError, match="1 keys of the lookup 'd' stand for more than one row"
    ):
        bench.run(stage(Filter("d.person_id > 0", (lookup,))), deaths())
    assert not list((bench.folder / "out").glob("[!.]*"))


def test_a_relation_that_names_a_row_twice_stops_the_stage(bench: Bench) -> None:
    twice = Relation("SELECT _row FROM death UNION ALL SELECT _row FROM death")
    with pytest.raises(InvariantError, match="touched 6 rows"):
        bench.run(stage(twice), deaths())


def test_a_relation_that_names_a_row_that_is_not_there_stops_the_stage(bench: Bench) -> None:
    with pytest.raises(InvariantError, match="3 rows of death were written"):
        bench.run(
            stage(Relation("SELECT _row + 99 AS _row FROM death WHERE person_id = 1")), deaths()
        )


def test_added_rows_need_a_site_and_record_of_their_own(bench: Bench) -> None:
    columns = "person_id, death_date, death_datetime, death_type_concept_id, cause_concept_id"
    columns += ", cause_source_value, cause_source_concept_id, _src_site, _src_row"
    with pytest.raises(InvariantError, match="3 rows that are there already"):
        bench.run(stage(Append(f"SELECT {columns} FROM death")), deaths())


def test_a_row_that_does_not_say_where_it_is_from_stops_the_stage(bench: Bench) -> None:
    text = "in death\nperson_id | _src_row\n1 |\n"
    with pytest.raises(InvariantError, match="where they come from"):
        bench.run(stage(), deaths(text))


def test_two_rows_with_one_number_are_found_when_a_rule_touches_them(bench: Bench) -> None:
    text = "in death\nperson_id | _src_row\n1 | 5\n2 | 5\n"
    with pytest.raises(InvariantError, match="touched 2 rows, 1 of them once"):
        bench.run(stage(Filter("FALSE")), deaths(text))


def test_a_relation_from_outside_must_be_given(bench: Bench) -> None:
    lookup = Lookup("p", "SELECT participant_id FROM participant", {"participant_id": "person_id"})
    with pytest.raises(CommonwealError, match="was not given 'participant'"):
        bench.run(stage(Filter("p.participant_id > 0", (lookup,))), deaths())


def test_a_count_that_does_not_add_up_cannot_exist() -> None:
    with pytest.raises(InvariantError):
        RuleCount("death", "r", rows_in=3, dropped=1, changed=0, added=0, rows_out=3)


def test_rows_that_vanish_between_rules_or_in_writing_are_found() -> None:
    first = RuleCount("death", "r", rows_in=3, dropped=1, changed=0, added=0, rows_out=2)
    with pytest.raises(InvariantError, match="1 rows of death were written"):
        check_counts([first], rows_in=3, rows_written=1)
    with pytest.raises(InvariantError, match="began with 3 rows"):
        check_counts([first], rows_in=4, rows_written=2)


ADDED = Append(
    "SELECT person_id, death_date, death_datetime, death_type_concept_id, cause_concept_id, "
    "cause_source_value, cause_source_concept_id, _src_site, _src_row + 100 AS _src_row FROM death"
)


@pytest.mark.parametrize(
    ("writer", "step"),
    [
        ("dropped_by", Filter("cause_concept_id IS NULL")),
        ("listed", Relation("SELECT _row FROM death WHERE cause_concept_id = 7")),
        ("listed", ADDED),
    ],
)
@pytest.mark.parametrize(
    "tampered",
    [
        "SELECT * FROM ({sql}) AS q LIMIT 0",
        'SELECT rule, action, min(_row) OVER () AS _row, "column", before FROM ({sql}) AS q',
    ],
)
def test_evidence_that_does_not_name_every_row_stops_the_stage(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, writer: str, step: Step, tampered: str
) -> None:
    """Neither missing rows pass, nor one row that is named again and again."""
    honest = getattr(runner, writer)
    monkeypatch.setattr(runner, writer, lambda *given: tampered.format(sql=honest(*given)))
    with pytest.raises(InvariantError, match="r0 on death counted"):
        bench.run(stage(step), deaths())
    assert not list((bench.folder / "out").glob("[!.]*"))


def test_running_again_does_no_work_and_changes_nothing(bench: Bench) -> None:
    first = bench.run(stage(Filter("cause_concept_id = 7")), deaths())
    before = {file: file.stat().st_mtime_ns for file in first.folder.rglob("*")}
    worked: list[str] = []
    again = run_stage(
        bench.engine,
        stage(Filter("cause_concept_id = 7")),
        {"death": [bench.folder / "in_death.parquet"]},
        out=bench.folder / "out",
        progress=lambda table, _: worked.append(table),
    )
    assert again == first
    assert worked == []
    assert {file: file.stat().st_mtime_ns for file in first.folder.rglob("*")} == before


@pytest.mark.parametrize(
    "other",
    [stage(Filter("cause_concept_id = 8")), stage(Filter("cause_concept_id = 7"), title="U")],
)
def test_another_rule_makes_another_folder(bench: Bench, other: Stage) -> None:
    first = bench.run(stage(Filter("cause_concept_id = 7")), deaths())
    assert bench.run(other, deaths()).folder != first.folder


def test_what_a_killed_run_left_does_not_count(bench: Bench) -> None:
    first = bench.run(stage(Filter("cause_concept_id = 7")), deaths())
    content = {f.name: f.read_bytes() for f in first.folder.rglob("*") if f.is_file()}
    partial = first.folder.with_name(f".partial-{first.folder.name}")
    first.folder.rename(partial)
    (partial / "death.parquet").write_bytes(b"half")
    again = bench.run(stage(Filter("cause_concept_id = 7")), deaths())
    assert {f.name: f.read_bytes() for f in again.folder.rglob("*") if f.is_file()} == content


def test_nothing_of_a_run_stays_in_the_engine(bench: Bench) -> None:
    bench.run(stage(Filter("cause_concept_id = 7")), deaths())
    assert bench.engine.rows("SELECT table_name FROM information_schema.tables") == []


def test_a_folder_without_a_manifest_is_no_stage(tmp_path: Path) -> None:
    with pytest.raises(CommonwealError, match="no stage that can be read"):
        read_folder(tmp_path)
