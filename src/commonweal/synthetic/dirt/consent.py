"""People whose records the site may not send."""

import numpy as np

from commonweal.synthetic.dirt.recipe import LEAVES, PeopleRecipe, Rates
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.people.people import People

IDENTIFYING = (
    "pii_name",
    "pii_email",
    "pii_phone_number",
    "pii_address",
    "pii_mrn",
    "participant_match",
)
"""Tables about who people are, which curation leaves behind."""


def _without_authorisation(people: People, last: np.datetime64) -> Flags:
    """Who said no, never answered, signed badly, took it back, left, or is a test account."""
    del last  # membership ends with the data
    return ~people.membership.shares_records


ABSENT = PeopleRecipe(
    name="consent.absent",
    title="A person without a valid authorisation",
    seen="The combined stage of All of Us removes the records of such people in every release.",
    rates=Rates(0.1),
    rejects=False,
    matches=(
        "consent.test_account",
        "consent.withdrawn",
        "consent.expired",
        "consent.not_validated",
        "consent.not_authorised",
    ),
    rules=("consent.ehr", "consent.enrolled"),
    tables=(
        "person",
        *LEAVES,
        "death",
        "note",
        "observation_period",
        "visit_detail",
        "visit_occurrence",
        *IDENTIFYING,
    ),
    whom=_without_authorisation,
    column="person_id",
)
