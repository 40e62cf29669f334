"""The consent light: who makes it red or yellow."""

from datetime import date, datetime

import pytest
from tests.metric_tables import measure

from commonweal.quality.metrics.consent import (
    ConsentEvent,
    Consents,
    build_light,
    find_agreed,
    judge_consent,
)
from commonweal.quality.metrics.value import Status

at = datetime.fromisoformat
UPLOADED = date(2026, 3, 1)


def event(person: int, status: str, moment: str = "2025-01-01", **fields: str) -> ConsentEvent:
    return ConsentEvent(person, fields.pop("module", "ehr"), status, at(moment), **fields)


@pytest.mark.parametrize(
    ("events", "agreed"),
    [
        ([], False),
        ([event(1, "yes")], True),
        ([event(1, "yes", module="primary")], False),
        ([event(1, "yes", validation="invalid")], False),
        ([event(1, "yes", "2025-01-01"), event(1, "no", "2025-01-02")], False),
        ([event(1, "no", "2025-01-02"), event(1, "yes", "2025-01-03")], True),
        ([event(1, "expired", "2025-01-02"), event(1, "yes", "2025-01-01")], False),
        ([event(1, "yes"), event(1, "no")], False),
        ([event(1, "no"), event(1, "yes")], False),
    ],
)
def test_the_latest_answer_counts(events: list[ConsentEvent], *, agreed: bool) -> None:
    assert (1 in find_agreed(events)) is agreed


@pytest.mark.parametrize(
    ("events", "withdrawn", "color", "issues"),
    [
        ([event(1, "yes")], {}, "green", 0),
        ([event(1, "yes")], {2: date(2026, 1, 1)}, "green", 0),  # nobody with records
        ([event(1, "yes")], {1: date(2026, 3, 2)}, "yellow", 1),
        ([event(1, "yes")], {1: date(2026, 3, 1)}, "yellow", 1),  # on the day itself
        ([event(1, "yes")], {1: date(2026, 2, 28)}, "red", 1),
        ([event(1, "no")], {}, "red", 1),
        ([event(1, "no")], {1: date(2026, 3, 2)}, "red", 1),
        ([], {}, "red", 1),
    ],
)
def test_color(
    events: list[ConsentEvent], withdrawn: dict[int, date], color: str, issues: int
) -> None:
    light = judge_consent({1}, Consents(tuple(events), withdrawn), uploaded_on=UPLOADED)
    assert (light.color, light.issues) == (color, issues)
    overall, *reasons = build_light(light)
    assert (overall.band, overall.value, overall.action) == (color, issues, color != "green")
    assert sum(reason.value or 0 for reason in reasons) == issues


def test_records_are_rows_in_any_clinical_table_but_not_in_person() -> None:
    tables = {
        "person": [{"person_id": 3}],
        "death": [{"person_id": 1, "death_date": UPLOADED}],
        "specimen": [{"specimen_id": 1, "person_id": 2}],
    }
    feeds = {
        "consent_event": [
            {
                "participant_id": 1,
                "module": "ehr",
                "status": "yes",
                "authored_at": at("2025-01-01"),
                "validation": "submitted",
            },
        ],
        "participant": [{"participant_id": 1}, {"participant_id": 2}],
    }
    metrics = measure(tables, feeds=feeds, uploaded_on=UPLOADED)
    light = metrics.get("consent_light")
    assert (light.value, light.denominator, light.band, light.tone) == (1, 2, "red", "poor")
    assert metrics.get("consent_light", part="without a valid consent").value == 1


def test_without_feeds_there_is_no_light() -> None:
    (light,) = measure({"specimen": [{"specimen_id": 1, "person_id": 2}]}).of("consent_light")
    assert (light.status, light.value, light.band) == (Status.NOT_MEASURED, None, None)


def test_without_records_there_is_no_light() -> None:
    feeds = {"consent_event": [], "participant": []}
    nobody = measure({"specimen": []}, feeds=feeds, uploaded_on=UPLOADED)
    assert nobody.get("consent_light").status is Status.NOTHING
    nothing = measure({}, feeds=feeds, uploaded_on=UPLOADED)
    assert nothing.get("consent_light").status is Status.NOT_SUBMITTED
