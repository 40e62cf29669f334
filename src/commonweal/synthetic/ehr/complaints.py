"""What visits are for when it is not a check-up: complaints, by age and sex and what causes them.

``acute.csv`` has the number of complaints at 1,000 visits. Complaints with a rate ratio in
``effects.csv`` are drawn first, each with the rates of its patients; one of the others may follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Draws, Floats, Ints
from commonweal.synthetic.ehr.calendar import BANDS, ORDINARY, Calendar
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.effects import RATE_RATIO, Causes, list_effects, multiply_rates
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.people.diseases import SEXES, list_diseases

OLDEST = 120
NONE = -1


@dataclass(frozen=True)
class Rates:
    """Chances of complaints at a visit."""

    ages: Ints
    """First year of every age stratum."""
    chance: Floats
    """``SEXES`` x ages x complaints of ``acute.csv``."""
    driven: tuple[int, ...]
    """Positions of complaints with a rate ratio."""
    edges: Floats
    """Of each stratum, one after the other: its number, plus the chances of the complaints that
    are not driven, summed up."""

    def stratum(self, calendar: Calendar) -> Ints:
        """Number of the stratum of each visit."""
        age = np.searchsorted(self.ages[1:], calendar.age, side="right")
        return np.asarray(calendar.sex * len(self.ages) + age)


@cache
def get_rates() -> Rates:
    """The rates of ``acute.csv``, in strata that respect its limits of age."""
    rows = read_facts("acute.csv")
    limits = {int(row[end]) for row in rows for end in ("youngest", "oldest")}
    ages = np.array(sorted({*BANDS, *(limit for limit in limits if limit < OLDEST)}))
    chance = np.stack([_chances(row, ages) for row in rows], axis=-1)
    concepts = [int(row["condition_concept_id"]) for row in rows]
    driven = tuple(at for at, c in enumerate(concepts) if c in list_effects(RATE_RATIO))
    plain = chance.copy()
    plain[..., list(driven)] = 0.0
    strata = plain.reshape(-1, len(rows))
    number = np.arange(len(strata), dtype=np.float64)
    edges: Floats = np.add(number[:, np.newaxis], np.cumsum(strata, axis=1)).ravel()
    return Rates(ages=ages, chance=chance, driven=driven, edges=edges)


def _chances(row: Fact, ages: Ints) -> Floats:
    """``SEXES`` x ages of one complaint; those of unknown sex get what both sexes may have."""
    band = np.searchsorted(BANDS[1:], ages, side="right")
    known = np.array([[float(row[f"{sex}_{b}"]) for b in BANDS] for sex in SEXES[:2]])[:, band]
    unknown = np.zeros(len(ages)) if row["sex"] else (known[0] + known[1]) / 2
    rates = np.vstack([known, unknown])
    within = (ages >= int(row["youngest"])) & (ages < int(row["oldest"]))
    usual = _usual_multiple(int(row["condition_concept_id"]), ages)
    return np.where(within, rates, 0.0) / 1000 / usual


def _usual_multiple(concept: int, ages: Ints) -> Floats:
    """By how much causes that are diseases raise the rate of everybody, ``SEXES`` x ages."""
    diseases = {disease.concept: disease for disease in list_diseases()}
    multiple = np.ones((len(SEXES), len(ages)))
    for effect in list_effects(RATE_RATIO).get(concept, ()):
        if effect.cause in diseases:
            shares = [diseases[effect.cause].share_at(float(age)) for age in ages]
            multiple *= 1 + (effect.size - 1) * np.stack(shares, axis=1)
    return multiple


def draw_complaints(draws: Draws, calendar: Calendar, causes: Causes) -> Ints:
    """The line of the catalogue that each visit is for; ``NONE`` for no complaint."""
    rates, catalogue = get_rates(), get_catalogue()
    stratum = rates.stratum(calendar)
    complaint = _draw_plain(draws, calendar, rates, stratum)
    driven = _draw_driven(draws, calendar, rates, stratum, causes)
    complaint = np.where(driven >= 0, driven, complaint)
    line = np.where(complaint >= 0, complaint + catalogue.lasting, NONE)
    unknown_yet = calendar.day < catalogue.since[line]
    line = np.where((calendar.purpose == ORDINARY) & ~unknown_yet, line, NONE)
    return np.where(calendar.line >= 0, calendar.line, line)


def _draw_plain(draws: Draws, calendar: Calendar, rates: Rates, stratum: Ints) -> Ints:
    number = rates.chance.shape[-1]
    luck = draws.uniform("complaint", calendar.ids)
    found = np.searchsorted(rates.edges, stratum + luck, side="right") - stratum * number
    return np.where(found < number, found, NONE)


def _draw_driven(
    draws: Draws, calendar: Calendar, rates: Rates, stratum: Ints, causes: Causes
) -> Ints:
    luck = draws.uniform("caused complaint", calendar.ids)
    by_stratum = rates.chance.reshape(-1, rates.chance.shape[-1])
    complaint = np.full(len(calendar), NONE, dtype=np.int64)
    reached = np.zeros(len(calendar))
    for at, concept in _driven_concepts(rates):
        effects = list_effects(RATE_RATIO)[concept]
        chance = multiply_rates(causes, effects, by_stratum[stratum, at])
        complaint[(luck >= reached) & (luck < reached + chance)] = at
        reached = reached + chance
    return complaint


def _driven_concepts(rates: Rates) -> Sequence[tuple[int, int]]:
    catalogue = get_catalogue()
    return [(at, int(catalogue.concepts[catalogue.lasting + at])) for at in rates.driven]
