"""Rows about somebody who is not a participant."""

from commonweal.curation.choices import has_person
from commonweal.curation.rule import Filter, Lookup, Rule

PARTICIPANT = Lookup(
    "participant",
    "SELECT participant_id, is_test, withdrawn_on FROM participant",
    {"participant_id": "person_id"},
)

RULE = Rule(
    id="consent.enrolled",
    title="Only participants are kept",
    why=(
        "A release holds people who joined and have not withdrawn. A withdrawal counts from the "
        "day the programme knows of it, also when it came after the last day of the data. Test "
        "accounts are nobody."
    ),
    tables=has_person,
    bind=lambda _: (
        Filter("participant.is_test = 0 AND participant.withdrawn_on IS NULL", (PARTICIPANT,)),
    ),
)
