"""Pregnancy and menopause: what surveys and physical measurements have to agree on."""

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import FEMALE

DAYS_IN_YEAR = 365.2425
PREGNANCIES = 3
"""Chances of a woman to be pregnant, each at another age."""
PREGNANCY_SHARE = 0.6
FIRST_AGE_DAYS, LAST_AGE_DAYS = int(18 * DAYS_IN_YEAR), int(43 * DAYS_IN_YEAR)
PREGNANCY_DAYS = 280
MENOPAUSE_AGES = (45, 57)


def is_pregnant(draws: Draws, ids: Ints, born: Days, sex: Ints, day: Days) -> Flags:
    """Who is pregnant on the day: women of 18 to 44, before their menopause."""
    pregnant = np.zeros(len(ids), dtype=np.bool_)
    for number in range(PREGNANCIES):
        begins = born + draws.integers(
            "pregnancy/day", ids, FIRST_AGE_DAYS, LAST_AGE_DAYS, number
        ).astype("timedelta64[D]")
        happens = draws.uniform("pregnancy", ids, number) < PREGNANCY_SHARE
        since = (day - begins).astype(np.int64)
        pregnant |= happens & (since >= 0) & (since < PREGNANCY_DAYS)
    return np.asarray(pregnant & (sex == FEMALE))


def is_after_menopause(draws: Draws, ids: Ints, age: Floats) -> Flags:
    """Whose periods have ended, at this age in years."""
    return np.asarray(age >= draws.integers("menopause", ids, *MENOPAUSE_AGES))
