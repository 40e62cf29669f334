"""Sets of concepts: some named, with or without their descendants, less some excluded."""

from collections.abc import Iterable
from dataclasses import dataclass

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews


@dataclass(frozen=True)
class ConceptSetItem:
    """A concept that is put into a set, or taken out of it."""

    concept_id: int
    descendants: bool = False
    """With everything below it in the hierarchy."""
    excluded: bool = False


@dataclass(frozen=True)
class ConceptSet:
    """What its items include, less what they exclude; their order does not matter."""

    items: tuple[ConceptSetItem, ...]


def resolve(
    engine: Engine, concept_set: ConceptSet, *, views: VocabularyViews = DEFAULT_VIEWS
) -> list[int]:
    """The ids in a concept set, sorted."""
    rows = engine.rows(f"SELECT concept_id FROM ({as_sql(concept_set, views=views)})")
    return sorted(row[0] for row in rows)


def descendants(
    engine: Engine, ids: Iterable[int], *, views: VocabularyViews = DEFAULT_VIEWS
) -> set[int]:
    """The ids and everything below them in the hierarchy."""
    items = tuple(ConceptSetItem(concept_id, descendants=True) for concept_id in ids)
    return set(resolve(engine, ConceptSet(items), views=views))


def as_sql(concept_set: ConceptSet, *, views: VocabularyViews = DEFAULT_VIEWS) -> str:
    """A SELECT of the distinct ``concept_id`` in a concept set, the same for the same set.

    A concept is always among its own descendants, also where the hierarchy does not list it
    or the vocabulary does not know it.

    Raises:
        CommonwealError: descendants are asked for and there is no hierarchy.
    """
    included = [item for item in concept_set.items if not item.excluded]
    excluded = [item for item in concept_set.items if item.excluded]
    selected = _items_sql(included, views)
    return f"{selected} EXCEPT ({_items_sql(excluded, views)})" if excluded else selected


def _items_sql(items: Iterable[ConceptSetItem], views: VocabularyViews) -> str:
    ids = sorted({item.concept_id for item in items})
    parents = sorted({item.concept_id for item in items if item.descendants})
    if not ids:
        return "SELECT CAST(NULL AS BIGINT) AS concept_id WHERE false"
    values = ", ".join(f"({int(i)})" for i in ids)
    named = f"SELECT CAST(concept_id AS BIGINT) AS concept_id FROM (VALUES {values}) t(concept_id)"
    if not parents:
        return named
    return (
        f"({named} UNION SELECT CAST(descendant_concept_id AS BIGINT) FROM {_ancestor(views)} "
        f"WHERE ancestor_concept_id IN ({', '.join(str(int(i)) for i in parents)}))"
    )


def _ancestor(views: VocabularyViews) -> str:
    if views.ancestor is None:
        raise CommonwealError(
            "Descendants were asked for, but this vocabulary has no hierarchy.",
            expected="a table concept_ancestor",
            fix="Load a vocabulary with concept_ancestor, or choose concepts one by one.",
        )
    return quoted(views.ancestor)
