"""How much is in a vocabulary: by licence, vocabulary and domain."""

from collections import Counter
from dataclasses import dataclass

from commonweal.engine.protocol import Engine
from commonweal.vocabulary.licences import CLASSES, UNKNOWN
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews


@dataclass(frozen=True)
class Share:
    """Concepts of one licence class, vocabulary or domain, and how many are standard."""

    name: str
    concepts: int
    standard: int


@dataclass(frozen=True)
class Contents:
    """The concepts of a vocabulary, shared out three ways, the largest shares first."""

    licences: tuple[Share, ...]
    vocabularies: tuple[Share, ...]
    domains: tuple[Share, ...]


def count_contents(engine: Engine, *, views: VocabularyViews = DEFAULT_VIEWS) -> Contents:
    """Count the concepts of a vocabulary; licence classes come in their own order."""
    rows = engine.rows(
        "SELECT licence_class, vocabulary_id, domain_id, count(*), "
        "count(*) FILTER (standard_concept = 'S') "
        f"FROM {views.concept_sql} GROUP BY ALL ORDER BY ALL"
    )
    licences, vocabularies, domains = (_share(rows, place) for place in range(3))
    known = list(CLASSES)
    ordered = sorted(licences, key=lambda share: known.index(share.name))
    return Contents(tuple(ordered), vocabularies, domains)


def _share(rows: list[tuple[str, str, str, int, int]], place: int) -> tuple[Share, ...]:
    concepts: Counter[str] = Counter()
    standard: Counter[str] = Counter()
    for row in rows:
        name = row[place] if place or row[place] in CLASSES else UNKNOWN
        concepts[name] += row[3]
        standard[name] += row[4]
    by_size = sorted(concepts, key=lambda name: (-concepts[name], name))
    return tuple(Share(name, concepts[name], standard[name]) for name in by_size)
