"""What kind of person answers: a few traits that many answers go with.

Every trait is uniform on [0, 1) among all people, so that a share of answers stays what the
model says, whichever trait it goes with. Traits form a tree: each is a mean of its parent and
of chance. Health and age follow from the person's own details.
"""

from collections.abc import Mapping

import numpy as np

from commonweal.synthetic.draws import Floats
from commonweal.synthetic.feeds.survey.scale import mix, share_below
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_IN_YEAR = 365.2425
AGES = ([18, 30, 40, 50, 60, 70, 80, 100], [0.0, 0.12, 0.29, 0.45, 0.63, 0.83, 0.96, 1.0])
"""Years, and the share of people who are younger."""
BURDENS = (
    [0.0, 0.213, 0.287, 0.345, 0.394, 0.443, 0.493, 0.548, 0.610, 0.691, 0.97],
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
)
"""Burden of disease, body mass and age with chance, and the share of people who bear less."""
MOST_DISEASES = 12
CHILDREN = (
    ("means", "", 0.0),
    ("faith", "", 0.0),
    ("drink", "", 0.0),
    ("caution", "", 0.0),
    ("outgoing", "", 0.0),
    ("kind", "", 0.0),
    ("careful", "", 0.0),
    ("curious", "", 0.0),
    ("willing", "", 0.0),
    ("area", "means", 0.5),
    ("unfair", "means", 0.35),
    ("mood", "health", 0.4),
    ("support", "mood", 0.5),
    ("trauma", "mood", 0.45),
    ("attention", "mood", 0.45),
    ("drugs", "trauma", 0.35),
)
"""Traits with their parent and its weight. Where it is strong, people are …

poor (means), religious, given to drink, wary of infection, outgoing, kind, careful, curious,
ready to answer surveys; live in a bad area, feel treated unfairly, are low in mood, alone,
were hurt, are distracted, use drugs. Health and age are strong in the ill and the old."""

Traits = Mapping[str, Floats]


def draw_traits(plan: Plan, people: People) -> Traits:
    """Every trait, one number for each person."""
    traits: dict[str, Floats] = {"age": _age(plan, people)}
    traits["health"] = _health(plan, people, traits["age"])
    for name, parent, loading in CHILDREN:
        chance = plan.draws.uniform(f"trait {name}", people.ids)
        if parent:
            chance = share_below(loading, mix(loading, traits[parent], chance))
        traits[name] = chance
    return traits


def _age(plan: Plan, people: People) -> Floats:
    years = (plan.last - people.born).astype(np.float64) / DAYS_IN_YEAR
    return np.interp(years, *AGES)


def _health(plan: Plan, people: People, age: Floats) -> Floats:
    """How much illness weighs, and chance: 1 is the heaviest."""
    diseases = np.zeros(len(people))
    for onset in people.onsets.values():
        diseases += onset <= plan.last
    burden = np.minimum(diseases, MOST_DISEASES) / MOST_DISEASES
    excess = np.clip((people.body.body_mass - 25) / 20, 0, 1)
    chance = plan.draws.uniform("trait health", people.ids)
    raw = 0.35 * chance + 0.3 * burden + 0.1 * excess + 0.25 * age
    return np.interp(raw, *BURDENS)
