"""The traps other cohort builders fell into, each with the smallest data that shows it."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.small_cdm import (
    Tables,
    ancestor,
    concept,
    condition,
    open_small,
    person,
    small_engine,
)

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.query.compiler import compile_cohort, print_sql
from commonweal.query.count import count_cohort
from commonweal.query.reader import DefinitionError, parse_definition

AS_OF = date(2020, 3, 1)


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with small_engine() as opened:
        yield opened


class Asker:
    """Opens tables and says who is in a cohort."""

    def __init__(self, engine: DuckDBEngine, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    def persons(self, tables: Tables, document: dict[str, Any]) -> list[int]:
        cdm = open_small(self.engine, self.folder, tables, AS_OF)
        definition = parse_definition(json.dumps(document).encode())
        plan = compile_cohort(definition, AS_OF)
        found = sorted(row[0] for row in self.engine.rows(print_sql(plan.select_persons())))
        counted = count_cohort(self.engine, cdm, definition)
        assert counted.persons == len(found)
        return found


@pytest.fixture
def ask(engine: DuckDBEngine, tmp_path: Path) -> Asker:
    return Asker(engine, tmp_path)


def having(**item: Any) -> dict[str, Any]:
    return {"include": [{"any": [{"domain": "condition"} | item]}]}


def chosen(*ids: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"concept_id": number} | fields for number in ids]


def test_two_codes_of_one_disease_on_two_days_are_two_occurrences(ask: Asker) -> None:
    tables = {
        "person": [person(1), person(2), person(3)],
        "condition_occurrence": [
            condition(1, 5, "2019-01-01"),
            condition(1, 6, "2019-01-02"),
            condition(2, 5, "2019-01-01"),
            condition(2, 6, "2019-01-01"),
            condition(3, 5, "2019-01-01"),
            condition(3, 5, None),
        ],
    }

    assert ask.persons(tables, having(concepts=chosen(5, 6), occurrences=2)) == [1]


def test_a_modifier_is_tested_on_the_very_event_the_code_chose(ask: Asker) -> None:
    tables = {
        "person": [person(1, year_of_birth=2000), person(2, year_of_birth=2000)],
        "condition_occurrence": [
            condition(1, 5, "2005-01-01"),
            condition(1, 9, "2019-01-01"),
            condition(2, 0, "2019-01-01", source=5),
        ],
    }
    adult = having(concepts=chosen(5), side="either", age_at_event={"min": 18})

    assert ask.persons(tables, adult) == [2]


def test_excludes_alone_leave_everybody_else(ask: Asker) -> None:
    tables = {
        "person": [person(1), person(2)],
        "condition_occurrence": [
            condition(1, 5, None),
            {**condition(1, 5, None), "person_id": None},
        ],
    }

    assert ask.persons(tables, {"exclude": having()["include"]}) == [2]


def test_ages_are_counted_at_the_day_of_the_data_and_the_dead_count(ask: Asker) -> None:
    tables = {
        "person": [
            person(1, year_of_birth=2000, month_of_birth=3, day_of_birth=1),
            person(2, year_of_birth=2000, month_of_birth=3, day_of_birth=2),
            person(3, year_of_birth=1900),
            person(4, year_of_birth=2021),
            person(5, year_of_birth=None),
        ],
        "death": [{"person_id": 3}],
    }

    assert ask.persons(tables, {"people": {"age": {"min": 20}}}) == [1, 3]
    assert ask.persons(tables, {"people": {"age": {"max": 20}}}) == [1, 2]
    assert ask.persons(tables, {"people": {"age": {"min": 20}, "deceased": False}}) == [1]
    assert ask.persons(tables, {"people": {"deceased": True}}) == [3]
    later = {"people": {"age": {"min": 20}, "deceased": False}, "as_of": "2020-03-02"}
    assert ask.persons(tables, later) == [1, 2]


def test_a_leap_day_birthday_is_kept_on_the_first_of_march(ask: Asker) -> None:
    tables = {"person": [person(1, year_of_birth=2000, month_of_birth=2, day_of_birth=29)]}

    grown = {"people": {"age": {"min": 18}}}
    assert ask.persons(tables, grown | {"as_of": "2018-02-28"}) == []
    assert ask.persons(tables, grown | {"as_of": "2018-03-01"}) == [1]


def test_a_birthday_that_was_taken_away_is_the_15th_of_june(ask: Asker) -> None:
    born = {"year_of_birth": 2000, "month_of_birth": None, "day_of_birth": None}
    moment = datetime.fromisoformat("2000-01-10T00:00:00")
    tables = {"person": [person(1, **born), person(2, **born | {"birth_datetime": moment})]}

    assert ask.persons(tables, {"people": {"age": {"min": 20}}}) == [2]
    grown = {"people": {"age": {"min": 20}}}
    assert ask.persons(tables, grown | {"as_of": "2020-06-14"}) == [2]
    assert ask.persons(tables, grown | {"as_of": "2020-06-15"}) == [1, 2]


def test_a_person_who_is_there_twice_counts_once(ask: Asker) -> None:
    tables = {"person": [person(1), person(1, gender_concept_id=8507), person(2)]}

    assert ask.persons(tables, {}) == [1, 2]


def test_events_of_nobody_count_nobody(ask: Asker) -> None:
    tables = {"person": [person(1)], "condition_occurrence": [condition(9, 5, "2019-01-01")]}

    assert ask.persons(tables, having()) == []


def test_a_concept_is_its_own_descendant_and_excluded_ones_leave(ask: Asker) -> None:
    tables = {
        "person": [person(1), person(2), person(3)],
        "condition_occurrence": [condition(n, n * 10, None) for n in (1, 2, 3)],
        "concept_ancestor": [ancestor(10, 20), ancestor(10, 30)],
    }

    assert ask.persons(tables, having(concepts=chosen(10))) == [1, 2, 3]
    assert ask.persons(tables, having(concepts=chosen(10, descendants=False))) == [1]
    without = chosen(10) + chosen(20, exclude=True)
    assert ask.persons(tables, having(concepts=without)) == [1, 3]


def test_has_any_data_is_one_rule_for_all_kinds(ask: Asker) -> None:
    tables = {
        "person": [person(1), person(2), person(3)],
        "condition_occurrence": [condition(1, 0, None)],
        "measurement": [{"person_id": 2}],
    }

    assert ask.persons(tables, {"data": ["ehr"]}) == [1]
    assert ask.persons(tables, {"data": ["measurement"]}) == [2]
    assert ask.persons(tables, {"data": ["ehr", "measurement"]}) == []


def test_strata_are_named_once_and_every_age_has_a_band(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    years = {1: 2003, 2: 2002, 3: 1991, 4: 1990, 5: 1930, 6: None, 7: 2030}
    people = [
        person(n, year_of_birth=year, month_of_birth=1, race_concept_id=None if n == 6 else 0)
        for n, year in years.items()
    ]
    cdm = open_small(engine, tmp_path, {"person": people}, AS_OF)

    counted = count_cohort(engine, cdm, parse_definition(b"{}"))

    bands = {stratum.age: stratum.persons for stratum in counted.breakdown}
    assert bands == {"0-17": 1, "18-29": 2, "30-39": 1, "90+": 1, "Unknown": 2}
    assert {stratum.race for stratum in counted.breakdown} == {"Unknown"}
    assert [stratum.age for stratum in counted.breakdown][-1] == "Unknown"


def test_an_unknown_concept_is_an_error_that_names_it(ask: Asker) -> None:
    tables = {
        "person": [person(1)],
        "concept": [concept(5, "Five")],
        "condition_occurrence": [condition(1, 6, None, source=7)],
    }

    assert ask.persons(tables, having(concepts=chosen(5, 6, 7))) == [1]
    with pytest.raises(DefinitionError, match="do not know: 8, 9"):
        ask.persons(tables, having(concepts=chosen(5, 9, 8)))
    with pytest.raises(DefinitionError, match="do not know: 44"):
        ask.persons(tables, {"people": {"race": [44]}})


def test_what_was_not_checked_is_said(engine: DuckDBEngine, tmp_path: Path) -> None:
    cdm = open_small(engine, tmp_path, {"person": [person(1)]}, AS_OF)
    definition = parse_definition(json.dumps(having(concepts=chosen(5))).encode())

    warnings = "\n".join(count_cohort(engine, cdm, definition).warnings)

    assert "no table condition_occurrence" in warnings
    assert "no table concept_ancestor" in warnings
    assert "ids were not checked" in warnings


def test_a_concept_that_only_the_data_know_is_a_warning(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    tables = {
        "person": [person(1)],
        "concept": [concept(5, "Five")],
        "condition_occurrence": [condition(1, 6, None)],
    }
    cdm = open_small(engine, tmp_path, tables, AS_OF)
    definition = parse_definition(json.dumps(having(concepts=chosen(6))).encode())

    assert "not in their concept table: 6." in count_cohort(engine, cdm, definition).warnings[-1]
