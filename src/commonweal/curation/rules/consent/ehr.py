"""Health records without a valid authorisation."""

from commonweal.curation.choices import is_event
from commonweal.curation.programme import PROGRAMME
from commonweal.curation.rule import Filter, Lookup, Rule
from commonweal.schema.model import Role, Table

LATEST = Lookup(
    "authorisation",
    "SELECT participant_id, bool_and(status = 'yes' AND validation = 'submitted') AS valid "
    "FROM (SELECT participant_id, status, validation, authored_at, "
    "max(authored_at) OVER (PARTITION BY participant_id) AS latest FROM consent_event "
    "WHERE module = 'ehr') "
    "WHERE authored_at = latest GROUP BY participant_id",
    {"participant_id": "person_id"},
)
"""One answer for each participant: answers given at the same moment must all be valid."""


def is_health_record(table: Table) -> bool:
    return is_event(table) or (table.has_person and table.role is Role.DERIVED)


RULE = Rule(
    id="consent.ehr",
    title="Health records are kept only under a valid authorisation",
    why=(
        "The latest answer to the question whether health records may be used must be yes, and "
        "its signed form must have been checked. An expiry, a later no or two answers at the same "
        "moment that differ all mean no. Every answer the programme knows of counts, also one that "
        "came after the last day of the data. What the programme itself collected is not concerned."
    ),
    tables=is_health_record,
    bind=lambda _: (Filter(f"_src_site = '{PROGRAMME}' OR authorisation.valid", (LATEST,)),),
)
