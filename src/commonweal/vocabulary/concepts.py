"""Concepts of a vocabulary that is registered in an engine.

The search rules are those of the programme's public browser: every word of three letters or
more must begin a word of the name, code, vocabulary or a synonym; a query that is the code or
the id of a concept finds just that; a query in double quotes is one phrase.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from commonweal.engine.protocol import Engine
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews

LONGEST_QUERY = 500
"""Characters of a query that are looked at."""

_MOST_WORDS = 20
_SHORTEST_REQUIRED_WORD = 3
_LARGEST_ID_DIGITS = 18
_NOT_WORD = r"[^\p{L}\p{N}]+"

_SELECT = (
    "SELECT c.concept_id, c.concept_name, c.concept_code, c.vocabulary_id, c.domain_id, "
    "c.concept_class_id, c.standard_concept"
)


@dataclass(frozen=True)
class Concept:
    """One term of a vocabulary."""

    id: int
    name: str
    code: str
    vocabulary: str
    domain: str
    concept_class: str
    standard: str | None
    """``S`` for a standard concept, ``C`` for a classification, None for a source term."""


def find_concepts(
    engine: Engine,
    text: str,
    *,
    domain: str | None = None,
    limit: int = 50,
    views: VocabularyViews = DEFAULT_VIEWS,
) -> list[Concept]:
    """Concepts that match ``text``, the best first.

    A concept whose code or id is the text itself is the whole answer. Otherwise standard and
    classification concepts with all the words: first those of exactly that name, then those
    whose name begins with it, then shorter names before longer ones. Without any word, all
    standard and classification concepts count as matches.
    """
    query = text[:LONGEST_QUERY].strip()
    exact = _find_exact(engine, query, domain, limit, views)
    return exact or _find_by_words(engine, query, domain, limit, views)


def find_concept(
    engine: Engine, concept_id: int, *, views: VocabularyViews = DEFAULT_VIEWS
) -> Concept | None:
    """The concept with this id, or None."""
    sql = f"{_SELECT} FROM {views.concept_sql} c WHERE c.concept_id = ?"
    rows = engine.rows(sql, [concept_id])
    return Concept(*rows[0]) if rows else None


def get_concept(
    engine: Engine, concept_id: int, *, views: VocabularyViews = DEFAULT_VIEWS
) -> Concept:
    """The concept with this id.

    Raises:
        CommonwealError: the vocabulary has no such concept.
    """
    concept = find_concept(engine, concept_id, views=views)
    if concept is None:
        raise CommonwealError(
            f"The vocabulary has no concept {concept_id}.",
            fix="Check the id, or load a vocabulary that has it.",
        )
    return concept


def split_words(text: str) -> list[str]:
    """The words a query asks for, lower-case.

    Commas, plus signs and spaces divide words; a query wholly in double quotes is a single
    phrase. Words of one or two letters are left out when there are longer ones.
    """
    phrase = re.fullmatch(r'\s*"([^"]*)"\s*', text)
    parts = [phrase[1]] if phrase else re.split(r"[\s,+]+", text)
    normal = [" ".join(re.findall(r"[^\W_]+", part.lower())) for part in parts]
    words = list(dict.fromkeys(word for word in normal if word))
    long = [word for word in words if len(word) >= _SHORTEST_REQUIRED_WORD]
    return (long or words)[:_MOST_WORDS]


def _find_exact(
    engine: Engine, query: str, domain: str | None, limit: int, views: VocabularyViews
) -> list[Concept]:
    is_id = query.isdecimal() and query.isascii() and len(query) <= _LARGEST_ID_DIGITS
    of_domain, values = _of_domain(domain)
    rows = engine.rows(
        f"{_SELECT} FROM {views.concept_sql} c "
        f"WHERE (lower(c.concept_code) = lower(?) OR c.concept_id = ?) AND {of_domain} "
        "ORDER BY c.standard_concept NULLS LAST, c.vocabulary_id, c.concept_id LIMIT ?",
        [query, int(query) if is_id else -1, *values, limit],
    )
    return [Concept(*row) for row in rows]


def _find_by_words(
    engine: Engine, query: str, domain: str | None, limit: int, views: VocabularyViews
) -> list[Concept]:
    words = split_words(query)
    if query and not words:
        return []
    of_domain, values = _of_domain(domain)
    has_words = "".join(" AND contains(c.said, ?)" for _ in words)
    rows = engine.rows(
        f"{_SELECT} FROM ({_with_all_said(views)}) c "
        f"WHERE c.standard_concept IN ('S', 'C') AND {of_domain}{has_words} "
        "ORDER BY lower(c.concept_name) <> ?, NOT starts_with(lower(c.concept_name), ?), "
        "length(c.concept_name), c.concept_name, c.concept_id LIMIT ?",
        [*values, *(f" {word}" for word in words), query.lower(), query.lower(), limit],
    )
    return [Concept(*row) for row in rows]


def _with_all_said(views: VocabularyViews) -> str:
    """Concepts with all that is said about them, as words with a space before each."""
    said = "concat_ws(' ', '', c.concept_name, c.concept_code, c.vocabulary_id, s.names)"
    return (
        f"SELECT c.*, regexp_replace(lower({said}), '{_NOT_WORD}', ' ', 'g') AS said "
        f"FROM {views.concept_sql} c LEFT JOIN (SELECT concept_id, "
        f"string_agg(concept_synonym_name, ' ') AS names FROM {views.synonym_sql} "
        "GROUP BY concept_id) s USING (concept_id)"
    )


def _of_domain(domain: str | None) -> tuple[str, Sequence[object]]:
    return ("true", []) if domain is None else ("lower(c.domain_id) = lower(?)", [domain])
