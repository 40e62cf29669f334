"""Height, weight and body mass index at visits, of children and adults."""

from functools import cache

import numpy as np

from commonweal.synthetic.draws import Draws, Floats, Ints
from commonweal.synthetic.ehr.visits import Visits
from commonweal.synthetic.facts import read_facts

HEIGHT_ERROR, MASS_CHANGE = 0.5, 0.03
"""Centimetres by which readings of height differ; share by which weight does."""


@cache
def get_growth() -> Floats:
    """Height and body mass index as shares of the adult's, by year of age (``growth.csv``)."""
    rows = read_facts("growth.csv")
    return np.array([[float(row["height"]), float(row["body_mass"])] for row in rows])


def body_values(draws: Draws, visits: Visits, visit: Ints) -> Floats:
    """Visits x height (cm), weight (kg), and room for the index that follows from them."""
    calendar = visits.calendar
    body, person = calendar.patients.people.body, calendar.patients.person[calendar.patient[visit]]
    growth = _growth_at(calendar.age[visit])
    ids = calendar.ids[visit]
    height = body.height[person] * growth[:, 0] + draws.normal("height", ids, 0.0, HEIGHT_ERROR)
    mass = body.body_mass[person] * growth[:, 1]
    mass = mass * (1 + draws.normal("weight", ids, 0.0, MASS_CHANGE))
    metres = height / 100
    return np.stack([height, mass * metres * metres, np.zeros(len(ids))], axis=1)


def _growth_at(age: Floats) -> Floats:
    """Straight lines between the years."""
    growth = get_growth()
    age = np.clip(age, 0, len(growth) - 1)
    year = np.minimum(age.astype(np.int64), len(growth) - 2)
    part = (age - year)[:, np.newaxis]
    return np.asarray(growth[year] + part * (growth[year + 1] - growth[year]))
