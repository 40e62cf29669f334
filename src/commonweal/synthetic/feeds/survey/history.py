"""Who had which illness, and whose relatives: what questions on history are answered from.

It is drawn by person and condition, so that the older and the newer form agree. Where the
person's own diseases are known to the health records, they decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.feeds.survey.pack import Condition
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import FEMALE, MALE

DAYS_IN_YEAR = 365.2425
NEVER = np.datetime64("NaT", "D")
UNMENTIONED_SHARE = 0.08
"""Share of those with a condition who do not report it, ever."""
SPREAD_YEARS = 30
"""Within how many years after the first age a condition begins."""
BANDS = {
    "child": (0, 12),
    "adolescent": (12, 18),
    "adult": (18, 65),
    "older": (65, 75),
    "elderly": (75, 200),
}
"""Ages at which a condition was told of: from, and before."""
RELATIVES = {
    "mother": 1.0,
    "father": 1.0,
    "sibling": 0.6,
    "son": 0.12,
    "daughter": 0.12,
    "grandparent": 1.1,
}
"""How often a relative has a condition, compared with mothers."""
RUNS_IN_FAMILIES = 1.8
TOLD_SHARE = 0.8
"""Of how many relatives anything is told at all."""
KNOWN_SHARE = 0.5
"""How much of what such a relative has is known."""
SEXES = {"female": FEMALE, "male": MALE}


@dataclass
class History:
    """The illnesses of people who sit at a survey; one entry of each array for each."""

    draws: Draws
    ids: Ints
    born: Days
    sex: Ints
    day: Days
    """Day of the sitting: what begins later is not told."""
    onsets: Mapping[int, Days]
    """Onset of the diseases that health records know, by OMOP concept."""
    conditions: Mapping[str, Condition]
    _onset: dict[str, Days] = field(default_factory=dict)
    _relatives: dict[tuple[str, str], Flags] = field(default_factory=dict)

    def has(self, who: str, name: str) -> Flags:
        """Whether the person (``self``), a relative or one of them all (``any``) has it."""
        if who == "self":
            return np.asarray(self._reported_onset(name) <= self.day)
        if who == "any":
            who_of_all = [self.has(one, name) for one in ("self", *RELATIVES)]
            return np.asarray(np.any(who_of_all, axis=0))
        if (who, name) not in self._relatives:
            self._relatives[who, name] = self._draw_relative(who, name)
        return self._relatives[who, name]

    def told_as(self, band: str, name: str) -> Flags:
        """Whether the person was of this age when the condition began."""
        low, high = BANDS[band]
        age = (self._reported_onset(name) - self.born).astype(np.float64) / DAYS_IN_YEAR
        return self.has("self", name) & (low <= age) & (age < high)

    def _reported_onset(self, name: str) -> Days:
        """Day on which a condition that the person tells of began; NaT for the others."""
        if name not in self._onset:
            onset = self._find_onset(self.conditions[name])
            silent = self.draws.chance(f"unmentioned {name}", self.ids, UNMENTIONED_SHARE)
            self._onset[name] = np.where(silent, NEVER, onset)
        return self._onset[name]

    def _find_onset(self, condition: Condition) -> Days:
        known = [self.onsets[concept] for concept in condition.diseases if concept in self.onsets]
        if known:
            return np.asarray(np.fmin.reduce(known))
        name, first = condition.name, condition.first_age
        years = first + self.draws.integers(f"history {name}/age", self.ids, 0, SPREAD_YEARS)
        day = self.born + np.round(years * DAYS_IN_YEAR).astype("timedelta64[D]")
        share = np.where(self._can_have(condition), condition.share, 0.0)
        return np.where(self.draws.chance(f"history {name}", self.ids, share), day, NEVER)

    def _can_have(self, condition: Condition) -> Flags:
        if not condition.sex:
            return np.full(len(self.ids), fill_value=True)
        return np.asarray(self.sex == SEXES[condition.sex])

    def _draw_relative(self, who: str, name: str) -> Flags:
        usual = self.conditions[name].family * RELATIVES[who] * KNOWN_SHARE
        own = self._reported_onset(name) <= self.day
        share: Floats = np.where(own, usual * RUNS_IN_FAMILIES, usual)
        told = self.draws.chance(f"family {who}", self.ids, TOLD_SHARE)
        return told & self.draws.chance(f"family {who} {name}", self.ids, share)
