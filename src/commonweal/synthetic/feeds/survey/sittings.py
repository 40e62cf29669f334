"""Who sits at which survey, and when.

The first survey follows the consent, the second and third follow the first, all others follow
these three. Some came for a few weeks only; a survey that replaced another one is not sent to
whoever answered that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags
from commonweal.synthetic.feeds.consents import consent_moments
from commonweal.synthetic.feeds.survey.pack import Module, Pack, Places
from commonweal.synthetic.feeds.survey.scale import mix, quantiles
from commonweal.synthetic.feeds.survey.traits import Traits
from commonweal.synthetic.frames import Days, Moments, at_daytime
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

CORE = "core"
CORE_MODULES = ("TheBasics", "OverallHealth", "Lifestyle")
WILLINGNESS = 0.5
"""How much it depends on the person whether one sits at a survey."""
MINUTES_BETWEEN = (10, 40)
"""Between two surveys on the same day."""
SECOND_TIME = 50
"""Added to the slot of a survey that is answered again."""
DAYS_UNTIL_AGAIN = (365, 1400)
NEVER = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Sitting:
    """Those who answered one survey."""

    module: Module
    slot: int
    """Tells the sittings of a person apart; they are in its order."""
    moments: Moments
    """One for each person; NaT for those who did not answer."""

    @property
    def whom(self) -> Places:
        """Positions of those who answered."""
        return np.flatnonzero(~np.isnat(self.moments)).astype(np.int32)


def draw_sittings(plan: Plan, people: People, traits: Traits, pack: Pack) -> list[Sitting]:
    """All sittings in the order of their slots."""
    calendar = Calendar(plan, people, traits)
    done: dict[str, Moments] = {}
    sittings = []
    for module in pack.modules:
        ready = _find_ready(module.after, done, consent_moments(people))
        if module.unless:
            ready = np.where(np.isnat(done[module.unless]), ready, NEVER)
        moments = calendar.draw_moments(module, ready)
        done[module.code] = moments
        sittings.append(Sitting(module, module.slot, moments))
    again = [calendar.repeat(sitting) for sitting in sittings if sitting.module.again]
    return [*sittings, *again]


def _find_ready(after: str, done: Mapping[str, Moments], consent: Moments) -> Moments:
    """From when on a survey is open to each person; NaT when it never is."""
    if not after:
        return consent
    if after == CORE:
        return reduce(np.maximum, (done[code] for code in CORE_MODULES))
    return done[after]


@dataclass(frozen=True)
class Calendar:
    """When people answer what is open to them."""

    plan: Plan
    people: People
    traits: Traits

    def draw_moments(self, module: Module, ready: Moments) -> Moments:
        """When each answers the module first; NaT for those who do not."""
        draws, ids, stream = self.plan.draws, self.people.ids, f"survey {module.slot}"
        ready_day = ready.astype("datetime64[D]")
        start = np.maximum(ready_day, np.datetime64(module.opens, "D"))
        day = start + self._delay(module, start)
        minutes = draws.integers(f"{stream}/minutes", ids, *MINUTES_BETWEEN)
        soon = ready + minutes.astype("timedelta64[m]")
        moments = np.where(day == ready_day, soon, at_daytime(draws, stream, ids, day))
        return np.where(self._sits(module, start, day), moments, NEVER)

    def _delay(self, module: Module, start: Days) -> NDArray[Any]:
        """Days from when it is open; evenly until it closes, where it does."""
        luck = self.plan.draws.uniform(f"survey {module.slot}/delay", self.people.ids)
        if module.closes is None:
            return np.floor(module.days * luck * luck).astype("timedelta64[D]")
        left = (np.datetime64(module.closes, "D") - start).astype(np.float64) + 1
        return np.floor(np.where(left > 0, left, 0) * luck).astype("timedelta64[D]")

    def _sits(self, module: Module, start: Days, day: Days) -> Flags:
        chance = self.plan.draws.uniform(f"survey {module.slot}/sits", self.people.ids)
        willing = mix(WILLINGNESS, self.traits["willing"], chance)
        sits = willing >= quantiles(WILLINGNESS, np.array(1 - module.share))
        sits &= day <= self.people.membership.last_day
        if module.closes is not None:
            sits &= start <= np.datetime64(module.closes, "D")
        return np.asarray(sits)

    def repeat(self, sitting: Sitting) -> Sitting:
        """The second time that few people answer a survey."""
        draws, ids, stream = self.plan.draws, self.people.ids, f"survey {sitting.slot} again"
        wait = draws.integers(f"{stream}/wait", ids, *DAYS_UNTIL_AGAIN).astype("timedelta64[D]")
        day = sitting.moments.astype("datetime64[D]") + wait
        sits = draws.chance(stream, ids, sitting.module.again)
        sits &= day <= self.people.membership.last_day
        moments = np.where(sits, at_daytime(draws, stream, ids, day), NEVER)
        return replace(sitting, slot=sitting.slot + SECOND_TIME, moments=moments)
