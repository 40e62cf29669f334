"""The SQL of a definition means what the plain-Python reference says, for any small data."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reference_cohort import DATES, Reference
from tests.small_cdm import Row, Tables, arrow_table, small_engine

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.storage import canonical_json
from commonweal.query.compiler import compile_cohort, print_sql
from commonweal.query.count import count_cohort
from commonweal.query.definition import CohortDefinition, build_canonical, definition_hash
from commonweal.query.reader import parse_definition
from commonweal.release.cdm import Cdm, register_empty_tables

AS_OF = date(2020, 3, 1)
ROOT, CHILD, GRANDCHILD, OTHER, SITE_CODE = 10, 11, 12, 20, 2_000_000_001
CONCEPTS = (ROOT, CHILD, GRANDCHILD, OTHER, SITE_CODE)
HIERARCHY = [(ROOT, ROOT), (ROOT, CHILD), (ROOT, GRANDCHILD), (CHILD, GRANDCHILD), (OTHER, OTHER)]
DAYS = [date(2020, 2, 9) + timedelta(weeks=weeks) for weeks in range(8)]
AGES = st.sampled_from([0, 1, 18, 19, 39, 40, 89, 90])
BIRTH = datetime.fromisoformat("1980-03-01T07:00:00")
USED_DOMAINS = ("condition", "drug", "visit")

FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def people_rows() -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "person_id": st.integers(1, 6),
            "gender_concept_id": st.sampled_from([8532, 8507]),
            "year_of_birth": st.sampled_from([1980, 2001, 2019, 1930, 2030, None]),
            "month_of_birth": st.sampled_from([3, 2, 6, None]),
            "day_of_birth": st.sampled_from([1, 2, 28, None]),
            "birth_datetime": st.sampled_from([None, BIRTH]),
            "race_concept_id": st.sampled_from([8527, 0, None]),
            "ethnicity_concept_id": st.sampled_from([38003563, 0]),
        }
    )
    return st.lists(row, min_size=3, max_size=6, unique_by=lambda person: person["person_id"])


def event_rows(domain: str) -> st.SearchStrategy[list[Row]]:
    _, stem, day = DATES[domain]
    row = st.fixed_dictionaries(
        {
            "person_id": st.sampled_from([1, 2, 3, 4, 5, 6, 8, None]),
            f"{stem}_concept_id": st.sampled_from([*CONCEPTS, 0, None]),
            f"{stem}_source_concept_id": st.sampled_from([*CONCEPTS, 0, None]),
            day: st.sampled_from([*DAYS, None]),
        }
    )
    return st.lists(row, min_size=4, max_size=14)


@st.composite
def data_sets(draw: st.DrawFn) -> Tables:
    tables = {DATES[domain][0]: draw(event_rows(domain)) for domain in USED_DOMAINS}
    deaths = draw(st.lists(st.integers(1, 7), max_size=3))
    return tables | {
        "person": draw(people_rows()),
        "death": [{"person_id": person_id} for person_id in deaths],
        "concept_ancestor": [
            {"ancestor_concept_id": above, "descendant_concept_id": below}
            for above, below in HIERARCHY
        ],
    }


def spans(low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.tuples(values, values).map(sorted)
    return st.one_of(
        pairs.map(lambda pair: {low: pair[0], high: pair[1]}),
        values.map(lambda value: {low: value}),
        values.map(lambda value: {high: value}),
    )


@st.composite
def some_of(
    draw: st.DrawFn, options: dict[str, st.SearchStrategy[Any]], most: int
) -> dict[str, Any]:
    """At most so many of the options: with all of them at once nobody would be left."""
    chosen = draw(st.lists(st.sampled_from(sorted(options)), max_size=most, unique=True))
    return {name: draw(options[name]) for name in chosen}


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    choice = {"concept_id": st.sampled_from(CONCEPTS), "descendants": st.booleans()}
    wanted = st.lists(st.fixed_dictionaries(choice), min_size=1, max_size=2)
    unwanted = st.lists(st.fixed_dictionaries(choice | {"exclude": st.just(True)}), max_size=1)
    concepts = st.tuples(wanted, unwanted).map(lambda lists: lists[0] + lists[1])
    modifiers = {
        "side": st.sampled_from(["source", "either"]),
        "occurrences": st.integers(2, 3),
        "age_at_event": spans("min", "max", AGES),
        "dates": spans("from", "to", st.sampled_from(DAYS).map(date.isoformat)),
    }
    item = {"domain": draw(st.sampled_from([*USED_DOMAINS, "device"]))}
    return item | draw(some_of({"concepts": concepts}, 1)) | draw(some_of(modifiers, 2))


def groups(max_size: int = 2) -> st.SearchStrategy[list[dict[str, Any]]]:
    group = st.fixed_dictionaries({"any": st.lists(items(), min_size=1, max_size=2)})
    return st.lists(group, max_size=max_size)


def people_criteria() -> st.SearchStrategy[dict[str, Any]]:
    options = {
        "age": spans("min", "max", AGES),
        "sex": st.lists(st.sampled_from([8507, 8532, 0]), min_size=1, max_size=2),
        "race": st.just([8527]),
        "ethnicity": st.just([38003563]),
        "deceased": st.booleans(),
    }
    return some_of(options, 1)


def documents() -> st.SearchStrategy[dict[str, Any]]:
    options = {
        "people": people_criteria(),
        "data": st.lists(st.sampled_from(["ehr", "drug", "device"]), min_size=1, max_size=2),
        "as_of": st.just("2019-12-31"),
    }
    always = st.fixed_dictionaries({"include": groups(), "exclude": groups(max_size=1)})
    return st.tuples(always, some_of(options, 1)).map(lambda parts: parts[0] | parts[1])


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    with small_engine() as opened:
        register_empty_tables(opened, present=())
        yield opened


def define(document: dict[str, Any]) -> CohortDefinition:
    return parse_definition(canonical_json(document))


def load(engine: DuckDBEngine, tables: Tables) -> Cdm:
    for name, rows in tables.items():
        engine.register_arrow(f"rows_of_{name}", arrow_table(name, rows, whole=True))
        engine.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM rows_of_{name}")
    return Cdm(path=Path("small"), tables=frozenset(tables), as_of=AS_OF)


def persons(engine: DuckDBEngine, definition: CohortDefinition) -> list[int]:
    plan = compile_cohort(definition, AS_OF)
    return sorted(row[0] for row in engine.rows(print_sql(plan.select_persons())))


@FEW
@given(tables=data_sets(), wanted=st.lists(items(), min_size=3, max_size=3))
def test_an_item_finds_the_persons_the_reference_finds(
    engine: DuckDBEngine, tables: Tables, wanted: list[dict[str, Any]]
) -> None:
    load(engine, tables)
    reference = Reference(tables, AS_OF)

    for item in wanted:
        definition = define({"include": [{"any": [item]}]})
        assert persons(engine, definition) == sorted(reference.persons(definition))


@FEW
@given(tables=data_sets(), document=documents())
def test_a_definition_finds_the_persons_the_reference_finds(
    engine: DuckDBEngine, tables: Tables, document: dict[str, Any]
) -> None:
    load(engine, tables)
    definition = define(document)

    assert persons(engine, definition) == sorted(Reference(tables, AS_OF).persons(definition))


@FEW
@given(tables=data_sets(), document=documents())
def test_count_export_and_breakdown_are_one_truth(
    engine: DuckDBEngine, tables: Tables, document: dict[str, Any]
) -> None:
    cdm = load(engine, tables)
    definition = define(document)
    reference = Reference(tables, AS_OF)
    day = definition.as_of or AS_OF

    counted = count_cohort(engine, cdm, definition)
    plan = compile_cohort(definition, AS_OF)
    exported = sorted(engine.rows(print_sql(plan.select_episodes())))

    assert counted.persons == sum(stratum.persons for stratum in counted.breakdown)
    assert counted.persons == len(exported)
    starts = {key: reference.first_day(definition, key) for key in reference.persons(definition)}
    assert exported == [(key, start, max(start, day)) for key, start in sorted(starts.items())]


@FEW
@given(tables=data_sets(), document=documents(), order=st.randoms(use_true_random=False))
def test_order_changes_neither_persons_nor_hash(
    engine: DuckDBEngine, tables: Tables, document: dict[str, Any], order: Any
) -> None:
    load(engine, tables)
    shuffled = _shuffle(document, order)

    assert persons(engine, define(document)) == persons(engine, define(shuffled))
    assert definition_hash(define(document), AS_OF) == definition_hash(define(shuffled), AS_OF)


def _shuffle(value: Any, order: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shuffle(inner, order) for key, inner in value.items()}
    if isinstance(value, list):
        return order.sample([_shuffle(inner, order) for inner in value], len(value))
    return value


@FEW
@given(tables=data_sets(), excluded=groups())
def test_excludes_alone_are_the_complement(
    engine: DuckDBEngine, tables: Tables, excluded: list[dict[str, Any]]
) -> None:
    load(engine, tables)
    everybody = {row["person_id"] for row in tables["person"]}
    together = [{"any": [item for group in excluded for item in group["any"]]}] if excluded else []

    outside = persons(engine, define({"exclude": excluded}))
    inside = persons(engine, define({"include": together})) if excluded else []

    assert sorted([*outside, *inside]) == sorted(everybody)


@FEW
@given(tables=data_sets(), document=documents(), more=groups(max_size=1))
def test_another_include_never_adds_anybody(
    engine: DuckDBEngine, tables: Tables, document: dict[str, Any], more: list[dict[str, Any]]
) -> None:
    load(engine, tables)
    narrower = document | {"include": document["include"] + more}

    assert set(persons(engine, define(narrower))) <= set(persons(engine, define(document)))


@FEW
@given(document=documents())
def test_the_canonical_form_is_a_definition_of_the_same_hash(document: dict[str, Any]) -> None:
    definition = define(document)
    canonical = build_canonical(definition, AS_OF)
    excluded = canonical["exclude"]
    again = define(
        canonical
        | {
            "include": [{"any": group} for group in canonical["include"]],
            "exclude": [{"any": excluded}] if excluded else [],
        }
    )

    assert definition_hash(again, AS_OF) == definition_hash(definition, AS_OF)
