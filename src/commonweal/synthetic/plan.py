"""What is to be made: how many people, of which kind, treated where, and as of which day.

A plan and the version of the product decide every byte. People are made in batches of any
size: whatever a person gets depends on the plan and the person alone.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.people.demographics import (
    Demographics,
    default_demographics,
    read_demographics,
)
from commonweal.synthetic.sites.profile import SiteProfile, list_profiles

FIRST_PERSON = 100_000_001
"""Ids have nine digits, as participants' ids in the field have."""
MOST_PERSONS = 50_000_000
FIRST_DAY = date(2017, 6, 1)
"""The day on which the programme began."""
LAST_DAY = date(2099, 12, 31)
DEFAULT_SITES = 6
DEFAULT_SEED = 1
DEFAULT_AS_OF = date(2026, 10, 1)


@dataclass(frozen=True)
class Plan:
    """A synthetic programme that can be made; ``build_plan`` makes sure of it."""

    persons: int
    seed: int = DEFAULT_SEED
    as_of: date = DEFAULT_AS_OF
    sites: tuple[SiteProfile, ...] = field(default_factory=lambda: list_profiles(DEFAULT_SITES))
    demographics: Demographics = field(default_factory=default_demographics)

    @property
    def draws(self) -> Draws:
        """All the randomness of the programme."""
        return Draws(self.seed)

    @property
    def last(self) -> np.datetime64:
        """The day of the snapshot: nothing is known of later ones."""
        return np.datetime64(self.as_of, "D")

    def batch(self, first: int, size: int) -> Ints:
        """Ids of up to ``size`` persons, from the one at position ``first`` (0 is the first)."""
        stop = min(first + size, self.persons)
        return np.arange(FIRST_PERSON + first, FIRST_PERSON + stop, dtype=np.int64)


def build_plan(
    *,
    persons: int,
    sites: int | None = None,
    seed: int = DEFAULT_SEED,
    as_of: date = DEFAULT_AS_OF,
    demographics: Path | None = None,
) -> Plan:
    """The plan for these numbers: six sites, or fewer where there are fewer persons.

    Raises:
        CommonwealError: a number is out of range, there are more sites than persons, the day
            lies outside the programme's life, or the table of demographics cannot be used.
    """
    _check_number("persons", persons, most=MOST_PERSONS)
    sites = min(DEFAULT_SITES, persons) if sites is None else sites
    _check_number("sites", sites, most=persons)
    if not FIRST_DAY <= as_of <= LAST_DAY:
        raise CommonwealError(
            f"Nothing is known as of {as_of}.",
            expected=f"a day from {FIRST_DAY}, when the programme began, to {LAST_DAY}",
            fix="Choose another day.",
        )
    table = read_demographics(demographics) if demographics else default_demographics()
    return Plan(persons, seed, as_of, list_profiles(sites), table)


def _check_number(noun: str, number: int, *, most: int) -> None:
    limit = ", as many as there are persons" if noun == "sites" else ""
    if not 1 <= number <= most:
        raise CommonwealError(
            f"A programme with {number:,} {noun} cannot be made.",
            expected=f"a number of {noun} from 1 to {most:,}{limit}",
            fix=f"Give another number of {noun}.",
        )
