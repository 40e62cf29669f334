"""Whatever the tables hold: who belongs to whom, how old and in which year stays the same."""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.deidentified import (
    AS_OF,
    Rows,
    check_as,
    condition,
    person,
    read,
    read_key_rows,
    run,
    visit,
    write_folder,
)

from commonweal.intake.deidentify.people import OLDEST

IDS = st.integers(1, 9)
YEARS = st.integers(AS_OF.year - OLDEST - 5, AS_OF.year)
DAYS = st.dates(min_value=AS_OF.replace(year=2000), max_value=AS_OF).map(str)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Rows]:
    """People, their visits and conditions; keys may repeat, lead nowhere or be empty."""
    people = [
        person(i, year_of_birth=str(draw(YEARS)), birth_datetime="", location_id=str(draw(IDS)))
        for i in draw(st.lists(IDS, min_size=1, max_size=6))
    ]
    visits = [
        visit(
            draw(IDS),
            draw(IDS),
            visit_start_date=draw(DAYS),
            preceding_visit_occurrence_id=str(draw(st.one_of(st.just(""), IDS))),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    conditions = [
        condition(
            draw(IDS),
            draw(IDS),
            condition_start_date=draw(DAYS),
            visit_occurrence_id=str(draw(st.one_of(st.just(""), st.integers(0, 9)))),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    places = [{"location_id": str(i), "state": "MA"} for i in draw(st.lists(IDS, max_size=4))]
    return {
        "person": people,
        "visit_occurrence": visits,
        "condition_occurrence": conditions,
        "location": places,
    }


def stay(source: dict[str, Rows]) -> dict[str, Rows]:
    """The rows that must stay, told in plain Python."""
    oldest: dict[str, int] = {}
    for row in source["person"]:
        age = AS_OF.year - int(row["year_of_birth"])
        oldest[row["person_id"]] = max(age, oldest.get(row["person_id"], 0))
    kept = {
        name: [row for row in rows if oldest.get(row.get("person_id", ""), OLDEST + 1) <= OLDEST]
        for name, rows in source.items()
        if name != "location"
    }
    used = {row["location_id"] for row in kept["person"]}
    return kept | {"location": [r for r in source["location"] if r["location_id"] in used]}


def as_graph(rows: dict[str, Rows], name_of: Callable[[str, str], str]) -> dict[str, Counter]:
    """Each table as rows of keys, years and what else tells rows apart; order does not count."""
    keys = {
        "person": (("person_id", "person"), ("location_id", "location")),
        "visit_occurrence": (
            ("visit_occurrence_id", "visit_occurrence"),
            ("person_id", "person"),
        ),
        "condition_occurrence": (
            ("condition_occurrence_id", "condition_occurrence"),
            ("person_id", "person"),
            ("visit_occurrence_id", "visit_occurrence"),
        ),
        "location": (("location_id", "location"),),
    }
    years = {
        "person": "year_of_birth",
        "visit_occurrence": "visit_start_date",
        "condition_occurrence": "condition_start_date",
        "location": "state",
    }
    return {
        table: Counter(
            (*(name_of(ids, row[column]) for column, ids in columns), row[years[table]][:4])
            for row in rows[table]
        )
        for table, columns in keys.items()
    }


@given(tables())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_graph_of_keys_the_ages_and_the_years_are_the_same(source: dict[str, Rows]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "site", Path(scratch) / "out"
        done = run(write_folder(folder, source), out, dialect="alpha")
        made = {name: read(out, name) for name in source}
        key = read_key_rows(out.with_name("out.key.csv"))
        report = check_as(out, "alpha")
    assert report.is_accepted
    old_of = {(ids, str(new)): str(old) for ids, pairs in key.items() for old, new in pairs.items()}
    assert len(old_of) == sum(map(len, key.values())), "a number stands for one id alone"

    def as_before(ids: str, new: str) -> str:
        return old_of[ids, new] if new else ""

    def without_nought(_ids: str, old: str) -> str:
        return "" if old == "0" else old

    assert as_graph(made, as_before) == as_graph(stay(source), without_nought)
    for table in done.tables:
        assert table.rows_read == len(source[table.table])
        assert table.rows_written == len(made[table.table])
