"""What is true of the people at a sitting, by the names that the survey pack uses for it.

Such as ``sex:8507``, ``smoker:quit``, ``mother:anemia``: the part before the colon says what
it is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags, Floats, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.feeds.survey.history import BANDS, RELATIVES, History
from commonweal.synthetic.feeds.survey.pack import Pack, Places
from commonweal.synthetic.feeds.survey.traits import Traits
from commonweal.synthetic.feeds.women import is_after_menopause, is_pregnant
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import MALE
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_IN_YEAR = 365.2425
QUIT_SHARE, SOME_DAYS_SHARE = 0.62, 0.12
"""Of those who smoked: who stopped, and who smokes on some days only."""
STOPPED_BY_HORMONES_SHARE = 0.04
RETIREMENT_AGE, RETIRED_SHARE = 65, 0.75


@dataclass
class Details:
    """The people at one sitting, in the order of their ids."""

    plan: Plan
    people: People
    whom: Places
    """Their positions among ``people``."""
    day: Days
    traits: Traits
    """Of all people."""
    pack: Pack
    _known: dict[str, Flags] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.whom)

    @cached_property
    def ids(self) -> Ints:
        """Their ids."""
        return self.of(self.people.ids)

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of all people, for those at the sitting."""
        return np.asarray(array[self.whom])

    def trait(self, name: str) -> Floats:
        """A trait of theirs."""
        return self.of(self.traits[name])

    @cached_property
    def age(self) -> Floats:
        """Years, with fractions."""
        return np.asarray((self.day - self.of(self.people.born)).astype(np.float64) / DAYS_IN_YEAR)

    def flags(self, name: str) -> Flags:
        """Of whom a detail is true."""
        if name not in self._known:
            about, _, value = name.partition(":")
            self._known[name] = self._find(about, value)
        return self._known[name]

    def _find(self, about: str, value: str) -> Flags:
        if about in RELATIVES and value == "none":
            conditions = self.pack.family[about]
            some = np.any([self.history.has(about, name) for name in conditions], axis=0)
            return np.asarray(~some)
        if about in ("self", "any", *RELATIVES):
            return self.history.has(about, value)
        if about in BANDS:
            return self.history.told_as(about, value)
        return self._finders[about](value)

    @cached_property
    def _finders(self) -> Mapping[str, Callable[[str], Flags]]:
        people = self.people
        return {
            "sex": lambda value: self.of(people.sex) == int(value),
            "race": lambda value: self.of(people.race) == int(value),
            "ethnicity": lambda value: self.of(people.ethnicity) == int(value),
            "gender": lambda value: self.of(people.gender) == int(value),
            "state": lambda value: self._states == value,
            "spanish": lambda _: self.of(people.spanish),
            "female": lambda _: self.of(people.sex) != MALE,
            "smoker": self._smokes,
            "aged": lambda value: self.age >= int(value),
            "retired": lambda _: self._retired,
            "periods": self._has_periods,
            "pregnant": lambda value: self._pregnant if value == "yes" else ~self._pregnant,
        }

    @cached_property
    def history(self) -> History:
        """Their illnesses and those of their relatives."""
        people = self.people
        return History(
            draws=self.plan.draws,
            ids=self.ids,
            born=self.of(people.born),
            sex=self.of(people.sex),
            day=self.day,
            onsets={concept: self.of(onset) for concept, onset in people.onsets.items()},
            conditions=self.pack.conditions,
        )

    @cached_property
    def _states(self) -> NDArray[np.str_]:
        states = np.array([*(row["state"] for row in read_facts("states.csv")), ""])
        return np.asarray(states[np.where(self._homes == NOWHERE, len(states) - 1, self._homes)])

    @cached_property
    def _homes(self) -> Ints:
        return self.of(self.people.residence)

    def _smokes(self, value: str) -> Flags:
        smoked = self.of(self.people.body.smoker)
        if value in ("ever", "never"):
            return smoked if value == "ever" else ~smoked
        luck = self.plan.draws.uniform("smokes now", self.ids)
        now = np.select([luck < QUIT_SHARE, luck < QUIT_SHARE + SOME_DAYS_SHARE], [0, 1], 2)
        return np.asarray(smoked & (now == ("quit", "some days", "every day").index(value)))

    @cached_property
    def _retired(self) -> Flags:
        retires = self.plan.draws.chance("retired", self.ids, RETIRED_SHARE)
        return retires & (self.age >= RETIREMENT_AGE)

    def _has_periods(self, value: str) -> Flags:
        draws = self.plan.draws
        over = is_after_menopause(draws, self.ids, self.age)
        stopped = ~over & draws.chance("periods stopped", self.ids, STOPPED_BY_HORMONES_SHARE)
        return {"go on": ~over & ~stopped, "stopped": stopped, "ended": over}[value]

    @cached_property
    def _pregnant(self) -> Flags:
        day = np.full(len(self.people), np.datetime64("NaT", "D"))
        day[self.whom] = self.day
        return self.of(is_pregnant(self.plan, self.people, day))
