"""How much is in a vocabulary: by licence, vocabulary and domain."""

from collections import Counter
from collections.abc import Iterable
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
    known = list(CLASSES)
    licences = _share(
        (licence if licence in CLASSES else UNKNOWN, *counts) for licence, _, _, *counts in rows
    )
    return Contents(
        tuple(sorted(licences, key=lambda share: known.index(share.name))),
        _share((vocabulary, *counts) for _, vocabulary, _, *counts in rows),
        _share((domain, *counts) for _, _, domain, *counts in rows),
    )


def _share(counted: Iterable[tuple[str, int, int]]) -> tuple[Share, ...]:
    concepts: Counter[str] = Counter()
    standard: Counter[str] = Counter()
    for name, of_all, of_standard in counted:
        concepts[name] += of_all
        standard[name] += of_standard
    by_size = sorted(concepts, key=lambda name: (-concepts[name], name))
    return tuple(Share(name, concepts[name], standard[name]) for name in by_size)
