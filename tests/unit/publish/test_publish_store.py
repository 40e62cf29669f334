"""What is written: the figures by hand, what is left out, and the bytes."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.publish.conftest import (
    CONDITIONS,
    MEN,
    OTHERS,
    WOMEN,
    Event,
    register_events,
    register_people,
    register_tiny_cdm,
)

from commonweal.engine.duckdb_engine import DuckDBEngine, open_engine
from commonweal.engine.protocol import EngineError
from commonweal.engine.settings import EngineSettings
from commonweal.publish.analyses import ANALYSES, CELLS, CHAINS
from commonweal.publish.model import AgeSexTable, ReleaseFacts, StoreSummary
from commonweal.publish.reader import PublishingStore
from commonweal.publish.store import build_store
from commonweal.schema.errors import CommonwealError

EXACT_COLUMNS = {
    ("release", "synthetic"),
    *(("written", name) for name in ("concepts", "cells", "small_cells", "suppressed_cells")),
    ("domain", "position"),
    ("domain", "concepts"),
    ("concept", "id"),
    ("concept", "rank"),
    ("concept", "table_shown"),
    ("concept_synonym", "concept_id"),
    ("concept_age_sex", "concept_id"),
}
"""Integers that count no people."""


def _labels(table: AgeSexTable) -> dict[tuple[str, str], str]:
    return {
        cell: count.label if count else "not shown"
        for cell, count in table.cells.items()
        if count is None or count.value
    }


def _label(store: PublishingStore, concept_id: int) -> str | None:
    page = store.get_concept(concept_id)
    if page is None:
        return None
    return page.concept.participants.label if page.concept.participants else "not shown"


def _rebuild(
    engine: DuckDBEngine, release: ReleaseFacts, earlier: PublishingStore, name: str, *more: Path
) -> PublishingStore:
    out = earlier.path.with_name(name)
    build_store(engine, release, out, earlier=[*more, earlier.path])
    return PublishingStore(out)


# ------------------------------------------------------------------ the figures


def test_participants(store: PublishingStore) -> None:
    count = store.participants()
    assert count is not None
    assert count.value == 120


def test_participants_by_age_at_the_cutoff(store: PublishingStore) -> None:
    assert _labels(store.participants_by_age_sex()) == {
        ("40-49", "Female"): "60",
        ("90+", "Female"): "≤ 20",
        ("50-59", "Male"): "40",
        ("<18", "Other"): "≤ 20",
    }


def test_domains(store: PublishingStore) -> None:
    found = [
        (d.id, d.participants.label if d.participants else None, d.concepts)
        for d in store.domains()
    ]
    # Conditions: 40 women, 25 men, 15 others, 3 with the rare disease, and two whose
    # concepts are not shown: 85 people.
    assert found == [
        ("condition", "100", 2),
        ("drug", "40", 1),
        ("measurement", "0", 0),
        ("procedure", "100", 1),
    ]


def test_a_person_counts_once_at_the_age_of_the_first_record(store: PublishingStore) -> None:
    page = store.get_concept(10)
    assert page is not None
    assert page.concept.participants is not None
    assert page.concept.participants.value == 80  # 40 + 25 + 15
    assert _labels(page.by_age_sex) == {
        ("18-29", "Female"): "40",
        ("40-49", "Male"): "40",
        ("<18", "Other"): "≤ 20",
    }
    assert set(page.by_age_sex.cells) == set(CELLS)


def test_a_record_without_a_date_has_no_known_age(store: PublishingStore) -> None:
    page = store.get_concept(30)
    assert page is not None
    assert _labels(page.by_age_sex) == {
        ("Unknown", "Female"): "60",
        ("50-59", "Male"): "40",
        ("<18", "Other"): "≤ 20",
    }


def test_tables_that_would_betray_their_cells_are_not_shown(store: PublishingStore) -> None:
    for concept_id in (11, 20):  # three people; 21 men in one cell
        page = store.get_concept(concept_id)
        assert page is not None
        assert not page.by_age_sex.is_shown
    assert (_label(store, 11), _label(store, 20)) == ("≤ 20", "40")


@pytest.mark.parametrize("concept_id", [0, 12, 13, 999])
def test_what_is_not_listed(store: PublishingStore, concept_id: int) -> None:
    assert store.get_concept(concept_id) is None


def test_the_release(store: PublishingStore, release: ReleaseFacts) -> None:
    assert store.release() == release


def test_the_summary(engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path) -> None:
    # Counts: 1 of all, 30 of all by age and sex, 4 of domains, 4 × (1 + 30) of concepts.
    # Small: ≤ 18 and ≥ 90 of all, the rare disease, and the children of two concepts.
    # Not shown: two tables.
    summary = StoreSummary(concepts=4, cells=159, small_cells=5, suppressed_cells=60)
    assert build_store(engine, release, tmp_path / "s.sqlite") == summary
    assert PublishingStore(tmp_path / "s.sqlite").summary() == summary


def test_nothing_is_written_that_is_not_declared(store: PublishingStore) -> None:
    with closing(sqlite3.connect(store.path)) as file:
        declared = file.execute("SELECT id, title FROM analysis ORDER BY id").fetchall()
    assert declared == sorted((a.id, a.title) for a in ANALYSES)
    assert sorted(cell for chain in CHAINS for cell in chain) == sorted(CELLS)


# ------------------------------------------------------------------ nothing leaks


def test_no_integer_that_counts_people_is_outside_twenty_n(store: PublishingStore) -> None:
    seen = 0
    with closing(sqlite3.connect(store.path)) as file:
        tables = [
            row[0]
            for row in file.execute(
                "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%STRICT%'"
            )
        ]
        for table in tables:
            columns = file.execute("SELECT name, type FROM pragma_table_info(?)", [table])
            for column, kind in columns.fetchall():
                if kind != "INTEGER" or (table, column) in EXACT_COLUMNS:
                    continue
                values = [row[0] for row in file.execute(f'SELECT "{column}" FROM "{table}"')]
                assert all(value is None or value % 20 == 0 for value in values), (table, column)
                seen += len(values)
    assert seen > 30


def test_labels_say_what_values_say(store: PublishingStore) -> None:
    with closing(sqlite3.connect(store.path)) as file:
        for table in ("figure", "participants_age_sex", "domain", "concept", "concept_age_sex"):
            for value, label in file.execute(f"SELECT value, label FROM {table}"):
                assert label == {None: "not shown", 20: "≤ 20"}.get(value, f"{value or 0:,}")


def test_the_order_of_concepts_follows_published_counts(
    engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path
) -> None:
    """Three people have the rare disease, one has the new one; both say ≤ 20."""
    events: list[Event] = [*CONDITIONS, ([101], 13, date(2019, 1, 1))]
    register_events(engine, "", "condition", events)
    build_store(engine, release, tmp_path / "s.sqlite")
    store = PublishingStore(tmp_path / "s.sqlite")
    assert [c.name for c in store.top("condition")] == [
        "Diabetes mellitus",
        "Never seen",
        "Rare disease",
    ]


def _shown_tables(engine: DuckDBEngine, release: ReleaseFacts, out: Path) -> dict[int, bool]:
    build_store(engine, release, out)
    store = PublishingStore(out)
    pages = [store.get_concept(concept.id) for concept in store.search("").concepts]
    return {page.concept.id: page.by_age_sex.is_shown for page in pages if page}


def test_thin_cells_that_would_narrow_the_participants_are_hidden(
    engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path
) -> None:
    """Thirty-five men are shown as 40, so 21 at least; thin cells would say 25 at least."""
    thin = [date(1962, 1, 1), date(1980, 1, 1), date(1992, 1, 1), date(2002, 1, 1)]
    events: list[Event] = [
        *((MEN[i : i + 1], 10, day) for i, day in enumerate(thin)),
        (MEN[4:25], 10, date(2012, 1, 1)),
        (WOMEN, 10, date(2012, 1, 1)),
        (OTHERS, 10, date(2012, 1, 1)),
    ]
    register_events(engine, "", "condition", events)
    assert not _shown_tables(engine, release, tmp_path / "s.sqlite")[10]
    events[:5] = [(MEN[:25], 10, date(2012, 1, 1))]
    register_events(engine, "", "condition", events)
    assert _shown_tables(engine, release, tmp_path / "t.sqlite")[10]


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        (([41], "drug"), 1),  # 82 people in all, by no age: 81 at least, not 41 + 41
        (([100, 100], "condition"), 1),  # the same 82 are all who have a condition
        (([100, 100], "drug"), 2),  # 400 people in all, and 41 in each domain
    ],
)
def test_tables_that_together_would_narrow_a_total_are_hidden(
    engine: DuckDBEngine,
    release: ReleaseFacts,
    tmp_path: Path,
    case: tuple[list[int], str],
    shown: int,
) -> None:
    """Forty-one women have one concept and forty-one men another."""
    of_each_age, men_in = case
    born = [1955 + 30 * i for i, people in enumerate(of_each_age) for _ in range(people)]
    women, men = range(len(born)), range(len(born), 2 * len(born))
    sexes = [8532] * len(born) + [8507] * len(born)
    people = enumerate(zip(sexes, born * 2, strict=True))
    register_people(engine, "", [(i, sex, year, 1, 1, None) for i, (sex, year) in people])
    of_women = _at_two_ages(women, 10)
    of_men = _at_two_ages(men, 13 if men_in == "condition" else 20)
    register_events(engine, "", "drug", of_men if men_in == "drug" else [])
    register_events(engine, "", "condition", of_women + (of_men if men_in == "condition" else []))
    register_events(engine, "", "procedure", [])
    found = _shown_tables(engine, release, tmp_path / "s.sqlite")
    assert (len(found), sum(found.values())) == (2, shown)


def _at_two_ages(people: range, concept: int) -> list[Event]:
    return [
        (people[:20], concept, date(2000, 1, 1)),
        (people[20:41], concept, date(2020, 1, 1)),
    ]


# ------------------------------------------------------------------ earlier releases


def test_the_same_people_again_are_shown_the_same(
    engine: DuckDBEngine, release: ReleaseFacts, store: PublishingStore
) -> None:
    again = _rebuild(engine, release, store, "again.sqlite")
    assert again.path.read_bytes() == store.path.read_bytes()


def test_a_step_is_held_back_and_stays_so(
    engine: DuckDBEngine, release: ReleaseFacts, store: PublishingStore
) -> None:
    """Twenty more people have diabetes: 80 would become 100."""
    events: list[Event] = [
        *CONDITIONS,
        (range(41, 46), 10, date(2001, 1, 1)),
        (range(76, 81), 10, date(2001, 1, 1)),
        (range(96, 101), 10, date(2020, 1, 1)),
        (range(103, 108), 10, date(2020, 1, 1)),
    ]
    register_events(engine, "", "condition", events)
    second = _rebuild(engine, release, store, "second.sqlite")
    assert _label(second, 10) == "not shown"
    assert [c.name for c in second.top("condition")] == ["Rare disease", "Diabetes mellitus"]
    third = _rebuild(engine, release, second, "third.sqlite", store.path)
    assert _label(third, 10) == "not shown"


def test_a_concept_nobody_had_before_is_not_named_for_a_few(
    engine: DuckDBEngine, release: ReleaseFacts, store: PublishingStore
) -> None:
    register_events(engine, "", "condition", [*CONDITIONS, ([101], 13, date(2019, 1, 1))])
    second = _rebuild(engine, release, store, "second.sqlite")
    assert second.get_concept(13) is None
    assert second.search("never seen").total == 0


def test_a_concept_nobody_has_any_more_stays_without_its_count(
    engine: DuckDBEngine, release: ReleaseFacts, store: PublishingStore
) -> None:
    register_events(engine, "", "condition", [e for e in CONDITIONS if e[1] != 11])
    second = _rebuild(engine, release, store, "second.sqlite")
    assert _label(second, 11) == "not shown"


def test_a_concept_many_have_now_is_listed(
    engine: DuckDBEngine, release: ReleaseFacts, store: PublishingStore
) -> None:
    register_events(engine, "", "condition", [*CONDITIONS, (WOMEN, 13, date(2019, 1, 1))])
    assert _label(_rebuild(engine, release, store, "second.sqlite"), 13) == "60"


# ------------------------------------------------------------------ the file


def test_same_in_same_out(engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path) -> None:
    build_store(engine, release, tmp_path / "one.sqlite")
    with open_engine(EngineSettings(threads=4)) as other:
        register_tiny_cdm(other, "cdm_", backwards=True)
        build_store(other, release, tmp_path / "two.sqlite", prefix="cdm_")
    assert (tmp_path / "one.sqlite").read_bytes() == (tmp_path / "two.sqlite").read_bytes()


def test_other_in_other_out(store: PublishingStore, engine: DuckDBEngine) -> None:
    out = store.path.with_name("other.sqlite")
    build_store(engine, replace(store.release(), title="Another"), out)
    assert out.read_bytes() != store.path.read_bytes()


def test_the_file_is_whole_or_not_there(
    engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path
) -> None:
    out = tmp_path / "publishing" / "s.sqlite"
    with pytest.raises(EngineError):
        build_store(engine, release, out, prefix="absent_")
    assert not out.exists()
    (tmp_path / "publishing").mkdir(exist_ok=True)
    (tmp_path / "publishing" / ".partial-s.sqlite").write_bytes(b"left by a killed run")
    build_store(engine, release, out)
    assert [f.name for f in out.parent.iterdir()] == ["s.sqlite"]
    assert out.stat().st_mode & 0o222 == 0


def test_nothing_is_left_in_the_engine(engine: DuckDBEngine, store: PublishingStore) -> None:
    del store
    assert (
        engine.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'publish%'") == []
    )


def test_an_earlier_store_that_is_none_is_named(
    engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path
) -> None:
    (tmp_path / "old.sqlite").write_bytes(b"not a store")
    with pytest.raises(CommonwealError, match=r"old\.sqlite is no publishing store"):
        build_store(engine, release, tmp_path / "s.sqlite", earlier=[tmp_path / "old.sqlite"])
    assert not (tmp_path / "s.sqlite").exists()
