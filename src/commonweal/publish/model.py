"""What the publishing store holds, as those who read it see it.

Every count of people is a ``PublishedCount``; None stands for one that is not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from commonweal.disclosure.counts import PublishedCount
from commonweal.publish.analyses import Cell

Cells = Mapping[Cell, PublishedCount | None]


@dataclass(frozen=True)
class ReleaseFacts:
    """The release a publishing store was made of."""

    id: str
    tier: str
    title: str
    synthetic: bool
    """True when the people are made up; every page says so."""
    cutoff: date
    content_hash: str
    programme: str


@dataclass(frozen=True)
class StoreSummary:
    """What was written: concepts listed, and cells by what became of them."""

    concepts: int
    cells: int
    """Cells of all age and sex tables, and all other counts of people."""
    small_cells: int
    """Cells shown as “≤ 20”."""
    suppressed_cells: int
    """Cells not shown."""


@dataclass(frozen=True)
class AgeSexTable:
    """People by age band and sex, each person in one cell; cells keyed by (band, sex)."""

    bands: tuple[str, ...]
    sexes: tuple[str, ...]
    cells: Cells

    @property
    def is_shown(self) -> bool:
        """Whether any of its cells is."""
        return any(count is not None for count in self.cells.values())


@dataclass(frozen=True)
class DomainSummary:
    """A kind of record, with the people who have one."""

    id: str
    title: str
    participants: PublishedCount | None
    concepts: int
    """How many concepts are listed, exactly."""


@dataclass(frozen=True)
class ConceptSummary:
    """A concept in a list."""

    id: int
    name: str
    code: str
    vocabulary: str
    domain: str
    participants: PublishedCount | None
    rank: int
    """Place among all concepts by published count, then name; 1 is the first."""


@dataclass(frozen=True)
class ConceptPage:
    """All that is said about a concept."""

    concept: ConceptSummary
    synonyms: tuple[str, ...]
    by_age_sex: AgeSexTable


@dataclass(frozen=True)
class Page:
    """One page of a list of concepts; page 1 is the first, also of an empty list."""

    concepts: tuple[ConceptSummary, ...]
    total: int
    page: int
    pages: int
