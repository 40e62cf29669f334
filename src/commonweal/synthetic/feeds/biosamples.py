"""The feed ``biosample``: tubes of blood and urine, or a saliva kit sent by mail.

Samples of those who withdraw are disposed of. A kit that never came back has no day.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Floats
from commonweal.synthetic.feeds.visits import draw_visits
from commonweal.synthetic.frames import build_table, join_text
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

SAMPLED_SHARE, KIT_SHARE = 0.80, 0.15
TUBES = ("1ED02", "1ED04", "1HEP4", "1PS08", "1SS08", "1UR10", "2ED10")
KIT = "1SAL2"
TUBE_SHARE = 0.97
"""How many of the tubes of a visit are filled."""
STATUSES = ("processed", "received", "not_received")
TUBE_WEIGHTS, KIT_WEIGHTS = (92, 5, 3), (80, 5, 15)
DISPOSED, MISSING = "disposed", "not_received"


def build_biosamples(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of participant and id."""
    draws, ids, membership = plan.draws, people.ids, people.membership
    moments, _ = draw_visits(plan, people)
    gives = draws.chance("sampled", ids, SAMPLED_SHARE)
    gives &= moments.astype("datetime64[D]") <= membership.last_day
    by_kit = draws.chance("saliva", ids, KIT_SHARE)
    codes = np.array(sorted((*TUBES, KIT)))
    is_kit = codes == KIT
    filled = _uniform(plan, people, "filled", len(codes)) < np.where(is_kit, 1.0, TUBE_SHARE)
    who, which = np.nonzero(gives[:, np.newaxis] & filled & (by_kit[:, np.newaxis] == is_kit))
    luck = _uniform(plan, people, "status", len(codes))[who, which]
    edges = {kit: np.cumsum(of) / np.sum(of) for kit, of in ((0, TUBE_WEIGHTS), (1, KIT_WEIGHTS))}
    place = np.where(
        is_kit[which],
        np.searchsorted(edges[1], luck, side="right"),
        np.searchsorted(edges[0], luck, side="right"),
    )
    status = np.array(STATUSES)[place]
    destroyed = ~np.isnat(membership.withdrawn)[who] & (status != MISSING)
    came = ~(is_kit[which] & (status == MISSING))
    table = get_model("feeds").table("biosample")
    columns = {
        "biosample_id": join_text(ids[who], pc.take(pa.array(codes), pa.array(which))),
        "participant_id": ids[who],
        "sample_code": pc.take(pa.array(codes), pa.array(which)),
        "collected_at": pa.array(moments[who], mask=~came),
        "status": pa.array(np.where(destroyed, DISPOSED, status)),
    }
    return build_table(table, [columns])


def _uniform(plan: Plan, people: People, stream: str, count: int) -> Floats:
    """A number for each person and code."""
    keys = people.ids[:, np.newaxis]
    return plan.draws.uniform(f"sample {stream}", keys, np.arange(count, dtype=np.int64))
