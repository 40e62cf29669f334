"""The runner does to random tables, under random chains of rules, what plain Python does.

The reference below knows nothing of hits, overlays or fused scans: it walks a list of rows.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.curation.duplicates import duplicates_of
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
from commonweal.curation.runner import StageResult, run_stage
from commonweal.curation.stage import Stage
from commonweal.engine.duckdb_engine import DuckDBEngine, open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import get_model

TABLE = get_model("release").table("death")
NUMBERS = ("person_id", "death_type_concept_id", "cause_concept_id")
COLUMNS = (*NUMBERS, "cause_source_value")
SITE, RECORD = "_src_site", "_src_row"
Row = dict[str, Any]


@dataclass
class Reference:
    """Rows on their way, and everything that happened to them."""

    rows: list[Row]
    evidence: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    counts: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def note(self, rule: str, action: str, row: Row, column: str | None, before: object) -> None:
        text = None if before is None else str(before)
        self.evidence[rule, action, row[SITE], row[RECORD], column, text] += 1


@dataclass(frozen=True)
class Move:
    """One step as a rule says it, and as Python does it: returns how many rows it changed."""

    step: Step
    do: Callable[[Reference, str], int]


@dataclass(frozen=True)
class Condition:
    """A condition with SQL's three truths; None is unknown."""

    sql: str
    holds: Callable[[Row], bool | None]


def conditions() -> st.SearchStrategy[Condition]:
    def compare(column: str, word: str, number: int) -> Condition:
        tests: dict[str, Callable[[int], bool]] = {
            "=": lambda value: value == number,
            "<>": lambda value: value != number,
            "<": lambda value: value < number,
        }
        return Condition(
            f"{column} {word} {number}",
            lambda row: None if row[column] is None else tests[word](row[column]),
        )

    def is_null(column: str) -> Condition:
        return Condition(f"{column} IS NULL", lambda row: row[column] is None)

    leaves = st.one_of(
        st.builds(compare, st.sampled_from(NUMBERS), st.sampled_from(["=", "<>", "<"]), numbers()),
        st.builds(is_null, st.sampled_from(COLUMNS)),
    )
    return st.recursive(leaves, _combined, max_leaves=3)


def _combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def both(left: Condition, right: Condition) -> Condition:
        def holds(row: Row) -> bool | None:
            truths = {left.holds(row), right.holds(row)}
            return False if False in truths else None if None in truths else True

        return Condition(f"({left.sql} AND {right.sql})", holds)

    return st.builds(both, parts, parts)


def numbers() -> st.SearchStrategy[int]:
    return st.integers(0, 3)


def filters() -> st.SearchStrategy[Move]:
    def build(condition: Condition) -> Move:
        def do(state: Reference, rule: str) -> int:
            return _drop(state, rule, [row for row in state.rows if not condition.holds(row)])

        return Move(Filter(condition.sql), do)

    return st.builds(build, conditions())


def _drop(state: Reference, rule: str, leaving: list[Row]) -> int:
    for row in leaving:
        state.note(rule, "drop", row, None, None)
    gone = {(row[SITE], row[RECORD]) for row in leaving}
    state.rows = [row for row in state.rows if (row[SITE], row[RECORD]) not in gone]
    return 0


def maps() -> st.SearchStrategy[Move]:
    """Two columns at once, each from the row as it was: a swap must work."""

    def build(pairs: dict[str, str | int | None], condition: Condition, evidence: Evidence) -> Move:
        changes = tuple(
            Change(column, "NULL" if to is None else str(to), condition.sql)
            for column, to in pairs.items()
        )

        def do(state: Reference, rule: str) -> int:
            changed = 0
            for row in state.rows:
                if not condition.holds(row):
                    continue
                new = {c: row[to] if isinstance(to, str) else to for c, to in pairs.items()}
                moved = {c: value for c, value in new.items() if value != row[c]}
                for column in moved if evidence is Evidence.ROWS else ():
                    state.note(rule, "set", row, column, row[column])
                changed += bool(moved)
                row.update(moved)
            return changed

        return Move(Map(changes, evidence=evidence), do)

    values = st.one_of(st.none(), numbers(), st.sampled_from(NUMBERS))
    pairs = st.dictionaries(st.sampled_from(NUMBERS[1:]), values, min_size=1)
    return st.builds(build, pairs, conditions(), st.sampled_from(Evidence))


def dedupes() -> st.SearchStrategy[Move]:
    def build(keys: list[str]) -> Move:
        def do(state: Reference, rule: str) -> int:
            seen: set[tuple[Any, ...]] = set()
            leaving = []
            for row in sorted(state.rows, key=lambda row: (row[SITE], row[RECORD])):
                key = tuple(row[column] for column in keys)
                if key in seen:
                    leaving.append(row)
                seen.add(key)
            return _drop(state, rule, leaving)

        return Move(Relation(duplicates_of("death", keys)), do)

    return st.builds(build, st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))


def appends() -> st.SearchStrategy[Condition]:
    return conditions()


def append_children(condition: Condition, offset: int) -> Move:
    """Copies of some rows, whose record number is a function of their parent's."""
    columns = ", ".join(TABLE.columns)

    def do(state: Reference, rule: str) -> int:
        parents = [row for row in state.rows if condition.holds(row)]
        children = [{**row, RECORD: row[RECORD] + offset} for row in parents]
        for child in children:
            state.note(rule, "add", child, None, None)
        state.rows += children
        return 0

    sql = (
        f"SELECT {columns}, {SITE}, {RECORD} + {offset} AS {RECORD} FROM death "
        f"WHERE {condition.sql}"
    )
    return Move(Append(sql), do)


def lonely(column: str) -> Move:
    """Keeps rows that are alone with their value: the table looks itself up."""
    lookup = Lookup(
        "alike",
        f"SELECT {column}, count(*) AS rows FROM death GROUP BY {column}",
        {column: column},
    )

    def do(state: Reference, rule: str) -> int:
        alike = Counter(row[column] for row in state.rows)
        leaving = [r for r in state.rows if r[column] is None or alike[r[column]] != 1]
        return _drop(state, rule, leaving)

    return Move(Filter("alike.rows = 1", (lookup,)), do)


@st.composite
def chains(draw: st.DrawFn) -> list[Move]:
    found: list[Move] = []
    kinds = st.one_of(filters(), maps(), maps(), dedupes(), appends())
    for place, drawn in enumerate(draw(st.lists(kinds, max_size=6))):
        is_move = isinstance(drawn, Move)
        found.append(drawn if is_move else append_children(drawn, 1000 * 2**place))
    last = draw(st.none() | st.sampled_from(NUMBERS))
    return [*found, lonely(last)] if last else found


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    cell = st.none() | numbers()
    text = st.none() | st.sampled_from(["", "x", "ü'"])
    row = st.fixed_dictionaries(
        {"person_id": cell, "death_type_concept_id": cell, "cause_concept_id": cell}
        | {"cause_source_value": text, SITE: st.sampled_from(["north", "o'south"])}
    )
    rows = draw(st.lists(row, max_size=12))
    return [{**dict.fromkeys(TABLE.columns), **r, RECORD: n} for n, r in enumerate(rows)]


def run_reference(rows: list[Row], moves: list[Move]) -> Reference:
    state = Reference([dict(row) for row in rows])
    for number, move in enumerate(moves):
        rows_in, drops_and_adds = len(state.rows), Counter(_actions(state))
        changed = move.do(state, f"rule.{number}")
        did = Counter(_actions(state)) - drops_and_adds
        state.counts.append((rows_in, did["drop"], changed, did["add"], len(state.rows)))
    return state


def _actions(state: Reference) -> Iterator[str]:
    for (_, action, *_), times in state.evidence.items():
        yield from [action] * times


def run_engine(
    engine: DuckDBEngine, folder: Path, rows: list[Row], moves: list[Move]
) -> StageResult:
    schema = arrow_schema(TABLE)
    columns = {f.name: pa.array([r[f.name] for r in rows], f.type) for f in schema}
    columns[SITE] = pa.array([row[SITE] for row in rows], pa.string())
    columns[RECORD] = pa.array([row[RECORD] for row in rows], pa.int64())
    pq.write_table(pa.table(columns), folder / "death.parquet")
    rules = tuple(
        Rule(
            f"rule.{number}",
            "A rule",
            "Because",
            tables=lambda table: table.name == "death",
            bind=lambda _, step=move.step: (step,),
        )
        for number, move in enumerate(moves)
    )
    stage = Stage("random", "Random", rules)
    return run_stage(engine, stage, {"death": [folder / "death.parquet"]}, out=folder)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    with open_engine(EngineSettings(memory_limit="300MB", threads=2)) as opened:
        yield opened


def key_of(row: Row) -> tuple[str, int]:
    return row[SITE], row[RECORD]


@settings(max_examples=60, deadline=None)
@given(rows=tables(), moves=chains())
def test_the_runner_agrees_with_plain_python(
    engine: DuckDBEngine, rows: list[Row], moves: list[Move]
) -> None:
    expected = run_reference(rows, moves)
    with tempfile.TemporaryDirectory() as folder:
        result = run_engine(engine, Path(folder), rows, moves)
        written = pq.read_table(result.file("death")).to_pylist()
        evidence = pq.read_table(result.evidence("death")).to_pylist()

    assert sorted(written, key=key_of) == sorted(expected.rows, key=key_of)
    assert Counter(tuple(row.values()) for row in evidence) == expected.evidence
    assert [
        (c.rows_in, c.dropped, c.changed, c.added, c.rows_out) for c in result.counts
    ] == expected.counts
    assert_complete(rows, written, evidence)


def assert_complete(source: list[Row], written: list[Row], evidence: list[Row]) -> None:
    """Every row of the source is in the result or in the evidence, and no other row is."""
    dropped = {key_of(row) for row in evidence if row["action"] == "drop"}
    added = {key_of(row) for row in evidence if row["action"] == "add"}
    kept = {key_of(row) for row in written}
    assert not kept & dropped
    assert kept | dropped == {key_of(row) for row in source} | added


def test_the_generator_reaches_every_kind_of_step() -> None:
    """A meta-test: without it a change of the generator could quietly stop testing a kind."""
    seen: set[type] = set()

    @settings(max_examples=100, deadline=None, database=None)
    @given(moves=chains())
    def look(moves: list[Move]) -> None:
        seen.update(type(move.step) for move in moves)

    look()
    assert seen == {Filter, Map, Relation, Append}
