"""What follows from what: the rows of ``effects.csv`` and where their causes are at work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Flags, Floats, Ints
from commonweal.synthetic.ehr.calendar import Calendar
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.course import Course
from commonweal.synthetic.ehr.regimens import Regimens, list_ingredients
from commonweal.synthetic.facts import read_facts

RATE_RATIO, SHIFT = "rate ratio", "shift"


@dataclass(frozen=True)
class Effect:
    """How much a cause, a condition or a drug, changes what it acts on."""

    cause: int
    effect: int
    size: float


@cache
def list_effects(kind: str) -> Mapping[int, tuple[Effect, ...]]:
    """Effects of a kind, by what they act on."""
    found: dict[int, tuple[Effect, ...]] = {}
    for row in read_facts("effects.csv"):
        if row["kind"] == kind:
            effect = Effect(int(row["cause"]), int(row["effect"]), float(row["size"]))
            found[effect.effect] = (*found.get(effect.effect, ()), effect)
    return found


class Causes:
    """At which visits each cause is at work.

    A lasting disease works from the first visit after its onset on, a drug after the visit at
    which it was first prescribed, a complaint at its own visit.
    """

    def __init__(self, calendar: Calendar, course: Course, regimens: Regimens) -> None:
        self._calendar = calendar
        self._course = course
        self._regimens = regimens
        self._complaint: Ints | None = None
        self._known: dict[int, Flags] = {}

    def know_complaints(self, line: Ints) -> None:
        """Say which line each visit is for; -1 for none."""
        self._complaint = line

    def at_work(self, cause: int) -> Flags:
        """One entry for each visit."""
        if cause not in self._known:
            self._known[cause] = self._find(cause)
        return self._known[cause]

    def _find(self, cause: int) -> Flags:
        catalogue = get_catalogue()
        lines = np.flatnonzero(catalogue.concepts == cause)
        if not len(lines):
            return self._after_drug(cause)
        if lines[0] < catalogue.lasting:
            theirs = self._course.line == lines[0]
            return self._since(self._course.patient[theirs], self._course.visit[theirs])
        if self._complaint is None:
            raise KeyError(f"complaints are not known yet: {cause}")
        return np.asarray(self._complaint == lines[0])

    def _after_drug(self, cause: int) -> Flags:
        """``cause`` is a drug or an ingredient."""
        regimens = self._regimens
        drugs = {cause, *(d for d, parts in list_ingredients().items() if cause in parts)}
        theirs = np.isin(regimens.drug, list(drugs))
        return self._since(regimens.patient[theirs], regimens.visit[theirs] + 1)

    def _since(self, patient: Ints, visit: Ints) -> Flags:
        first = np.full(len(self._calendar.patients), len(self._calendar), dtype=np.int64)
        np.minimum.at(first, patient, visit)
        return np.asarray(np.arange(len(self._calendar)) >= first[self._calendar.patient])


def multiply_rates(causes: Causes, effects: Iterable[Effect], rate: Floats) -> Floats:
    """Rates at visits, times the ratio of every cause that is at work."""
    for effect in effects:
        rate = rate * np.where(causes.at_work(effect.cause), effect.size, 1.0)
    return rate


def shift_values(causes: Causes, concept: int, visit: Ints, values: Floats) -> Floats:
    """Values at some visits, plus the size of every cause that is at work there."""
    for effect in list_effects(SHIFT).get(concept, ()):
        values = values + np.where(causes.at_work(effect.cause)[visit], effect.size, 0.0)
    return values
