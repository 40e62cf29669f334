"""The days on which patients were seen, and why: ordinary visits, antenatal ones, the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Flags, Floats, Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.pregnancies import CHECKS, MOST, TERM, Pregnancies, draw_pregnancies
from commonweal.synthetic.ehr.records import MOST_VISITS
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.diseases import sex_position
from commonweal.synthetic.plan import Plan

ORDINARY, ANTENATAL, DELIVERY, FINAL = range(4)
"""Purposes of a visit."""
CAPTURED_SHARE = 0.36
"""Share of a person's visits that one site records; it makes about 70 rows a patient."""
SHORTEST_CARE, CARE_SPREAD = 0.15, 0.75
"""A patient is known for a share of the site's years: 0.15 + 0.75 x a squared uniform number."""
MOST_ORDINARY = 200
FOLLOWED_SHARE = 0.45
"""Share of pregnancies that the site follows, where its volume is 1."""
LAST_VISIT_SHARE = 0.7
"""Share of the dying whose last days the site recorded."""
TERM_SPREAD = 10
BANDS = (0, 18, 40, 65)
EPOCH = np.datetime64("1900-01-01", "D")
DAYS_IN_YEAR = 365.2425
SLOT_BITS, PURPOSE_BITS, DAY_BITS = 8, 4, 18


@dataclass(frozen=True)
class Calendar:
    """One entry of each array for each visit, by patient, then by day."""

    patients: Patients
    patient: Ints
    ids: Ints
    """``visit_occurrence_id``."""
    number: Ints
    """Visits of the patient before this one."""
    day: Days
    purpose: Ints
    line: Ints
    """Line of the catalogue that an antenatal visit or delivery records; -1 for others."""
    age: Floats
    """In years."""
    sex: Ints
    """Position in ``SEXES``."""
    first: Ints
    """Position of each patient's first visit; one more entry, for the end."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def band(self) -> Ints:
        """Position in ``BANDS`` of the age."""
        return np.searchsorted(BANDS[1:], self.age, side="right")

    def of_patient(self, array: np.ndarray) -> np.ndarray:
        """An array of the patients, one entry for each visit."""
        return np.asarray(array[self.patient])


@dataclass(frozen=True)
class VisitFacts:
    """How often people come; numbers of ``visits.csv``."""

    yearly: Floats
    """Visits a year by ``SEXES`` x ``BANDS``."""
    spread_shares: Floats
    spread: Floats
    """Quantiles of a person's rate over the usual one."""
    by_diseases: Floats
    """How much more often people with 0, 1, ... lasting diseases come."""


@cache
def get_visit_facts() -> VisitFacts:
    """The facts, with what lies between sexes for those of unknown sex."""
    facts = read_facts("visits.csv")

    def numbers(characteristic: str) -> list[float]:
        return [float(f["number"]) for f in facts if f["characteristic"] == characteristic]

    yearly = np.array(numbers("visits a year")).reshape(2, len(BANDS))
    shares = [float(f["value"]) for f in facts if f["characteristic"] == "spread"]
    spread = numbers("spread")
    return VisitFacts(
        yearly=np.vstack([yearly, (yearly[0] + yearly[1]) / 2]),
        spread_shares=np.array([0.0, *shares, 1.0]),
        spread=np.array([spread[0], *spread, spread[-1]]),
        by_diseases=np.array(numbers("diseases")),
    )


def draw_calendar(plan: Plan, patients: Patients, diseases: Ints) -> Calendar:
    """All visits of the patients; ``diseases`` are the lasting ones each has by the last day."""
    known = _first_known_days(plan, patients)
    pregnancies = draw_pregnancies(plan, patients.people)
    parts = [
        _ordinary(plan, patients, known, diseases),
        *_antenatal(plan, patients, known, pregnancies),
        _final(plan, patients, known),
    ]
    keys = np.sort(np.concatenate([_sort_keys(*part) for part in parts]))
    patient = keys >> (SLOT_BITS + PURPOSE_BITS + DAY_BITS)
    first = np.searchsorted(patient, np.arange(len(patients) + 1))
    number = np.arange(len(keys)) - first[patient]
    keys, patient, number = (a[number < MOST_VISITS] for a in (keys, patient, number))
    return _read_keys(patients, pregnancies, keys, patient, number)


def _read_keys(
    patients: Patients, pregnancies: Pregnancies, keys: Ints, patient: Ints, number: Ints
) -> Calendar:
    slot = keys & (2**SLOT_BITS - 1)
    purpose = (keys >> SLOT_BITS) & (2**PURPOSE_BITS - 1)
    offset = (keys >> (SLOT_BITS + PURPOSE_BITS)) & (2**DAY_BITS - 1)
    day = EPOCH + offset.astype("timedelta64[D]")
    people, person = patients.people, patients.person[patient]
    return Calendar(
        patients=patients,
        patient=patient,
        ids=patients.keys[patient] * MOST_VISITS + number,
        number=number,
        day=day,
        purpose=purpose,
        line=_pregnancy_lines(pregnancies, person, purpose, slot),
        age=(day - people.born[person]).astype(np.float64) / DAYS_IN_YEAR,
        sex=sex_position(people.sex)[person],
        first=np.searchsorted(patient, np.arange(len(patients) + 1)),
    )


def _sort_keys(patient: Ints, day: Days, purpose: int, slot: Ints) -> Ints:
    """Numbers whose order is by patient, day, purpose and slot."""
    offset = (day - EPOCH).astype(np.int64)
    key = (patient << DAY_BITS) | offset
    return np.asarray((((key << PURPOSE_BITS) | purpose) << SLOT_BITS) | slot)


def _first_known_days(plan: Plan, patients: Patients) -> Days:
    """The day on which each patient came to the site: many came late.

    It lies after the last day for those who had died before the site kept records.
    """
    luck = plan.draws.uniform("known", patients.keys)
    span = np.maximum((patients.last - patients.first).astype(np.int64), 0)
    care = np.floor(span * (SHORTEST_CARE + CARE_SPREAD * luck * luck)).astype("timedelta64[D]")
    return np.asarray(np.maximum(patients.last - care, patients.first))


def _ordinary(
    plan: Plan, patients: Patients, known: Days, diseases: Ints
) -> tuple[Ints, Days, int, Ints]:
    count = _count(plan, patients, known, diseases)
    patient = np.repeat(np.arange(len(patients), dtype=np.int64), count)
    slot = np.arange(len(patient)) - np.repeat(np.cumsum(count) - count, count)
    span = (patients.last - known).astype(np.int64)[patient] + 1
    luck = plan.draws.uniform("visit/day", patients.keys[patient], slot)
    day = known[patient] + np.floor(luck * span).astype("timedelta64[D]")
    return patient, day, ORDINARY, slot


def _count(plan: Plan, patients: Patients, known: Days, diseases: Ints) -> Ints:
    """Number of ordinary visits: by age, sex, diseases and habit; at least one of the known."""
    facts, people = get_visit_facts(), patients.people
    middle = known + (patients.last - known) // 2
    age = (middle - patients.of_person(people.born)).astype(np.float64) / DAYS_IN_YEAR
    band = np.searchsorted(BANDS[1:], age, side="right")
    yearly = facts.yearly[sex_position(patients.of_person(people.sex)), band]
    sick = facts.by_diseases[np.minimum(diseases, len(facts.by_diseases) - 1)]
    volume = np.array([site.volume for site in plan.sites])[patients.site]
    years = (patients.last - known).astype(np.float64) / DAYS_IN_YEAR
    expected = yearly * sick * _habit(plan, patients) * years * CAPTURED_SHARE * volume
    count = np.floor(expected + plan.draws.uniform("visits", patients.keys))
    is_known = known <= patients.last
    return np.where(is_known, np.clip(count, 1, MOST_ORDINARY), 0).astype(np.int64)


def _habit(plan: Plan, patients: Patients) -> Floats:
    """How much more often than usual a patient comes; 1 on average."""
    facts = get_visit_facts()
    luck = plan.draws.uniform("habit", patients.keys)
    at = np.searchsorted(facts.spread_shares, luck, side="right") - 1
    low, high = facts.spread_shares[at], facts.spread_shares[at + 1]
    part = (luck - low) / (high - low)
    return facts.spread[at] + part * (facts.spread[at + 1] - facts.spread[at])


def _antenatal(
    plan: Plan, patients: Patients, known: Days, pregnancies: Pregnancies
) -> Sequence[tuple[Ints, Days, int, Ints]]:
    """Checks and deliveries of the pregnancies that the site follows."""
    which = np.arange(MOST, dtype=np.int64)
    keys = patients.keys[:, np.newaxis]
    volume = np.array([site.volume for site in plan.sites])[patients.site]
    followed = plan.draws.uniform("pregnancy/followed", keys, which) < (
        FOLLOWED_SHARE * volume[:, np.newaxis]
    )
    begun = patients.of_person(pregnancies.begun)
    goes_on = patients.of_person(pregnancies.ends_early) == 0
    term = TERM + plan.draws.integers("pregnancy/term", keys, -TERM_SPREAD, TERM_SPREAD, which)
    stages: list[tuple[Ints, int, Flags]] = [
        (np.full_like(term, day), ANTENATAL, followed & (goes_on | (number == 0)))
        for number, day in enumerate(CHECKS)
    ]
    stages.append((term, DELIVERY, followed & goes_on))
    parts = []
    for stage, (after, purpose, happens) in enumerate(stages):
        day = begun + after.astype("timedelta64[D]")
        within = happens & (day >= known[:, np.newaxis]) & (day <= patients.last[:, np.newaxis])
        patient, pregnancy = np.nonzero(within)
        slot = pregnancy * (len(CHECKS) + 1) + stage
        parts.append((patient, day[within], purpose, slot))
    return parts


def _pregnancy_lines(pregnancies: Pregnancies, person: Ints, purpose: Ints, slot: Ints) -> Ints:
    """What antenatal visits and deliveries record."""
    which, stage = np.divmod(slot, len(CHECKS) + 1)
    line = np.full(len(slot), -1, dtype=np.int64)
    is_pregnant = (purpose == ANTENATAL) | (purpose == DELIVERY)
    late = stage >= len(CHECKS) - 1
    for at, lines in ((~late, pregnancies.early), (late, pregnancies.late)):
        theirs = is_pregnant & at
        line[theirs] = lines[person[theirs], which[theirs]]
    return line


def _final(plan: Plan, patients: Patients, known: Days) -> tuple[Ints, Days, int, Ints]:
    """A last visit of those who died, up to three weeks before."""
    died = patients.of_person(patients.people.membership.died)
    seen = (
        (died <= patients.last)
        & (known <= patients.last)
        & plan.draws.chance("final", patients.keys, LAST_VISIT_SHARE)
    )
    before = plan.draws.integers("final/days", patients.keys, 0, 20)
    day = np.maximum(patients.last - before.astype("timedelta64[D]"), known)
    patient = np.flatnonzero(seen)
    return patient, day[patient], FINAL, np.zeros(len(patient), dtype=np.int64)
