"""Who has which long-lasting disease, and since when."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import Body

DAYS_IN_YEAR = 365.2425
NEVER = np.datetime64("NaT", "D")

Onsets = Mapping[int, Days]
"""Day on which each disease (OMOP concept) began, one for each person; NaT for never.

The day may lie in the future of the plan: a person has the disease from that day on."""


def draw_onsets(draws: Draws, ids: Ints, born: Days, sex: Ints, body: Body) -> Onsets:
    """The onset of every disease of ``diseases.csv``."""
    onsets: dict[int, Days] = {}
    for row in read_facts("diseases.csv"):
        concept = int(row["condition_concept_id"])
        has = draws.chance(f"disease {concept}", ids, float(row["share"]))
        age = int(row["first_age"]) + draws.integers(f"onset {concept}", ids, 0, 30)
        day = born + np.round(age * DAYS_IN_YEAR).astype("timedelta64[D]")
        onsets[concept] = np.where(has, day, NEVER)
    return MappingProxyType(onsets)
