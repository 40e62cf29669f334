"""The consent light: records of people who have not agreed, or do not any more."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import get_bands, get_metric
from commonweal.quality.metrics.sources import Sources
from commonweal.quality.metrics.value import (
    MetricValue,
    Status,
    build_absence,
    build_value,
    describe,
)

TABLES = (
    "condition_occurrence",
    "death",
    "device_exposure",
    "drug_exposure",
    "measurement",
    "observation",
    "procedure_occurrence",
    "specimen",
    "visit_occurrence",
)
"""A row in one of these is a record of the person."""
MODULE = "ehr"
PERSONS = "metric_persons"


@dataclass(frozen=True)
class ConsentEvent:
    """One answer of a participant, as the programme knows it."""

    person: int
    module: str
    status: str
    authored_at: datetime
    validation: str = "submitted"


@dataclass(frozen=True)
class Consents:
    """What the programme knows: answers, and the days on which people withdrew."""

    events: tuple[ConsentEvent, ...]
    withdrawn: Mapping[int, date]


@dataclass(frozen=True)
class ConsentLight:
    """Persons with records who are a reason for red or yellow; nobody is in two of them."""

    persons: int
    withdrawn_before: frozenset[int]
    without_consent: frozenset[int]
    withdrawn_after: frozenset[int]

    @property
    def color(self) -> str:
        if self.without_consent or self.withdrawn_before:
            return "red"
        return "yellow" if self.withdrawn_after else "green"

    @property
    def issues(self) -> int:
        return len(self.without_consent | self.withdrawn_before | self.withdrawn_after)


def judge_consent(
    persons: Collection[int], consents: Consents, *, uploaded_on: date
) -> ConsentLight:
    """Judge everybody who has records, for a submission of a given day.

    A withdrawal on the day of the upload counts as one after it: the site could not know.
    """
    agreed = find_agreed(consents.events)
    withdrawn = {p: day for p, day in consents.withdrawn.items() if p in persons}
    before = frozenset(person for person, day in withdrawn.items() if day < uploaded_on)
    without = frozenset(p for p in persons if p not in agreed) - before
    after = frozenset(withdrawn) - before - without
    return ConsentLight(len(persons), before, without, after)


def find_agreed(events: Iterable[ConsentEvent]) -> frozenset[int]:
    """Whose latest answer about health records is a yes with a form that was checked.

    Answers given at the same moment must all be valid, as in the rule ``consent.ehr``.
    """
    latest: dict[int, tuple[datetime, bool]] = {}
    for event in events:
        if event.module == MODULE:
            valid = event.status == "yes" and event.validation == "submitted"
            known = latest.get(event.person)
            if known is None or event.authored_at > known[0]:
                latest[event.person] = (event.authored_at, valid)
            elif event.authored_at == known[0]:
                latest[event.person] = (event.authored_at, known[1] and valid)
    return frozenset(person for person, (_, valid) in latest.items() if valid)


def measure_consent(
    sources: Sources, feeds: Mapping[str, str] | None, *, uploaded_on: date | None
) -> Iterator[MetricValue]:
    """The light and its three reasons; not measured where feeds or the day are not known."""
    metric = get_metric("consent_light")
    if feeds is None or uploaded_on is None:
        note = "needs a snapshot of the programme's consents"
        yield build_absence(metric, Status.NOT_MEASURED, note=note)
        return
    tables = [table for table in TABLES if table in sources.rows]
    if not tables:
        yield build_absence(metric, Status.NOT_SUBMITTED)
        return
    _write_persons(sources, tables)
    persons = frozenset(row[0] for row in sources.engine.rows(f"SELECT person_id FROM {PERSONS}"))
    consents = _read_consents(sources, feeds)
    yield from build_light(judge_consent(persons, consents, uploaded_on=uploaded_on))


def build_light(light: ConsentLight) -> Iterator[MetricValue]:
    """The light as values: overall with its colour, then each reason."""
    metric = get_metric("consent_light")
    if not light.persons:
        yield build_absence(metric, Status.NOTHING)
        return
    colors = {band.name: band for band in get_bands(metric.bands)}
    reasons = {
        "withdrawn before": light.withdrawn_before,
        "without a valid consent": light.without_consent,
        "withdrawn since": light.withdrawn_after,
    }
    counts = {"": light.issues, **{part: len(found) for part, found in reasons.items()}}
    worst = {"": light.color, "withdrawn since": "yellow"}
    for part, count in counts.items():
        color = worst.get(part, "red") if count else "green"
        value = build_value(metric, count, light.persons, part=part)
        yield replace(value, **describe(colors[color]))


def _write_persons(sources: Sources, tables: Iterable[str]) -> None:
    everybody = " UNION ".join(
        f"SELECT person_id FROM {sources.view(table)} WHERE person_id IS NOT NULL"
        for table in tables
    )
    sources.engine.execute(f"CREATE OR REPLACE TEMP TABLE {PERSONS} AS {everybody}")


def _read_consents(sources: Sources, feeds: Mapping[str, str]) -> Consents:
    """What the feeds say of those who have records."""
    known = f"participant_id IN (SELECT person_id FROM {PERSONS})"
    events = sources.engine.rows(
        "SELECT participant_id, module, status, authored_at, validation "
        f"FROM {quoted(feeds['consent_event'])} WHERE module = '{MODULE}' AND {known}"
    )
    withdrawn = sources.engine.rows(
        f"SELECT participant_id, withdrawn_on FROM {quoted(feeds['participant'])} "
        f"WHERE withdrawn_on IS NOT NULL AND {known}"
    )
    return Consents(tuple(ConsentEvent(*event) for event in events), dict(withdrawn))
