"""The feed ``physical_measurement``: readings by staff, and height and weight told at home.

Blood pressure, pulse, waist and hip are read three times. The mean of pressure and pulse is
that of the last two readings, the mean of waist and hip that of the closest two, or of all
three where these lie equally far apart (form 0.3.3 of the programme). Waist and hip of
pregnant women and of people in wheelchairs are not measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags, Floats
from commonweal.synthetic.feeds.visits import draw_visits
from commonweal.synthetic.feeds.women import is_pregnant
from commonweal.synthetic.frames import Days, Moments, build_table, join_text, tenths
from commonweal.synthetic.people.body import MALE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_IN_YEAR = 365.2425
MEASURED_SHARE, SECOND_VISIT_SHARE, AT_HOME_SHARE = 0.85, 0.04, 0.08
AT_HOME_FROM = np.datetime64("2021-06-01", "D")
"""The first day on which height and weight could be told from home."""
WHEELCHAIR_SHARE = 0.008
REFUSED_SHARE = 0.012
"""Of those measured, who refuse one group of readings."""
HYPERTENSION = 320128
READINGS = 3
PRESSURES = ("blood-pressure-systolic", "blood-pressure-diastolic")
CONCEPTS = {
    "blood-pressure-systolic": (903109, 903114, 903130, 903118),
    "blood-pressure-diastolic": (903110, 903129, 903106, 903115),
    "heart-rate": (903112, 903105, 903108, 903126),
    "hip-circumference": (903117, 903125, 903123, 903136),
    "waist-circumference": (903127, 903134, 903128, 903135),
    "height": (903133,),
    "weight": (903121,),
    "bmi": (903124,),
}
"""Concepts of readings 1 to 3 and of their mean, or of the only reading."""
UNITS = {
    "blood-pressure-systolic": "mm[Hg]",
    "blood-pressure-diastolic": "mm[Hg]",
    "heart-rate": "/min",
    "hip-circumference": "cm",
    "waist-circumference": "cm",
    "height": "cm",
    "weight": "kg",
    "bmi": "kg/m2",
}
LIMITS = {
    "blood-pressure-systolic": (77, 202),
    "blood-pressure-diastolic": (39, 133),
    "heart-rate": (35, 125),
    "hip-circumference": (50, 185.4),
    "waist-circumference": (45, 184.2),
}
"""What has been read, which is far within what the form takes."""
PULSE_PRESSURE = 12
"""The least by which systolic pressure exceeds diastolic."""


@dataclass(frozen=True)
class Reading:
    """One reading or mean of one visit."""

    label: str
    """Ends the row's id; rows of a person are in its alphabetical order."""
    code: str
    concept: int
    number: int | None
    """1 to 3; None for a mean or an only reading."""
    values: Floats
    """One for each person; NaN where there is none."""
    moments: Moments
    at_home: Flags


def build_measurements(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of participant and id."""
    readings = sorted(_readings(plan, people), key=lambda reading: reading.label)
    values = np.stack([reading.values for reading in readings], axis=1)
    who, which = np.nonzero(~np.isnan(values))
    moments = np.stack([reading.moments for reading in readings], axis=1)
    at_home = np.stack([reading.at_home for reading in readings], axis=1)
    places = pa.array(which)

    def name(texts: list[str]) -> pa.Array:
        return pc.take(pa.array(texts, pa.string()), places)

    table = get_model("feeds").table("physical_measurement")
    columns = {
        "physical_measurement_id": join_text(people.ids[who], name([r.label for r in readings])),
        "participant_id": people.ids[who],
        "measured_at": moments[who, which],
        "measurement_code": name([reading.code for reading in readings]),
        "measurement_concept_id": np.array([reading.concept for reading in readings])[which],
        "reading": pc.take(pa.array([r.number for r in readings], pa.int64()), places),
        "value": values[who, which],
        "unit": name([UNITS[reading.code] for reading in readings]),
        "collected": pa.array(np.where(at_home[who, which], "self_reported", "on_site")),
    }
    return build_table(table, [columns])


def _readings(plan: Plan, people: People) -> Iterator[Reading]:
    """Everything that is read at a first and at a second visit."""
    draws, ids, last_day = plan.draws, people.ids, people.membership.last_day
    comes = draws.chance("measured", ids, MEASURED_SHARE)
    returns = comes & draws.chance("measured again", ids, SECOND_VISIT_SHARE)
    tells = draws.chance("self-reported", ids, AT_HOME_SHARE)
    visits = zip((comes, returns), draw_visits(plan, people), strict=True)
    for number, (whom, moments) in enumerate(visits, start=1):
        day = moments.astype("datetime64[D]")
        at_home = tells & (day >= AT_HOME_FROM)
        visit = Visit(plan, people, number, day, whom & (day <= last_day), at_home)
        for code, values in visit.read().items():
            yield from _label(visit, moments, code, values)


def _label(
    visit: "Visit", moments: Moments, code: str, values: Sequence[Floats]
) -> Iterator[Reading]:
    """The readings of one kind, the mean at last."""
    for place, (concept, value) in enumerate(zip(CONCEPTS[code], values, strict=True), start=1):
        single = len(values) == 1
        number = place if place <= READINGS and not single else None
        end = "" if single else f"-{number or 'mean'}"
        yield Reading(
            label=f"{visit.number}-{code}{end}",
            code=code,
            concept=concept,
            number=number,
            values=value,
            moments=moments,
            at_home=visit.at_home,
        )


@dataclass(frozen=True)
class Visit:
    """One visit of everybody: what would be read, and of whom it is."""

    plan: Plan
    people: People
    number: int
    day: Days
    there: Flags
    """Who came, or told something from home."""
    at_home: Flags

    @property
    def draws(self) -> Draws:
        """The randomness of the programme."""
        return self.plan.draws

    def read(self) -> dict[str, list[Floats]]:
        """Values of everything; NaN where nothing was read."""
        luck = self._uniform("refuses")
        refused = luck < REFUSED_SHARE
        girths = (luck >= 2 * REFUSED_SHARE) & ~self._not_to_be_girded()
        read = {code: _known(values, ~refused) for code, values in self._pressures().items()}
        read |= {code: _known(values, girths) for code, values in self._girths().items()}
        read = {code: _known(values, ~self.at_home) for code, values in read.items()}
        read |= {code: [values] for code, values in self._build().items()}
        return {code: _known(values, self.there) for code, values in read.items()}

    def _uniform(self, stream: str) -> Floats:
        return self.draws.uniform(f"visit {self.number}/{stream}", self.people.ids)

    def _normal(self, stream: str, mean: float | Floats, sd: float, counter: int = 0) -> Floats:
        name = f"visit {self.number}/{stream}"
        return self.draws.normal(name, self.people.ids, mean, sd, counter)

    def _not_to_be_girded(self) -> Flags:
        people = self.people
        sits = self.draws.chance("wheelchair", people.ids, WHEELCHAIR_SHARE)
        return sits | is_pregnant(self.plan, people, self.day)

    def _pressures(self) -> dict[str, list[Floats]]:
        """Pressure and pulse: three readings, and the mean of the last two."""
        people, strong = self.people, self.people.body.pressure
        age = (self.day - people.born).astype(np.float64) / DAYS_IN_YEAR
        never = np.full(len(people), np.datetime64("NaT", "D"))
        ill = people.onsets.get(HYPERTENSION, never) <= self.day
        usual = {
            "blood-pressure-systolic": 119 + 11 * strong + 0.25 * (age - 50) + 10 * ill,
            "blood-pressure-diastolic": 75 + 7 * strong + 5 * ill,
            "heart-rate": self.draws.normal("pulse", people.ids, 72.0, 9.0)
            + 0.3 * (people.body.body_mass - 27),
        }
        read = {code: self._three(code, usual[code], 3.5, whole=True) for code in usual}
        read["blood-pressure-diastolic"] = [
            np.minimum(low, high - PULSE_PRESSURE)
            for high, low in zip(*(read[code] for code in PRESSURES), strict=True)
        ]
        return {code: [*values, (values[1] + values[2]) / 2] for code, values in read.items()}

    def _girths(self) -> dict[str, list[Floats]]:
        """Waist and hip: three readings, and the mean of the closest two."""
        mass, male = self.people.body.body_mass, self.people.sex == MALE
        usual = {
            "hip-circumference": np.where(male, 64 + 1.4 * mass, 57 + 1.85 * mass),
            "waist-circumference": np.where(male, 36 + 2.2 * mass, 33 + 2.1 * mass),
        }
        own = {code: self.draws.normal(code, self.people.ids, usual[code], 4.0) for code in usual}
        read = {code: self._three(code, own[code], 0.7, whole=False) for code in own}
        return {code: [*values, mean_of_closest(*values)] for code, values in read.items()}

    def _three(self, code: str, usual: Floats, spread: float, *, whole: bool) -> list[Floats]:
        low, high = LIMITS[code]
        values = [self._normal(code, usual, spread, number) for number in range(READINGS)]
        return [np.round(np.clip(value, low, high), 0 if whole else 1) for value in values]

    def _build(self) -> dict[str, Floats]:
        """Height, weight and, of those who came, body mass index."""
        body = self.people.body
        height = tenths(self._normal("height", body.height, 0.4), 120, 215)
        weight = tenths(self._normal("weight", body.weight, 2.0), 32, 240)
        index = np.round(weight / (height / 100) ** 2, 1)
        return {
            "height": height,
            "weight": weight,
            "bmi": np.where(self.at_home, np.nan, index),
        }


def _known(values: Sequence[Floats], known: Flags) -> list[Floats]:
    return [np.where(known, value, np.nan) for value in values]


def mean_of_closest(first: Floats, second: Floats, third: Floats) -> Floats:
    """The mean of the closest two of three, of all three when equally far apart; one decimal.

    Lengths are compared in whole millimetres, and halves are rounded up.
    """
    low, middle, high = np.sort(np.round(np.stack([first, second, third]) * 10), axis=0)
    below, above = middle - low, high - middle
    twice = np.where(below < above, low + middle, middle + high)
    mean = np.where(
        below == above, np.floor((low + middle + high) / 3 + 0.5), np.floor(twice / 2 + 0.5)
    )
    return np.asarray(mean / 10)
