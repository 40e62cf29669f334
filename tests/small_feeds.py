"""A snapshot of feeds with a handful of participants, for tests of the pages and the worker."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonweal.schema.arrow import arrow_schema
from commonweal.schema.model import get_model
from commonweal.synthetic.feeds.snapshot import write_feeds

DAY = date(2026, 2, 1)
Known = tuple[int, str | None, str]
"""Participant, site, and what was answered last: yes, no, expired, or withdrawn."""


def write_small_feeds(home: Path, *participants: Known, day: date = DAY) -> Path:
    """Write the snapshot of a day; every participant is called Ann Smith, born 2020-01-31."""
    rows = {
        "participant": [_participant(*known) for known in participants],
        "consent_event": [_answer(*known) for known in participants],
        "participant_contact": [_contact(known[0]) for known in participants],
    }
    feeds = {name: _table(name, rows.get(name, ())) for name in get_model("feeds").tables}
    folder = home / "feeds" / day.isoformat()
    write_feeds(feeds, folder, as_of=day)
    return folder


def _table(name: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    schema = arrow_schema(get_model("feeds").table(name))
    return pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema)


def _participant(number: int, site: str | None, answer: str) -> dict[str, Any]:
    return {
        "participant_id": number,
        "site": site,
        "enrolled_on": date(2025, 1, 1),
        "birth_date": date(2020, 1, 31),
        "sex_at_birth_concept_id": 0,
        "gender_identity_concept_id": 0,
        "race_concept_id": 0,
        "ethnicity_concept_id": 0,
        "is_test": 0,
        "withdrawn_on": date(2026, 1, 15) if answer == "withdrawn" else None,
    }


def _answer(number: int, site: str | None, answer: str) -> dict[str, Any]:
    del site
    return {
        "consent_event_id": str(number),
        "participant_id": number,
        "module": "ehr",
        "status": "yes" if answer == "withdrawn" else answer,
        "authored_at": datetime(2025, 1, 2),  # noqa: DTZ001  (feeds hold moments without a zone)
        "form_version": "1",
        "language": "en",
        "validation": "submitted",
    }


def _contact(number: int) -> dict[str, Any]:
    return {
        "participant_id": number,
        "first_name": "Ann",
        "last_name": "Smith",
        "birth_date": date(2020, 1, 31),
        "sex": "unset",
    }
