"""Rows about somebody who is not a participant."""

from commonweal.curation.choices import has_person
from commonweal.curation.rule import Filter, Lookup, Rule
from commonweal.curation.rules.time.cutoff import CUTOFF

PARTICIPANT = Lookup(
    "participant",
    "SELECT participant_id, is_test, withdrawn_on FROM participant",
    {"participant_id": "person_id"},
)

RULE = Rule(
    id="consent.enrolled",
    title="Only participants are kept",
    why=(
        "A release holds people who joined and did not withdraw by its last day. Test accounts "
        "are nobody."
    ),
    tables=has_person,
    bind=lambda _: (
        Filter(
            "participant.is_test = 0 AND COALESCE(participant.withdrawn_on > $cutoff, TRUE)",
            (PARTICIPANT,),
        ),
    ),
    parameters=(CUTOFF,),
)
