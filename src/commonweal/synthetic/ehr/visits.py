"""Visits as a site records them: of which kind, how long, and what they are about."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.ehr.calendar import ANTENATAL, DELIVERY, FINAL, ORDINARY, Calendar
from commonweal.synthetic.ehr.catalogue import WORDS, get_catalogue
from commonweal.synthetic.ehr.orders import Occasions
from commonweal.synthetic.ehr.records import RECORDS_OF_A_VISIT, Rows
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days, Moments

KINDS = ("outpatient", "emergency", "inpatient")
OUTPATIENT, EMERGENCY, INPATIENT = range(3)
KIND_CONCEPTS = np.array([9202, 9203, 9201])
ENCOUNTER = 32827
FINAL_STAY_SHARE = 0.6
"""Share of last visits that are stays in hospital; the others are emergencies."""
SECOND = np.timedelta64(1_000_000, "us")
OPENS, CLOSES = 8 * 3600, 19 * 3600
DISCHARGED = 11 * 3600
LONGEST_EMERGENCY = 4 * 3600


@dataclass(frozen=True)
class Visits:
    """One entry of each array for each visit of the calendar."""

    calendar: Calendar
    complaint: Ints
    """Line of the catalogue that is the reason; -1 for none."""
    kind: Ints
    """Position in ``KINDS``."""
    is_check_up: Ints
    """1 for a visit with no reason but a check-up."""
    begun: Moments
    ended: Moments
    last_day: Days
    person: Ints
    """``person_id``."""

    @property
    def ids(self) -> Ints:
        """``visit_occurrence_id``."""
        return self.calendar.ids

    def __len__(self) -> int:
        return len(self.calendar)


@cache
def _shares() -> dict[str, float]:
    facts = read_facts("visits.csv")
    return {f["value"]: float(f["number"]) for f in facts if f["characteristic"] == "share"}


@cache
def _nights() -> tuple[Ints, Floats]:
    facts = [f for f in read_facts("visits.csv") if f["characteristic"] == "nights"]
    return (
        np.array([int(f["value"]) for f in facts], dtype=np.int64),
        np.array([float(f["number"]) for f in facts]),
    )


def draw_visits(draws: Draws, calendar: Calendar, complaint: Ints, known: Ints) -> Visits:
    """The visits; ``known`` is the number of lasting diseases known at each."""
    ids = calendar.ids
    kind = _draw_kinds(draws, calendar, complaint)
    plain = (calendar.purpose == ORDINARY) & (complaint < 0) & (kind == OUTPATIENT)
    is_check_up = plain & ((known == 0) | draws.chance("check-up", ids, _shares()["wellness"]))
    nights = _nights()[0][draws.choice("nights", ids, _nights()[1])]
    last = calendar.of_patient(calendar.patients.last)
    stays = np.where(kind == INPATIENT, nights, 0).astype("timedelta64[D]")
    last_day = np.minimum(calendar.day + stays, last)
    begun, ended = _hours(draws, calendar, kind, last_day)
    return Visits(
        calendar=calendar,
        complaint=complaint,
        kind=kind,
        is_check_up=is_check_up.astype(np.int64),
        begun=begun,
        ended=ended,
        last_day=last_day,
        person=calendar.of_patient(calendar.patients.ids),
    )


def _draw_kinds(draws: Draws, calendar: Calendar, complaint: Ints) -> Ints:
    catalogue, shares = get_catalogue(), _shares()
    luck = draws.uniform("kind", calendar.ids)
    has_complaint = complaint >= 0
    emergency = np.where(has_complaint, catalogue.emergency[complaint], shares["emergency"])
    inpatient = np.where(has_complaint, catalogue.inpatient[complaint], shares["inpatient"])
    kind = np.select(
        [luck < inpatient, luck < inpatient + emergency], [INPATIENT, EMERGENCY], OUTPATIENT
    )
    purpose = calendar.purpose
    last = np.where(luck < FINAL_STAY_SHARE, INPATIENT, EMERGENCY)
    return np.select(
        [purpose == ANTENATAL, purpose == DELIVERY, purpose == FINAL],
        [np.full(len(kind), OUTPATIENT), np.full(len(kind), INPATIENT), last],
        kind,
    )


def _hours(draws: Draws, calendar: Calendar, kind: Ints, last_day: Days) -> tuple[Moments, Moments]:
    """When visits began and ended, never past midnight of their last day."""
    begins = draws.integers("hour", calendar.ids, OPENS, CLOSES)
    minutes = draws.integers("minutes", calendar.ids, 15, 60)
    lasts = np.where(kind == EMERGENCY, minutes * (LONGEST_EMERGENCY // 60), minutes * 60)
    begun = calendar.day.astype("datetime64[us]") + begins * SECOND
    discharged = last_day.astype("datetime64[us]") + (DISCHARGED + lasts) * SECOND
    return begun, np.where(last_day > calendar.day, discharged, begun + lasts * SECOND)


def list_occasions(visits: Visits, disease_visit: Ints, disease_line: Ints) -> Occasions:
    """What every visit is about: diseases and the complaint it records, and words for it."""
    calendar, lines = visits.calendar, len(get_catalogue())
    smokes = calendar.of_patient(calendar.patients.of_person(calendar.patients.people.body.smoker))
    check_up = visits.is_check_up == 1
    words = {
        "wellness": check_up,
        "smoker": check_up & smokes,
        "non_smoker": check_up & ~smokes,
        "prenatal": calendar.purpose == ANTENATAL,
        "delivery": calendar.purpose == DELIVERY,
        "final": calendar.purpose == FINAL,
        **{name: visits.kind == kind for kind, name in enumerate(KINDS)},
    }
    visit = [disease_visit, np.flatnonzero(visits.complaint >= 0)]
    trigger = [disease_line, visits.complaint[visits.complaint >= 0]]
    for position, word in enumerate(WORDS):
        at = np.flatnonzero(words[word])
        visit.append(at)
        trigger.append(np.full(len(at), lines + position))
    size = lines + len(WORDS)
    keys = np.sort(np.concatenate(visit) * size + np.concatenate(trigger))
    return Occasions(visit=keys // size, trigger=keys % size)


def number_rows(visits: Visits, visit: Ints) -> tuple[Ints, Flags]:
    """Keys of rows that stand in the order of their visits, and which of them have room.

    Row n of a visit has the key visit x ``RECORDS_OF_A_VISIT`` + n.
    """
    count = np.bincount(visit, minlength=len(visits))
    number = np.arange(len(visit)) - (np.cumsum(count) - count)[visit]
    return visits.ids[visit] * RECORDS_OF_A_VISIT + number, number < RECORDS_OF_A_VISIT


def visit_rows(visits: Visits) -> Rows:
    """The table ``visit_occurrence``."""
    calendar = visits.calendar
    columns = {
        "visit_occurrence_id": visits.ids,
        "person_id": visits.person,
        "visit_concept_id": KIND_CONCEPTS[visits.kind],
        "visit_start_date": calendar.day,
        "visit_start_datetime": visits.begun,
        "visit_end_date": visits.last_day,
        "visit_end_datetime": visits.ended,
        "visit_type_concept_id": ENCOUNTER,
        "visit_source_value": dictionary(visits.kind, KINDS),
        "preceding_visit_occurrence_id": pa.array(visits.ids - 1, mask=calendar.number == 0),
    }
    return Rows(patient=calendar.patient, columns=columns)


def detail_rows(visits: Visits) -> Rows:
    """The table ``visit_detail``: the ward of every stay."""
    calendar = visits.calendar
    stay = np.flatnonzero(visits.kind == INPATIENT)
    columns = {
        "visit_detail_id": visits.ids[stay] * RECORDS_OF_A_VISIT,
        "person_id": visits.person[stay],
        "visit_detail_concept_id": int(KIND_CONCEPTS[INPATIENT]),
        "visit_detail_start_date": calendar.day[stay],
        "visit_detail_start_datetime": visits.begun[stay],
        "visit_detail_end_date": visits.last_day[stay],
        "visit_detail_end_datetime": visits.ended[stay],
        "visit_detail_type_concept_id": ENCOUNTER,
        "visit_detail_source_value": "ward",
        "visit_occurrence_id": visits.ids[stay],
    }
    return Rows(patient=calendar.patient[stay], columns=columns)


def dictionary(positions: Ints, texts: tuple[str, ...]) -> pa.Array:
    """Texts by their position, each text kept once; no text where the position is negative."""
    indices = pa.array(positions.astype(np.int32), mask=positions < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
