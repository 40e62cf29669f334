"""When people joined the programme, what they authorised, and when they left or died."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days, Moments, at_daytime, some_day_between
from commonweal.synthetic.people.body import MALE
from commonweal.synthetic.plan import FIRST_DAY, Plan

PACE = [
    ("2017-06-01", 0.10),  # invited only
    ("2018-05-06", 1.00),  # open to all
    ("2020-03-15", 1.30),
    ("2020-03-16", 0.03),  # clinics closed
    ("2020-08-31", 0.03),
    ("2020-09-01", 0.50),
    ("2021-06-01", 1.00),
]
"""How fast people join: straight lines between these points, level after the last."""

MONTHS_TO_ADULTHOOD = 18 * 12
DAYS_IN_YEAR = 365.2425
WITHDRAWN_SHARE = 1 / 200
DEACTIVATED_SHARE = 1 / 150
TEST_SHARE = 1 / 500
EHR_SHARES = {"yes": 93, "no": 3, "expired": 2, "not_validated": 2}
"""What became of the authorisation to share health records, in percent."""
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Membership:
    """One entry of each array for each person; NaT where something never happened."""

    enrolled: Days
    """Day of the primary consent."""
    withdrawn: Days
    deactivated: Days
    died: Days
    last_day: Days
    """Last day on which the programme may have heard from them."""
    is_test: Flags
    ehr: Ints
    """Position in ``EHR_SHARES``."""
    ehr_answered: Moments
    """When the authorisation was answered; it may lie after ``last_day``, and never was then."""
    ehr_expired: Moments
    """When it ended, for those whose authorisation expired; NaT for the others."""

    @property
    def shares_records(self) -> Flags:
        """Whose health records a site may send: authorised in good form and still in force."""
        answered = self.ehr_answered.astype("datetime64[D]") <= self.last_day
        in_force = (self.ehr == ehr_position("yes")) & answered
        return np.asarray(in_force & np.isnat(self.withdrawn) & ~self.is_test)


def ehr_position(outcome: str) -> int:
    """Where an outcome of the authorisation stands in ``EHR_SHARES``."""
    return list(EHR_SHARES).index(outcome)


def draw_membership(plan: Plan, ids: Ints, born: Days, sex: Ints) -> Membership:
    """Enrol everybody as an adult between the programme's first day and the plan's."""
    draws, last = plan.draws, plan.last
    enrolled = np.maximum(draw_joining_days(plan, "enrolled", ids), adult_on(born))
    withdrawn, deactivated = (
        _leave(plan, stream, share, ids, enrolled)
        for stream, share in (("withdrawn", WITHDRAWN_SHARE), ("deactivated", DEACTIVATED_SHARE))
    )
    died = _draw_deaths(plan, ids, born, sex, enrolled)
    withdrawn, deactivated = (_before(died, leaving) for leaving in (withdrawn, deactivated))
    last_day = np.fmin.reduce([withdrawn, deactivated, died, np.full(len(ids), last)])
    days = enrolled + draws.integers("ehr/day", ids, 0, 10).astype("timedelta64[D]")
    ehr = draws.choice("ehr", ids, list(EHR_SHARES.values()))
    ends = some_day_between(draws, "ehr/end", ids, days + 1, last_day)
    ends = ends.astype("datetime64[us]") + np.timedelta64(23, "h")
    return Membership(
        enrolled=enrolled,
        withdrawn=withdrawn,
        deactivated=deactivated,
        died=died,
        last_day=last_day,
        is_test=draws.chance("test", ids, TEST_SHARE),
        ehr=ehr,
        ehr_answered=at_daytime(draws, "ehr", ids, days),
        ehr_expired=np.where(ehr == ehr_position("expired"), ends, np.datetime64("NaT", "us")),
    )


def draw_joining_days(plan: Plan, stream: str, ids: Ints) -> Days:
    """A day for each, at the pace of ``PACE``: slow at first, growing, a pause in spring 2020."""
    days = np.datetime64(FIRST_DAY, "D") + np.arange((plan.as_of - FIRST_DAY).days + 1)
    known = np.array([day for day, _ in PACE], dtype="datetime64[D]").astype(np.int64)
    pace = np.interp(days.astype(np.int64), known, [speed for _, speed in PACE])
    return np.asarray(days[plan.draws.choice(f"{stream}/day", ids, pace)])


def adult_on(born: Days) -> Days:
    """The 18th birthday; 1 March for those born on 29 February."""
    month = born.astype("datetime64[M]")
    day_of_month = born - month.astype("datetime64[D]")
    return np.asarray((month + MONTHS_TO_ADULTHOOD).astype("datetime64[D]") + day_of_month)


def _leave(plan: Plan, stream: str, share: float, ids: Ints, enrolled: Days) -> Days:
    """A day after joining for ``share`` of the persons, NaT for the others."""
    last = np.full(len(ids), plan.last)
    day = some_day_between(plan.draws, f"{stream}/day", ids, enrolled, last)
    return np.where(plan.draws.chance(stream, ids, share), day, NEVER)


def _before(died: Days, leaving: Days) -> Days:
    """Days of leaving; the dead do not leave."""
    return np.where(leaving > died, NEVER, leaving)


def _draw_deaths(plan: Plan, ids: Ints, born: Days, sex: Ints, enrolled: Days) -> Days:
    """A day of death after enrolment for those who died, by age and sex.

    ``mortality.csv`` has yearly chances of death (United States life tables, rounded). The
    chance over several years uses x / (1 + x) for 1 - exp(-x): near enough for small x, and
    the same on every processor.
    """
    draws, last = plan.draws, plan.last
    rows = read_facts("mortality.csv")
    ages = [float(row["age"]) for row in rows]
    years = (last - enrolled).astype(np.float64) / DAYS_IN_YEAR
    age = (enrolled - born).astype(np.float64) / DAYS_IN_YEAR + years / 2
    rates = {
        of: np.interp(age, ages, [float(row[of]) for row in rows]) for of in ("male", "female")
    }
    expected = np.where(sex == MALE, rates["male"], rates["female"]) * years
    day = some_day_between(draws, "died/day", ids, enrolled + 1, np.full(len(ids), last))
    dies = draws.chance("died", ids, expected / (1 + expected)) & (day <= last)
    return np.where(dies, day, NEVER)
