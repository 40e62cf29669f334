"""The feed ``participant``: pairing, details and status of everybody who consented."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

ZIP_ENDS = [f"{number:02d}" for number in range(100)]


def build_participants(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of their ids."""
    states = read_facts("states.csv")
    ends = plan.draws.integers("zip", people.ids, 1, len(ZIP_ENDS) - 1)
    starts = _name([row["zip3"] for row in states], people.residence)
    membership = people.membership
    return build_table(
        get_model("feeds").table("participant"),
        [
            {
                "participant_id": people.ids,
                "site": _name([site.name for site in plan.sites], people.home),
                "enrolled_on": membership.enrolled,
                "birth_date": people.born,
                "sex_at_birth_concept_id": people.sex,
                "gender_identity_concept_id": people.gender,
                "race_concept_id": people.race,
                "ethnicity_concept_id": people.ethnicity,
                "state": _name([row["state"] for row in states], people.residence),
                "zip_code": pc.binary_join_element_wise(starts, _name(ZIP_ENDS, ends), ""),
                "is_test": membership.is_test.astype(np.int64),
                "withdrawn_on": membership.withdrawn,
                "deactivated_on": membership.deactivated,
                "died_on": membership.died,
            }
        ],
    )


def _name(names: list[str], places: Ints) -> pa.Array:
    """The name at each place; nothing for nowhere."""
    return pc.take(pa.array(names, pa.string()), pa.array(places, mask=places == NOWHERE))
