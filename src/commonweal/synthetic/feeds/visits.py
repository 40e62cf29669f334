"""When participants came to be measured and to give samples.

Clinics were closed in spring and summer 2020: whoever would have come then came later.
"""

import numpy as np

from commonweal.synthetic.frames import Days, Moments, at_daytime
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_UNTIL_VISIT = 60
DAYS_UNTIL_NEXT = (700, 1900)
CLOSED, OPEN_AGAIN = np.datetime64("2020-03-16", "D"), np.datetime64("2020-09-01", "D")
DAYS_TO_CATCH_UP = 200


def draw_visits(plan: Plan, people: People) -> tuple[Moments, Moments]:
    """Moments of a first and a second visit, as if everybody came to both."""
    draws, ids = plan.draws, people.ids
    wait = draws.integers("visit/day", ids, 0, DAYS_UNTIL_VISIT)
    first = _when_open(plan, people, people.membership.enrolled + wait.astype("timedelta64[D]"))
    wait = draws.integers("visit/next", ids, *DAYS_UNTIL_NEXT)
    second = _when_open(plan, people, first + wait.astype("timedelta64[D]"))
    return at_daytime(draws, "visit 1", ids, first), at_daytime(draws, "visit 2", ids, second)


def _when_open(plan: Plan, people: People, day: Days) -> Days:
    later = plan.draws.integers("visit/later", people.ids, 0, DAYS_TO_CATCH_UP)
    closed = (day >= CLOSED) & (day < OPEN_AGAIN)
    return np.where(closed, OPEN_AGAIN + later.astype("timedelta64[D]"), day)
