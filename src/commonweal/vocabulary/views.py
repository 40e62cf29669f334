"""Which views of an engine hold the vocabulary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted


@dataclass(frozen=True)
class VocabularyViews:
    """Names of views with OMOP's columns; None for one that is not there."""

    concept: str = "concept"
    ancestor: str | None = "concept_ancestor"
    synonym: str | None = "concept_synonym"
    relationship: str | None = "concept_relationship"
    search: str | None = None
    """What was prepared for searching when the vocabulary was loaded."""

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
SEARCH = "concept_search"


def register_vocabulary(
    engine: Engine, files: Mapping[str, Sequence[Path]], *, search: Path | None = None
) -> VocabularyViews:
    """Make a view of every vocabulary table, called by its name."""
    for name, parts in files.items():
        engine.register_parquet(name, parts)
    if search is not None:
        engine.register_parquet(SEARCH, [search])
    there = {name: name if name in files else None for name in files.keys() | _OPTIONAL}
    return VocabularyViews(
        ancestor=there["concept_ancestor"],
        synonym=there["concept_synonym"],
        relationship=there["concept_relationship"],
        search=SEARCH if search is not None else None,
    )


_OPTIONAL = {"concept_ancestor", "concept_synonym", "concept_relationship"}
