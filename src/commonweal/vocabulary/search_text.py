"""What a search looks through: all that is said about a concept, as lower-case words.

With a few thousand concepts it is put together at each search. A vocabulary of millions has it
prepared when it is loaded, in a file of its own: both are one SELECT, so both give one answer.
"""

from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.vocabulary.views import VocabularyViews

CONCEPT_COLUMNS = (
    "concept_id",
    "concept_name",
    "concept_code",
    "vocabulary_id",
    "domain_id",
    "concept_class_id",
    "standard_concept",
)
_NOT_WORD = r"[^\p{L}\p{N}]+"


def search_sql(views: VocabularyViews) -> str:
    """A relation of concepts, to stand after FROM.

    ``said`` is the words of name, code, vocabulary and synonyms with a space before each;
    ``is_source`` tells source terms from standard and classification concepts.
    """
    return quoted(views.search) if views.search else f"({_put_together(views)})"


def write_search(engine: Engine, views: VocabularyViews, file: Path) -> None:
    """Write what ``search_sql`` gives into a file, source terms last."""
    engine.write_parquet(_put_together(views), file, order_by=["is_source", "concept_id"])


def _put_together(views: VocabularyViews) -> str:
    columns = ", ".join(f"c.{column}" for column in CONCEPT_COLUMNS)
    said = "concat_ws(' ', '', c.concept_name, c.concept_code, c.vocabulary_id, s.names)"
    return (
        f"SELECT {columns}, coalesce(c.standard_concept NOT IN ('S', 'C'), true) AS is_source, "
        f"regexp_replace(lower({said}), '{_NOT_WORD}', ' ', 'g') AS said "
        f"FROM {views.concept_sql} c LEFT JOIN (SELECT concept_id, "
        "string_agg(concept_synonym_name, ' ' ORDER BY concept_synonym_name) AS names "
        f"FROM {views.synonym_sql} GROUP BY concept_id) s USING (concept_id)"
    )
