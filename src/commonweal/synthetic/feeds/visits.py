"""When participants came to be measured and to give samples.

Clinics were closed in spring and summer 2020: whoever would have come then came later.
"""

import numpy as np

from commonweal.synthetic.frames import Days, Moments, at_daytime
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

DAYS_UNTIL_VISIT = 60
CLOSED, OPEN_AGAIN = np.datetime64("2020-03-16", "D"), np.datetime64("2020-09-01", "D")
DAYS_TO_CATCH_UP = 200
DAYS_UNTIL_NEXT = (700, 1900)


def draw_visit_days(plan: Plan, people: People) -> Days:
    """The day of the first visit, on which everybody would come who can."""
    draws, ids = plan.draws, people.ids
    wait = draws.integers("visit/day", ids, 0, DAYS_UNTIL_VISIT).astype("timedelta64[D]")
    day = people.membership.enrolled + wait
    later = draws.integers("visit/later", ids, 0, DAYS_TO_CATCH_UP).astype("timedelta64[D]")
    return np.where((day >= CLOSED) & (day < OPEN_AGAIN), OPEN_AGAIN + later, day)


def draw_visits(plan: Plan, people: People) -> tuple[Moments, Moments]:
    """Moments of a first and a second visit; nobody comes to all of them."""
    first = draw_visit_days(plan, people)
    wait = plan.draws.integers("visit/next", people.ids, *DAYS_UNTIL_NEXT)
    second = first + wait.astype("timedelta64[D]")
    return (
        at_daytime(plan.draws, "visit 1", people.ids, first),
        at_daytime(plan.draws, "visit 2", people.ids, second),
    )
