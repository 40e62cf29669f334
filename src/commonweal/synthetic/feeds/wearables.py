"""The feed ``wearable_day``: what the devices of some participants counted.

Steps fall with age and body mass, at weekends and in winter; days on which the device was not
worn have no row, and where it was worn for a few hours sleep and resting pulse are missing.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.frames import Days, build_table, join_text
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_IN_YEAR = 365.2425
SHARING_SHARE = 0.11
SHARING_FROM = np.datetime64("2019-02-01", "D")
"""The first day on which a device could be linked."""
DAYS_UNTIL_SHARING = (1, 400)
FEWEST_DAYS, MOST_DAYS = 14, 120
STOPPED_SHARE = 0.3
DEVICES = {"wristband": 3, "watch": 2}
NEVER = np.datetime64("NaT", "D")
MONDAY_1970 = 4
"""Days from the first of 1970, a Thursday, to a Monday."""
MONTHLY_STEPS = (0.93, 0.94, 0.98, 1.02, 1.05, 1.06, 1.04, 1.04, 1.03, 1.01, 0.97, 0.93)
WEEKEND_STEPS, WEEKEND_SLEEP = 0.92, 28.0
AWAY_WEEK_SHARE, AWAY_DAY_SHARE, BRIEF_SHARE = 0.05, 0.06, 0.05
"""Weeks and days without the device, and days on which it was worn for a few hours."""


@dataclass(frozen=True)
class Sharing:
    """Who lets the programme have a device's data: one entry of each array for each person."""

    first: Days
    """Day on which sharing began; NaT for those who never share."""
    last: Days
    """Last day with data."""
    stopped: Days
    """Day on which sharing was stopped; NaT for those who did not stop it."""


def draw_sharing(plan: Plan, people: People) -> Sharing:
    """Begin and end of sharing; nobody shares after their last day."""
    draws, ids, last_day = plan.draws, people.ids, people.membership.last_day
    wait = draws.integers("sharing/wait", ids, *DAYS_UNTIL_SHARING).astype("timedelta64[D]")
    first = np.maximum(people.membership.enrolled, SHARING_FROM) + wait
    shares = draws.chance("sharing", ids, SHARING_SHARE) & (first <= last_day)
    span = draws.integers("sharing/days", ids, FEWEST_DAYS, MOST_DAYS).astype("timedelta64[D]")
    last = np.minimum(first + span - 1, last_day)
    stops = draws.chance("sharing/stopped", ids, STOPPED_SHARE) & (last < last_day)
    return Sharing(
        first=np.where(shares, first, NEVER),
        last=np.where(shares, last, NEVER),
        stopped=np.where(shares & stops, last + 1, NEVER),
    )


def build_wearables(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of participant and day."""
    draws = plan.draws
    sharing = draw_sharing(plan, people)
    wearers = np.flatnonzero(~np.isnat(sharing.first))
    spans = (sharing.last - sharing.first)[wearers].astype(np.int64) + 1
    who = np.repeat(wearers, spans)
    step = np.arange(len(who)) - np.repeat(np.cumsum(spans) - spans, spans)
    day = sharing.first[who] + step.astype("timedelta64[D]")
    worn = _is_worn(draws, people.ids[who], day)
    who, day = who[worn], day[worn]
    ids, number = people.ids[who], day.astype(np.int64)
    brief = draws.uniform("wear/brief", ids, number) < BRIEF_SHARE
    minutes = np.where(brief, 60 + 240 * draws.uniform("wear/hours", ids, number), 1440.0)
    minutes -= np.where(brief, 0, 480 * draws.uniform("wear/off", ids, number))
    devices = draws.choice("device", people.ids, list(DEVICES.values()))
    table = get_model("feeds").table("wearable_day")
    columns = {
        "wearable_day_id": join_text(ids, np.datetime_as_string(day)),
        "participant_id": ids,
        "date": day,
        "device": pa.array(np.array(list(DEVICES))[devices[who]], pa.string()),
        "steps": _whole(_steps(draws, people, who, day) * minutes / 1440, 0, 45_000),
        "resting_heart_rate": _where(~brief, _whole(_pulse(draws, people, who, day), 38, 115)),
        "minutes_asleep": _where(~brief, _whole(_sleep(draws, people, who, day), 90, 780)),
        "minutes_worn": _whole(minutes, 30, 1440),
    }
    return build_table(table, [columns])


def _is_worn(draws: Draws, ids: Ints, day: Days) -> Flags:
    number = day.astype(np.int64)
    away = draws.uniform("wear/week", ids, number // 7) < AWAY_WEEK_SHARE
    return ~away & (draws.uniform("wear/day", ids, number) >= AWAY_DAY_SHARE)


def _steps(draws: Draws, people: People, who: Ints, day: Days) -> Floats:
    years = (day - people.born[who]).astype(np.float64) / DAYS_IN_YEAR
    habit = draws.normal("wear/habit", people.ids, 8200.0, 2400.0)[who]
    usual = habit - 55 * np.maximum(years - 40, 0)
    usual -= 130 * np.maximum(people.body.body_mass[who] - 25, 0)
    month = day.astype("datetime64[M]").astype(np.int64) % 12
    usual = np.maximum(usual, 900) * np.array(MONTHLY_STEPS)[month]
    usual *= np.where(_is_weekend(day), WEEKEND_STEPS, 1.0)
    change = draws.normal("wear/steps", people.ids[who], 1.0, 0.32, day.astype(np.int64))
    return np.asarray(usual * np.clip(change, 0.1, 3))


def _pulse(draws: Draws, people: People, who: Ints, day: Days) -> Floats:
    usual = draws.normal("wear/pulse", people.ids, 64.0, 6.5)[who]
    usual += 0.3 * (people.body.body_mass[who] - 27)
    return draws.normal("wear/rest", people.ids[who], usual, 1.8, day.astype(np.int64))


def _sleep(draws: Draws, people: People, who: Ints, day: Days) -> Floats:
    usual = draws.normal("wear/night", people.ids, 400.0, 35.0)[who]
    usual += np.where(_is_weekend(day), WEEKEND_SLEEP, 0.0)
    return draws.normal("wear/sleep", people.ids[who], usual, 48.0, day.astype(np.int64))


def _is_weekend(day: Days) -> Flags:
    return np.asarray((day.astype(np.int64) - MONDAY_1970) % 7 >= 5)


def _whole(values: Floats, low: int, high: int) -> Ints:
    return np.asarray(np.round(np.clip(values, low, high)), dtype=np.int64)


def _where(known: Flags, values: Ints) -> pa.Array:
    return pa.array(values, mask=~known)
