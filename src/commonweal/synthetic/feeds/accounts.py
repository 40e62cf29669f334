"""The feed ``account_registration``: participants, and visitors who never consented.

In the whole file the accounts of participants come first, in the order of their ids; those of
visitors follow in the order of their numbers. Visitors do not depend on the participants, nor
on how these are cut into batches.
"""

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Ints
from commonweal.synthetic.frames import at_daytime, build_table, join_text
from commonweal.synthetic.people.membership import draw_joining_days
from commonweal.synthetic.people.people import SPANISH_SHARE, People
from commonweal.synthetic.plan import FIRST_DAY, Plan

VISITORS_PER_PERSON = 0.15
DAYS_UNTIL_CONSENT = 20
REGISTRATION_HOUR = 7
"""Earlier than the hour of the consent, which may follow on the same day."""


def build_accounts(plan: Plan, people: People) -> pa.Table:
    """The accounts of a batch of participants."""
    waits = plan.draws.integers("registered", people.ids, 0, DAYS_UNTIL_CONSENT)
    days = people.membership.enrolled - waits.astype("timedelta64[D]")
    days = np.maximum(days, np.datetime64(FIRST_DAY, "D"))
    return build_table(
        get_model("feeds").table("account_registration"),
        [
            {
                "account_id": join_text("participant", people.ids),
                "registered_at": days.astype("datetime64[us]")
                + np.timedelta64(REGISTRATION_HOUR, "h"),
                "participant_id": people.ids,
                "language": people.language,
            }
        ],
    )


def count_visitors(plan: Plan) -> int:
    """How many people opened an account and never consented."""
    return round(plan.persons * VISITORS_PER_PERSON)


def build_visitors(plan: Plan, first: int, size: int) -> pa.Table:
    """Up to ``size`` accounts of visitors, from the one at position ``first`` (0 is the first)."""
    stop = min(first + size, count_visitors(plan))
    numbers: Ints = np.arange(first + 1, stop + 1, dtype=np.int64)
    days = draw_joining_days(plan, "visitor", numbers)
    spanish = plan.draws.chance("visitor language", numbers, SPANISH_SHARE)
    return build_table(
        get_model("feeds").table("account_registration"),
        [
            {
                "account_id": join_text("visitor", numbers),
                "registered_at": at_daytime(plan.draws, "visitor", numbers, days),
                "language": pa.array(np.where(spanish, "es", "en"), pa.string()),
            }
        ],
    )
