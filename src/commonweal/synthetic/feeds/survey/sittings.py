"""Who sits at which survey, and when.

The first survey follows the consent, the second and third follow the first, all others follow
these three. Some came for a few weeks only; a survey that replaced another one is not sent to
whoever answered that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.feeds.survey.pack import Module, Pack
from commonweal.synthetic.feeds.survey.scale import mix, quantiles
from commonweal.synthetic.feeds.survey.traits import Traits
from commonweal.synthetic.frames import Days, Moments, at_daytime
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

CONSENT_HOUR = 8
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
    def whom(self) -> Ints:
        """Positions of those who answered."""
        return np.flatnonzero(~np.isnat(self.moments))


def draw_sittings(plan: Plan, people: People, traits: Traits, pack: Pack) -> list[Sitting]:
    """All sittings in the order of their slots."""
    consent = people.membership.enrolled.astype("datetime64[us]") + np.timedelta64(
        CONSENT_HOUR, "h"
    )
    done: dict[str, Moments] = {}
    sittings = []
    for module in pack.modules:
        ready = _find_ready(module.after, done, consent)
        if module.unless:
            ready = np.where(np.isnat(done[module.unless]), ready, NEVER)
        moments = _draw_moments(plan, people, traits, module, ready)
        done[module.code] = moments
        sittings.append(Sitting(module, module.slot, moments))
    again = [_repeat(plan, people, sitting) for sitting in sittings if sitting.module.again]
    return [*sittings, *again]


def _find_ready(after: str, done: Mapping[str, Moments], consent: Moments) -> Moments:
    """From when on a survey is open to each person; NaT when it never is."""
    if not after:
        return consent
    if after == CORE:
        return reduce(np.maximum, (done[code] for code in CORE_MODULES))
    return done[after]


def _draw_moments(
    plan: Plan, people: People, traits: Traits, module: Module, ready: Moments
) -> Moments:
    draws, ids, stream = plan.draws, people.ids, f"survey {module.slot}"
    ready_day = ready.astype("datetime64[D]")
    start = np.maximum(ready_day, np.datetime64(module.opens, "D"))
    luck = draws.uniform(f"{stream}/delay", ids)
    if module.closes is None:
        delay = np.floor(module.days * luck * luck)
    else:
        left = (np.datetime64(module.closes, "D") - start).astype(np.float64) + 1
        delay = np.floor(np.where(np.isnat(start), 0, left) * luck)
    day = start + delay.astype("timedelta64[D]")
    minutes = draws.integers(f"{stream}/minutes", ids, *MINUTES_BETWEEN)
    soon = ready + minutes.astype("timedelta64[m]")
    moments = np.where(day == ready_day, soon, at_daytime(draws, stream, ids, day))
    return np.where(_sits(plan, people, traits, module, start, day), moments, NEVER)


def _sits(
    plan: Plan, people: People, traits: Traits, module: Module, start: Days, day: Days
) -> Flags:
    chance = plan.draws.uniform(f"survey {module.slot}/sits", people.ids)
    willing = mix(WILLINGNESS, traits["willing"], chance)
    ready = willing >= quantiles(WILLINGNESS, np.array(1 - module.share))
    in_time = day <= people.membership.last_day
    if module.closes is not None:
        in_time &= start <= np.datetime64(module.closes, "D")
    return np.asarray(ready & in_time)


def _repeat(plan: Plan, people: People, sitting: Sitting) -> Sitting:
    """The second time that few people answer a survey."""
    draws, ids, stream = plan.draws, people.ids, f"survey {sitting.slot} again"
    wait = draws.integers(f"{stream}/wait", ids, *DAYS_UNTIL_AGAIN).astype("timedelta64[D]")
    day = sitting.moments.astype("datetime64[D]") + wait
    sits = draws.chance(stream, ids, sitting.module.again) & (day <= people.membership.last_day)
    moments = np.where(sits, at_daytime(draws, stream, ids, day), NEVER)
    return replace(sitting, slot=sitting.slot + SECOND_TIME, moments=moments)
