"""Browsing down, over a forest small enough to draw."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.hierarchy import Node, list_children, list_roots
from commonweal.vocabulary.views import VocabularyViews

#   1 (Drug)          7 (Condition)     9: has no name
#   ├── 2             └── 8 (told by "Subsumes" alone)
#   │   └── 4
#   └── 3
CONCEPTS = [
    (1, "Drugs", "d", "Ours", "Drug", "Class", "C"),
    (2, "Alpha", "2", "RxNorm", "Drug", "Ingredient", "S"),
    (3, "Beta", "10", "RxNorm", "Drug", "Ingredient", "S"),
    (4, "Alpha 5 MG", "4", "RxNorm", "Drug", "Product", "S"),
    (7, "Eye", "H00", "ICD10CM", "Condition", "Code", None),
    (8, "Eye lid", "H00.1", "ICD10CM", "Condition", "Code", None),
]
PAIRS = [(1, 1, 0), (1, 2, 1), (1, 3, 1), (1, 4, 2), (2, 4, 1), (9, 2, 1), (2, 9, 1), (9, 7, 1)]
LINKS = [
    (7, 8, "Subsumes", None),
    (8, 7, "Is a", None),
    (8, 7, "Subsumes", "D"),
    (7, 7, "Subsumes", None),
]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine(EngineSettings(threads=1)) as engine:
        _view(
            engine,
            "concept",
            CONCEPTS,
            "concept_id concept_name concept_code vocabulary_id domain_id concept_class_id "
            "standard_concept",
        )
        _view(
            engine,
            "concept_ancestor",
            PAIRS,
            "ancestor_concept_id descendant_concept_id min_levels_of_separation",
        )
        _view(
            engine,
            "concept_relationship",
            LINKS,
            "concept_id_1 concept_id_2 relationship_id invalid_reason",
        )
        yield engine


def _view(engine: Engine, name: str, rows: list[tuple[object, ...]], columns: str) -> None:
    arrays = [pa.array(column) for column in zip(*rows, strict=True)]
    engine.register_arrow(name, pa.Table.from_arrays(arrays, names=columns.split()))


def _ids(nodes: list[Node]) -> list[tuple[int, int]]:
    return [(node.concept.id, node.children) for node in nodes]


def test_roots_have_something_below_them_and_no_name_above(engine: Engine) -> None:
    assert _ids(list_roots(engine)) == [(1, 2), (7, 1)]
    assert _ids(list_roots(engine, limit=1)) == [(1, 2)]


def test_roots_are_asked_for_by_domain_or_by_a_vocabulary_in_the_tree(engine: Engine) -> None:
    assert _ids(list_roots(engine, domain="condition")) == [(7, 1)]
    assert _ids(list_roots(engine, vocabulary="ours")) == [(1, 2)]
    assert _ids(list_roots(engine, vocabulary="RxNorm")) == [(1, 2)]
    assert _ids(list_roots(engine, vocabulary="RxNorm", domain="Condition")) == []
    assert _ids(list_roots(engine, vocabulary="ICD10CM")) == [(7, 1)]


def test_children_stand_in_the_order_of_their_codes(engine: Engine) -> None:
    assert _ids(list_children(engine, 1)) == [(3, 0), (2, 1)]
    assert _ids(list_children(engine, 2)) == [(4, 0)]
    assert _ids(list_children(engine, 7)) == [(8, 0)]
    assert _ids(list_children(engine, 4)) == []
    assert _ids(list_children(engine, 1, limit=1)) == [(3, 0)]


def test_either_table_alone_is_a_hierarchy(engine: Engine) -> None:
    no_links = VocabularyViews(relationship=None)
    assert _ids(list_roots(engine, views=no_links)) == [(1, 2)]
    no_pairs = VocabularyViews(ancestor=None)
    assert _ids(list_roots(engine, views=no_pairs)) == [(7, 1)]
    assert _ids(list_roots(engine, vocabulary="ICD10CM", views=no_pairs)) == [(7, 1)]


def test_without_either_there_is_none(engine: Engine) -> None:
    views = VocabularyViews(ancestor=None, relationship=None)
    for ask in (
        lambda: list_roots(engine, views=views),
        lambda: list_children(engine, 1, views=views),
    ):
        with pytest.raises(CommonwealError, match="no hierarchy"):
            ask()
