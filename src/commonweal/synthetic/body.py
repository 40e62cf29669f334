"""Physical measurements, biosamples and wearable days."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.enrolment import FEMALE, Participants, wears_device
from commonweal.synthetic.frames import (
    Columns,
    Moments,
    at_daytime,
    build_table,
    join_text,
    tenths,
)

MEASURED_SHARE = 0.85
SELF_REPORTED_SHARE = 0.05
SAMPLED_SHARE = 0.80
READINGS = {
    "blood-pressure-systolic": (903109, 903114, 903130),
    "blood-pressure-diastolic": (903110, 903129, 903106),
    "heart-rate": (903112, 903105, 903108),
}
MEANS = {
    "blood-pressure-systolic": 903118,
    "blood-pressure-diastolic": 903115,
    "heart-rate": 903126,
}
SINGLE = {"height": (903133, "cm"), "weight": (903121, "kg")}
READING_UNITS = {
    "blood-pressure-systolic": "mm[Hg]",
    "blood-pressure-diastolic": "mm[Hg]",
    "heart-rate": "/min",
}
BLOOD_AND_URINE = ("1SST8", "1PST8", "1HEP4", "1ED04", "2ED10", "1UR10")
SALIVA = ("1SAL2",)
SALIVA_SHARE = 0.15
SAMPLE_STATUSES = {"processed": 90, "received": 6, "not_received": 4}
DEVICES = ("wristband", "watch")
DAYS_WORN = 30


def build_measurements(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``physical_measurement``: three readings and their mean, height, weight."""
    days = people.enrolled + draws.integers("measured/day", people.ids, 0, 60).astype(
        "timedelta64[D]"
    )
    moments = at_daytime(draws, "measured", people.ids, days)
    seen = draws.chance("measured", people.ids, MEASURED_SHARE) & (days <= people.last_day)
    at_home = draws.chance("self-reported", people.ids, SELF_REPORTED_SHARE)
    blocks = [
        *_single_values(people, draws, seen & ~at_home, moments, "on_site"),
        *_single_values(people, draws, seen & at_home, moments, "self_reported"),
        *_readings(people, draws, seen & ~at_home, moments),
    ]
    table = build_table(get_model("feeds").table("physical_measurement"), blocks)
    return table.sort_by(
        [(name, "ascending") for name in ("participant_id", "physical_measurement_id")]
    )


def draw_height(draws: Draws, ids: Ints, sex: Ints) -> Floats:
    """Height in cm."""
    mean = np.where(sex == FEMALE, 162.0, 176.0)
    return tenths(draws.normal("height", ids, mean, 7.0), 130, 210)


def draw_weight(draws: Draws, ids: Ints, height: Floats) -> Floats:
    """Weight in kg, from a drawn body mass index."""
    index = np.clip(draws.normal("body mass index", ids, 28.5, 5.5), 17, 55)
    return tenths(index * (height / 100) ** 2, 35, 230)


def _single_values(
    people: Participants, draws: Draws, whom: Flags, moments: Moments, collected: str
) -> Iterator[Columns]:
    ids, when, sex = people.pick(whom, moments, people.sex)
    height = draw_height(draws, ids, sex)
    values = {"height": height, "weight": draw_weight(draws, ids, height)}
    for code, (concept, unit) in SINGLE.items():
        yield {
            "physical_measurement_id": join_text(ids, code),
            "participant_id": ids,
            "measured_at": when,
            "measurement_code": code,
            "measurement_concept_id": concept,
            "value": values[code],
            "unit": unit,
            "collected": collected,
        }


def _readings(
    people: Participants, draws: Draws, whom: Flags, moments: Moments
) -> Iterator[Columns]:
    ids, when = people.pick(whom, moments)
    level = draws.normal("pressure", ids, 0.0, 1.0)
    usual = {
        "blood-pressure-systolic": 126 + 15 * level,
        "blood-pressure-diastolic": 77 + 9 * level,
        "heart-rate": draws.normal("pulse", ids, 72.0, 10.0),
    }
    for code, concepts in READINGS.items():
        values = [_reading(draws, code, ids, usual[code], n) for n in range(len(concepts))]
        for number, (concept, value) in enumerate(zip(concepts, values, strict=True), start=1):
            yield _reading_block(ids, when, code, concept, value) | {
                "physical_measurement_id": join_text(ids, code, str(number)),
                "reading": number,
            }
        mean = (values[1] + values[2]) / 2  # the protocol's mean leaves the first one out
        yield _reading_block(ids, when, code, MEANS[code], mean) | {
            "physical_measurement_id": join_text(ids, code, "mean")
        }


def _reading(draws: Draws, code: str, ids: Ints, usual: Floats, number: int) -> Floats:
    return np.clip(np.round(draws.normal(code, ids, usual, 3.0, number)), 35, 250)


def _reading_block(
    ids: Ints, when: Moments, code: str, concept: int, value: Floats
) -> dict[str, Any]:
    return {
        "participant_id": ids,
        "measured_at": when,
        "measurement_code": code,
        "measurement_concept_id": concept,
        "value": value,
        "unit": READING_UNITS[code],
        "collected": "on_site",
    }


def build_biosamples(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``biosample``: a set of tubes, or a saliva kit."""
    days = people.enrolled + draws.integers("sampled/day", people.ids, 0, 60).astype(
        "timedelta64[D]"
    )
    moments = at_daytime(draws, "sampled", people.ids, days)
    gave = draws.chance("sampled", people.ids, SAMPLED_SHARE) & (days <= people.last_day)
    by_kit = draws.chance("saliva", people.ids, SALIVA_SHARE)
    blocks = [
        *(_samples(people, draws, gave & ~by_kit, moments, code) for code in BLOOD_AND_URINE),
        *(_samples(people, draws, gave & by_kit, moments, code) for code in SALIVA),
    ]
    table = build_table(get_model("feeds").table("biosample"), blocks)
    return table.sort_by([("participant_id", "ascending"), ("biosample_id", "ascending")])


def _samples(
    people: Participants, draws: Draws, whom: Flags, moments: Moments, code: str
) -> Columns:
    ids, when, withdrawn = people.pick(whom, moments, people.withdrawn)
    status = np.array([*SAMPLE_STATUSES, "disposed"])
    drawn = draws.choice(f"status of {code}", ids, list(SAMPLE_STATUSES.values()))
    return {
        "biosample_id": join_text(ids, code),
        "participant_id": ids,
        "sample_code": code,
        "collected_at": when,
        "status": status[np.where(np.isnat(withdrawn), drawn, len(SAMPLE_STATUSES))],
    }


def build_wearable_days(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``wearable_day``: up to thirty days of those who share a device's data."""
    wearers, first, last = people.pick(
        wears_device(people, draws), people.enrolled + 1, people.last_day
    )
    ids = np.repeat(wearers, DAYS_WORN)
    step = np.tile(np.arange(DAYS_WORN, dtype=np.int64), len(wearers))
    days = np.repeat(first, DAYS_WORN) + step.astype("timedelta64[D]")
    worn = days <= np.repeat(last, DAYS_WORN)
    ids, step, days = ids[worn], step[worn], days[worn]
    habit = draws.normal("habit", ids, 7500.0, 2500.0)
    columns: Columns = {
        "wearable_day_id": join_text(ids, np.datetime_as_string(days)),
        "participant_id": ids,
        "date": days,
        "device": np.array(DEVICES)[draws.choice("device", ids, [3, 2])],
        "steps": _whole(draws.normal("steps", ids, habit, 2000.0, step), 200, 30_000),
        "resting_heart_rate": _whole(
            draws.normal("rest", ids, draws.normal("pulse", ids, 64.0, 8.0), 2.0, step), 40, 110
        ),
        "minutes_asleep": _whole(draws.normal("sleep", ids, 410.0, 60.0, step), 120, 720),
        "minutes_worn": _whole(draws.normal("worn", ids, 1200.0, 150.0, step), 60, 1440),
    }
    return build_table(get_model("feeds").table("wearable_day"), [columns])


def _whole(values: Floats, low: int, high: int) -> Ints:
    return np.asarray(np.round(np.clip(values, low, high)), dtype=np.int64)
