"""Every condition that records may name, and what else a visit may be about.

A *line* is a position in the catalogue: lasting diseases first, complaints of a while after them,
pregnancies last. A *trigger* is what something is done or given for: a line, or one of the
``WORDS``, numbered after the lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Floats, Ints
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.diseases import list_lasting

WORDS = (
    "wellness",
    "smoker",
    "non_smoker",
    "prenatal",
    "delivery",
    "final",
    "outpatient",
    "emergency",
    "inpatient",
)
ALWAYS = "1900-01-01"
"""Instead of a day since when something has been there."""


@dataclass(frozen=True)
class Catalogue:
    """One entry of each array for each line."""

    concepts: Ints
    coded: Floats
    """Share of visits, after the first one, at which a lasting disease is recorded again."""
    lethality: Ints
    """Weight of a disease among the causes of a death."""
    days: Ints
    """How long a complaint lasts; 0 for what does not end."""
    emergency: Floats
    """Share of visits for a complaint that are emergencies; so for stays in hospital."""
    inpatient: Floats
    since: Days
    """First day on which a complaint was known."""
    lasting: int
    """Number of lasting diseases, which are the first lines."""
    acute: int
    """Number of complaints, which follow."""

    def __len__(self) -> int:
        return len(self.concepts)

    def line(self, concept: int) -> int:
        """The line of a condition.

        Raises:
            KeyError: the catalogue has no such condition.
        """
        found = np.flatnonzero(self.concepts == concept)
        if not len(found):
            raise KeyError(concept)
        return int(found[0])

    def trigger(self, given: str) -> int:
        """The number of a condition or word that something is given for."""
        return len(self) + WORDS.index(given) if given in WORDS else self.line(int(given))


@cache
def get_catalogue() -> Catalogue:
    """The conditions of the facts."""
    lasting = list_lasting()
    acute = read_facts("acute.csv")
    pregnancies = read_facts("pregnancy.csv")
    rows = [*lasting, *acute, *pregnancies]
    return Catalogue(
        concepts=np.array([int(row["condition_concept_id"]) for row in rows], dtype=np.int64),
        coded=_numbers(rows, "coded"),
        lethality=_numbers(rows, "lethality").astype(np.int64),
        days=_numbers(rows, "days").astype(np.int64),
        emergency=_numbers(rows, "emergency"),
        inpatient=_numbers(rows, "inpatient"),
        since=days_since(rows),
        lasting=len(lasting),
        acute=len(acute),
    )


def days_since(rows: Sequence[Fact]) -> Days:
    """The column ``since``, where there is one and it is filled."""
    return np.array([row.get("since") or ALWAYS for row in rows], dtype="datetime64[D]")


def _numbers(rows: Sequence[Fact], column: str) -> Floats:
    return np.array([float(row.get(column) or 0) for row in rows], dtype=np.float64)
