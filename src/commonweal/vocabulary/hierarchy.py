"""Browsing a vocabulary from its broadest concepts down.

What is directly below a concept is told by ``concept_ancestor`` (one level apart) and, for
source vocabularies that OMOP keeps out of it, by the relationship "Subsumes".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.concepts import CONCEPT_SELECT, Concept, Narrowing
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews


@dataclass(frozen=True)
class Node:
    """A concept in a tree, and how many named concepts are directly below it."""

    concept: Concept
    children: int


def list_roots(
    engine: Engine,
    *,
    vocabulary: str | None = None,
    domain: str | None = None,
    limit: int | None = None,
    views: VocabularyViews = DEFAULT_VIEWS,
) -> list[Node]:
    """Concepts with something below them and no named concept above, the largest first.

    ``vocabulary`` asks for trees that hold a concept of it: the chapters of ICD-10-CM are
    groups of ours.

    Raises:
        CommonwealError: the vocabulary has no hierarchy.
    """
    edges = _edges(views)
    roots = (
        f"SELECT parent, count(*) AS children FROM ({edges}) "
        f"WHERE parent NOT IN (SELECT child FROM ({edges})) GROUP BY parent"
    )
    holding = Narrowing() if vocabulary is None else Narrowing(vocabulary=vocabulary)
    condition = f"{Narrowing(domain).sql} AND ({holding.sql} OR {_holds(views, holding)})"
    values = [*Narrowing(domain).values, *holding.values, *holding.values]
    return _read_nodes(engine, roots, views, limit, condition=condition, values=values)


def list_children(
    engine: Engine,
    concept_id: int,
    *,
    limit: int | None = None,
    views: VocabularyViews = DEFAULT_VIEWS,
) -> list[Node]:
    """The named concepts directly below one, in the order of their codes.

    Raises:
        CommonwealError: the vocabulary has no hierarchy.
    """
    children = _edges(views, f"= {int(concept_id)}")
    below = _edges(views, f"IN (SELECT child FROM ({children}))")
    nodes = (
        f"SELECT c.child AS parent, count(b.child) AS children FROM ({children}) c "
        f"LEFT JOIN ({below}) b ON b.parent = c.child GROUP BY c.child"
    )
    return _read_nodes(engine, nodes, views, limit, order="c.concept_code")


def _read_nodes(
    engine: Engine,
    nodes: str,
    views: VocabularyViews,
    limit: int | None,
    *,
    condition: str = "true",
    values: Sequence[str] = (),
    order: str = "n.children DESC, c.concept_name",
) -> list[Node]:
    rows = engine.rows(
        f"{CONCEPT_SELECT}, n.children FROM ({nodes}) n JOIN {views.concept_sql} c "
        f"ON c.concept_id = n.parent WHERE {condition} ORDER BY {order}, c.concept_id"
        + (f" LIMIT {int(limit)}" if limit is not None else ""),
        values,
    )
    return [Node(Concept(*about), children) for *about, children in rows]


def _holds(views: VocabularyViews, narrowing: Narrowing) -> str:
    """A condition on ``c``: something at any depth below it is what is asked for."""
    if views.ancestor is None:
        return f"(false AND {narrowing.sql})"
    return (
        f"c.concept_id IN (SELECT a.ancestor_concept_id FROM {quoted(views.ancestor)} a "
        f"JOIN {views.concept_sql} c ON c.concept_id = a.descendant_concept_id "
        f"WHERE {narrowing.sql})"
    )


def _edges(views: VocabularyViews, parent: str = "IS NOT NULL") -> str:
    """A SELECT of named concepts that stand one below the other; ``parent`` narrows it."""
    sources = []
    if views.ancestor is not None:
        sources.append(
            "SELECT ancestor_concept_id AS parent, descendant_concept_id AS child "
            f"FROM {quoted(views.ancestor)} WHERE min_levels_of_separation = 1 "
            f"AND ancestor_concept_id <> descendant_concept_id AND ancestor_concept_id {parent}"
        )
    if views.relationship is not None:
        sources.append(
            "SELECT concept_id_1 AS parent, concept_id_2 AS child "
            f"FROM {quoted(views.relationship)} WHERE relationship_id = 'Subsumes' "
            f"AND invalid_reason IS NULL AND concept_id_1 <> concept_id_2 "
            f"AND concept_id_1 {parent}"
        )
    if not sources:
        raise CommonwealError(
            "This vocabulary has no hierarchy.",
            expected="a table concept_ancestor or concept_relationship",
            fix="Load a vocabulary that has one of them.",
        )
    named = f"(SELECT concept_id FROM {views.concept_sql})"
    return (
        f"SELECT parent, child FROM ({' UNION '.join(sources)}) "
        f"WHERE parent IN {named} AND child IN {named}"
    )
