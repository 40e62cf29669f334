"""Pregnancy and menopause: what surveys, measurements and health records have to agree on."""

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.ehr.pregnancies import CHECKS, TERM, draw_pregnancies
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

MENOPAUSE_AGES = (45, 57)
"""Later than any pregnancy."""


def is_pregnant(plan: Plan, people: People, day: Days) -> Flags:
    """Who is pregnant on a day, one for each person."""
    pregnancies = draw_pregnancies(plan, people)
    since = (day[:, np.newaxis] - pregnancies.begun).astype(np.float64)  # NaN where there was none
    lasts = np.where(pregnancies.ends_early == 1, CHECKS[0], TERM)
    return np.asarray(np.any((since >= 0) & (since < lasts), axis=1))


def is_after_menopause(draws: Draws, ids: Ints, age: Floats) -> Flags:
    """Whose periods have ended, at this age in years."""
    return np.asarray(age >= draws.integers("menopause", ids, *MENOPAUSE_AGES))
