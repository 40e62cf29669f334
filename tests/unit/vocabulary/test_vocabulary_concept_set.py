"""Concept sets over a hierarchy of five concepts."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.concept_set import (
    ConceptSet,
    ConceptSetItem,
    as_sql,
    descendants,
    resolve,
)
from commonweal.vocabulary.views import VocabularyViews

#   1
#   ├── 2
#   │   └── 4
#   └── 3        (3 has no row of its own in the table, as happens)
PAIRS = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 2), (2, 4), (4, 4)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        columns = [pa.array(column) for column in zip(*PAIRS, strict=True)]
        names = ["ancestor_concept_id", "descendant_concept_id"]
        engine.register_arrow("concept_ancestor", pa.Table.from_arrays(columns, names=names))
        yield engine


def _set(*items: tuple[int, str]) -> ConceptSet:
    return ConceptSet(
        tuple(
            ConceptSetItem(i, descendants="+" in flags, excluded="-" in flags) for i, flags in items
        )
    )


@pytest.mark.parametrize(
    ("concept_set", "ids"),
    [
        (_set(), []),
        (_set((1, "")), [1]),
        (_set((1, "+")), [1, 2, 3, 4]),
        (_set((3, "+")), [3]),
        (_set((99, "+")), [99]),
        (_set((1, "+"), (2, "+-")), [1, 3]),
        (_set((2, "+-"), (1, "+")), [1, 3]),
        (_set((1, "+"), (2, "-")), [1, 3, 4]),
        (_set((4, ""), (2, "+")), [2, 4]),
        (_set((1, "-")), []),
        (_set((2, ""), (2, "")), [2]),
    ],
)
def test_resolve(engine: Engine, concept_set: ConceptSet, ids: list[int]) -> None:
    assert resolve(engine, concept_set) == ids


def test_sql_is_the_same_for_the_same_set() -> None:
    assert as_sql(_set((1, "+"), (2, "-"))) == as_sql(_set((2, "-"), (1, "+")))


def test_descendants(engine: Engine) -> None:
    assert descendants(engine, [2, 3]) == {2, 3, 4}
    assert descendants(engine, []) == set()


def test_without_a_hierarchy_single_concepts_still_work(engine: Engine) -> None:
    views = VocabularyViews(ancestor=None)
    assert resolve(engine, _set((1, "")), views=views) == [1]
    with pytest.raises(CommonwealError, match="no hierarchy"):
        as_sql(_set((1, "+")), views=views)


def test_the_hierarchy_of_real_data(shared_data: Path, engine: Engine) -> None:
    engine.register_parquet("hierarchy", [shared_data / "gibleed" / "concept_ancestor.parquet"])
    parent, children = engine.rows(
        "SELECT ancestor_concept_id, list(DISTINCT descendant_concept_id) FROM hierarchy "
        "GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 1"
    )[0]
    found = descendants(engine, [parent], views=VocabularyViews(ancestor="hierarchy"))
    assert found == {parent, *children}
    assert len(found) > 100
