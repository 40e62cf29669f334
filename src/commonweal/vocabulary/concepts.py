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
from commonweal.vocabulary.search_text import CONCEPT_COLUMNS, search_sql
from commonweal.vocabulary.views import DEFAULT_VIEWS, VocabularyViews

LONGEST_QUERY = 500
"""Characters of a query that are looked at."""

_MOST_WORDS = 20
_SHORTEST_REQUIRED_WORD = 3
_LARGEST_ID_DIGITS = 18
_MOST_SUGGESTIONS = 5
_NOT_CODE = r"[\s.\-_/]"
"""What people leave out of codes, or put in."""

CONCEPT_SELECT = f"SELECT {', '.join(f'c.{column}' for column in CONCEPT_COLUMNS)}"


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


@dataclass(frozen=True)
class Narrowing:
    """What a search is confined to; spelled in either case."""

    domain: str | None = None
    vocabulary: str | None = None

    @property
    def sql(self) -> str:
        """A condition on columns of ``c``."""
        conditions = ["lower(c.domain_id) = lower(?)"] if self.domain is not None else []
        conditions += ["lower(c.vocabulary_id) = lower(?)"] if self.vocabulary is not None else []
        return " AND ".join(conditions) or "true"

    @property
    def values(self) -> Sequence[str]:
        """Its parameters."""
        return [value for value in (self.domain, self.vocabulary) if value is not None]


def find_concepts(
    engine: Engine,
    text: str,
    *,
    domain: str | None = None,
    vocabulary: str | None = None,
    sources: bool = False,
    limit: int = 50,
    views: VocabularyViews = DEFAULT_VIEWS,
) -> list[Concept]:
    """Concepts that match ``text``, the best first.

    A concept whose code or id is the text itself is the whole answer. Otherwise standard and
    classification concepts with all the words, and source terms too when ``sources`` is true:
    first those of exactly that name, then those whose name begins with it, then shorter names
    before longer ones. Without any word, all of them count as matches.
    """
    query = text[:LONGEST_QUERY].strip()
    narrowing = Narrowing(domain, vocabulary)
    exact = _find_exact(engine, query, narrowing, limit, views)
    return exact or _find_by_words(engine, query, narrowing, limit, views, sources=sources)


def suggest_codes(
    engine: Engine, text: str, *, views: VocabularyViews = DEFAULT_VIEWS
) -> list[Concept]:
    """Concepts whose code is, or begins with, the text when dots and dashes do not count.

    Only a text with a digit is taken for a code; the shortest codes come first.
    """
    bare = re.sub(_NOT_CODE, "", text[:LONGEST_QUERY].lower())
    if len(bare) < _SHORTEST_REQUIRED_WORD or not any(c.isdigit() for c in bare):
        return []
    rows = engine.rows(
        f"{CONCEPT_SELECT} FROM {views.concept_sql} c "
        f"WHERE starts_with(regexp_replace(lower(c.concept_code), '{_NOT_CODE}', '', 'g'), ?) "
        f"ORDER BY length(c.concept_code), c.concept_code, c.concept_id LIMIT {_MOST_SUGGESTIONS}",
        [bare],
    )
    return [Concept(*row) for row in rows]


def find_concept(
    engine: Engine, concept_id: int, *, views: VocabularyViews = DEFAULT_VIEWS
) -> Concept | None:
    """The concept with this id, or None."""
    sql = f"{CONCEPT_SELECT} FROM {views.concept_sql} c WHERE c.concept_id = ?"
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
    engine: Engine, query: str, narrowing: Narrowing, limit: int, views: VocabularyViews
) -> list[Concept]:
    is_id = query.isdecimal() and query.isascii() and len(query) <= _LARGEST_ID_DIGITS
    rows = engine.rows(
        f"{CONCEPT_SELECT} FROM {views.concept_sql} c "
        f"WHERE (lower(c.concept_code) = lower(?) OR c.concept_id = ?) AND {narrowing.sql} "
        "ORDER BY c.standard_concept NULLS LAST, c.vocabulary_id, c.concept_id LIMIT ?",
        [query, int(query) if is_id else -1, *narrowing.values, limit],
    )
    return [Concept(*row) for row in rows]


def _find_by_words(
    engine: Engine,
    query: str,
    narrowing: Narrowing,
    limit: int,
    views: VocabularyViews,
    *,
    sources: bool,
) -> list[Concept]:
    words = split_words(query)
    if query and not words:
        return []
    of_kind = "true" if sources else "NOT c.is_source"
    has_words = "".join(" AND contains(c.said, ?)" for _ in words)
    rows = engine.rows(
        f"{CONCEPT_SELECT} FROM {search_sql(views)} c "
        f"WHERE {of_kind} AND {narrowing.sql}{has_words} "
        "ORDER BY lower(c.concept_name) <> ?, NOT starts_with(lower(c.concept_name), ?), "
        "length(c.concept_name), c.concept_name, c.concept_id LIMIT ?",
        [*narrowing.values, *(f" {w}" for w in words), query.lower(), query.lower(), limit],
    )
    return [Concept(*row) for row in rows]
