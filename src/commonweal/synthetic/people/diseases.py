"""Who has which long-lasting disease, and since when.

``chronic.csv`` says which share of each sex has had a disease by the ages of ``KNOTS``, evenly in
between; ``complications.csv`` which share of those with one disease gets another one after it.
The odds ratios of ``effects.csv`` raise the odds of a disease at every age by the same factor,
and lower those of everybody else so that about as many have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import FEMALE, MALE, SMOKER_SHARE, Body

DAYS_IN_YEAR = 365.2425
NEVER = np.datetime64("NaT", "D")
KNOTS = (18, 40, 65, 90)
"""Years of age at which the share of those who have had a disease is known."""
SEXES = ("female", "male", "unknown")
OBESE_FROM = 30.0
OBESE_SHARE = 0.39
"""Share of people with a body mass index of ``OBESE_FROM`` or more, as ``body.py`` makes them."""
COPD = 255573
COPD_ODDS_RATIO_OF_SMOKERS = 3.0
"""The planted association: the odds of COPD of those who ever smoked, over those of the others.

It stands in ``effects.csv`` like the rest; a study of the records should find it again.
"""

Onsets = Mapping[int, Days]
"""Day on which each disease (OMOP concept) began, one for each person; NaT for never.

The day may lie in the future of the plan: a person has the disease from that day on."""


@dataclass(frozen=True)
class Disease:
    """A row of ``chronic.csv``; ``shares`` has a row for each of ``SEXES``, from birth on."""

    concept: int
    needs: str
    shares: Floats
    odds: tuple[tuple[str, float], ...]
    """Causes, words or concepts, with their odds ratios."""

    def share_at(self, age: float) -> Floats:
        """Share of each of ``SEXES`` who have had it by an age."""
        ages = np.array([0, *KNOTS])
        upper = min(int(np.searchsorted(ages, age)), len(ages) - 1)
        lower = max(upper - 1, 0)
        part = (min(age, ages[-1]) - ages[lower]) / max(ages[upper] - ages[lower], 1)
        low, high = self.shares[:, lower], self.shares[:, upper]
        return np.asarray(low + part * (high - low), dtype=np.float64)


@cache
def list_diseases() -> tuple[Disease, ...]:
    """The diseases of ``chronic.csv`` in its order: causes come before what they cause."""
    return tuple(_disease(row) for row in read_facts("chronic.csv"))


def _disease(row: Fact) -> Disease:
    known = [[float(row[f"{sex}_{age}"]) for age in KNOTS] for sex in SEXES[:2]]
    unknown = [0.0] * len(KNOTS) if row["sex"] else np.mean(known, axis=0).tolist()
    odds = tuple(
        (effect["cause"], float(effect["size"]))
        for effect in read_facts("effects.csv")
        if effect["kind"] == "odds ratio" and effect["effect"] == row["condition_concept_id"]
    )
    shares = np.array([[0.0, *ages] for ages in [*known, unknown]])
    return Disease(int(row["condition_concept_id"]), row["needs"], shares, odds)


def sex_position(sex: Ints) -> Ints:
    """Position in ``SEXES`` of each person's concept."""
    return np.select([sex == FEMALE, sex == MALE], [0, 1], 2)


def draw_onsets(draws: Draws, ids: Ints, born: Days, sex: Ints, body: Body) -> Onsets:
    """The onset of every disease of ``chronic.csv`` and ``complications.csv``."""
    onsets: dict[int, Days] = {}
    position = sex_position(sex)
    words = {"smoker": body.smoker, "obese": body.body_mass >= OBESE_FROM}
    for disease in list_diseases():
        luck = draws.uniform(f"disease {disease.concept}", ids)
        luck = _with_odds(disease, luck, position, words, onsets)
        onsets[disease.concept] = _onset_days(disease, luck, position, born)
        if disease.needs:
            missing = ~words[disease.needs]
            onsets[disease.concept][missing] = NEVER
    for row in read_facts("complications.csv"):
        onsets[int(row["condition_concept_id"])] = _draw_complication(draws, ids, row, onsets)
    return MappingProxyType(onsets)


def _with_odds(
    disease: Disease,
    luck: Floats,
    position: Ints,
    words: Mapping[str, Flags],
    onsets: Onsets,
) -> Floats:
    """Luck that is worse for those with a cause: the odds of being below any share are
    multiplied by their odds ratio over the average one.
    """
    factor = np.ones(len(luck))
    for cause, ratio in disease.odds:
        has = words[cause] if cause in words else ~np.isnat(onsets[int(cause)])
        average = 1 + (ratio - 1) * _cause_shares(cause)[position]
        factor *= np.where(has, ratio, 1.0) / average
    return luck / (luck + (1 - luck) * factor)


def _cause_shares(cause: str) -> Floats:
    """Share of each of ``SEXES`` with a cause; of a disease, those who ever get it."""
    if cause == "smoker":
        shares = [SMOKER_SHARE[FEMALE], SMOKER_SHARE[MALE]]
        return np.array([*shares, sum(shares) / 2])
    if cause == "obese":
        return np.full(len(SEXES), OBESE_SHARE)
    return _find_disease(int(cause)).share_at(KNOTS[-1])


def _find_disease(concept: int) -> Disease:
    return next(disease for disease in list_diseases() if disease.concept == concept)


def _onset_days(disease: Disease, luck: Floats, position: Ints, born: Days) -> Days:
    """Where luck meets the share who have the disease by some age."""
    ages = np.array([0.0, *KNOTS])
    shares = disease.shares
    edges = (np.arange(len(SEXES))[:, np.newaxis] + shares[:, 1:]).ravel()
    passed = np.searchsorted(edges, position + luck, side="right") - position * len(KNOTS)
    falls_ill = passed < len(KNOTS)
    at = np.minimum(passed, len(KNOTS) - 1)
    low, high = shares[position, at], shares[position, at + 1]
    part = np.divide(luck - low, high - low, out=np.zeros(len(luck)), where=high > low)
    age = ages[at] + part * (ages[at + 1] - ages[at])
    days = born + np.floor(age * DAYS_IN_YEAR).astype("timedelta64[D]")
    return np.where(falls_ill, days, NEVER)


def _draw_complication(draws: Draws, ids: Ints, row: Fact, onsets: Onsets) -> Days:
    """Evenly within some years after the disease it comes from."""
    name = f"disease {row['condition_concept_id']}"
    has = draws.chance(name, ids, float(row["share"]))
    delay = draws.integers(f"{name}/delay", ids, 30, int(float(row["years"]) * DAYS_IN_YEAR))
    before = onsets[int(row["needs"])]
    return np.where(has, before + delay.astype("timedelta64[D]"), NEVER)


def list_lasting() -> Sequence[Fact]:
    """Rows of both files, in the order in which ``draw_onsets`` draws them."""
    return [*read_facts("chronic.csv"), *read_facts("complications.csv")]
