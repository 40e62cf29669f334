"""When women were pregnant and what came of it: the same at every site that treats them."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import FEMALE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

MOST = 4
FIRST_AGE, YEARS_APART = 18.0, 6.5
"""A woman may become pregnant once in each of ``MOST`` spans of so many years,"""
PART_OF_SPAN = 0.8
"""in this part of it: the next one is at least a year away."""
CHANCE = 0.5
DAYS_IN_YEAR = 365.2425
CHECKS = (9 * 7, 20 * 7, 32 * 7)
"""Days after the beginning on which a pregnancy is looked at; one that ends early only first."""
EARLY, LATE = 0, 2
TERM = 39 * 7
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Pregnancies:
    """Arrays of persons x ``MOST``."""

    begun: Days
    """NaT where there was none."""
    early: Ints
    """Line of the catalogue recorded at first: a normal pregnancy, or how it ended."""
    late: Ints
    """Line recorded at the last check."""
    ends_early: Ints
    """1 where nothing follows the first check."""


def draw_pregnancies(plan: Plan, people: People) -> Pregnancies:
    """At most four pregnancies of each woman between 18 and 44."""
    draws, catalogue = plan.draws, get_catalogue()
    rows = read_facts("pregnancy.csv")
    lines = np.array([catalogue.line(int(row["condition_concept_id"])) for row in rows])
    shares = np.array([float(row["share"]) for row in rows])
    is_early = np.array([row["stage"] == "early" for row in rows])
    number = np.arange(MOST, dtype=np.int64)
    ids = people.ids[:, np.newaxis]
    part = draws.uniform("pregnancy/day", ids, number) * PART_OF_SPAN
    age = FIRST_AGE + (number + part) * YEARS_APART
    begun = people.born[:, np.newaxis] + np.floor(age * DAYS_IN_YEAR).astype("timedelta64[D]")
    is_hers = (draws.uniform("pregnancy", ids, number) < CHANCE) & (
        people.sex[:, np.newaxis] == FEMALE
    )
    early = lines[is_early][draws.choice("pregnancy/outcome", ids, shares[is_early], number)]
    normal = lines[0]
    rest = max(1 - shares[~is_early].sum(), 0.0)
    late_lines = np.array([*lines[~is_early], normal])
    late = late_lines[draws.choice("pregnancy/late", ids, [*shares[~is_early], rest], number)]
    return Pregnancies(
        begun=np.where(is_hers, begun, NEVER),
        early=early,
        late=late,
        ends_early=(early != normal).astype(np.int64),
    )
