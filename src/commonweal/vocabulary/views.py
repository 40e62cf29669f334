"""Which views of an engine hold the vocabulary."""

from dataclasses import dataclass

from commonweal.engine.sql import quoted


@dataclass(frozen=True)
class VocabularyViews:
    """Names of views with OMOP's columns; None for one that is not there."""

    concept: str = "concept"
    ancestor: str | None = "concept_ancestor"
    synonym: str | None = "concept_synonym"

    @property
    def concept_sql(self) -> str:
        """The view of concepts, ready to stand after FROM."""
        return quoted(self.concept)

    @property
    def synonym_sql(self) -> str:
        """The view of synonyms, or an empty relation of the same shape."""
        if self.synonym is None:
            return "(SELECT 0 AS concept_id, '' AS concept_synonym_name WHERE false)"
        return quoted(self.synonym)


DEFAULT_VIEWS = VocabularyViews()
