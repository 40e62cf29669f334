"""Stand-ins for the makers of records and feeds: small, quick, and of the same shape."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import MOST_VISITS, RECORDS_OF_A_VISIT, Records, Rows
from commonweal.synthetic.frames import Columns, at_daytime, build_table, some_day_between
from commonweal.synthetic.output.batch import Makers
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.codes import build_book

CONDITIONS = range(4_000_000, 4_000_060)
DRUGS = range(1_000_000, 1_000_060)
RESULTS = range(3_000_000, 3_000_030)
PROCEDURES = range(2_000_000, 2_000_020)
OBSERVATIONS = range(4_100_000, 4_100_010)
ENCOUNTER, MEASUREMENT_DOMAIN = 32827, 21

CODES = [
    {"concept_id": str(c), "system": system, "code": f"{prefix}{c}{more}", "source_concept_id": own}
    for concepts, systems in (
        (CONDITIONS, (("snomed", "S", ""), ("icd10cm", "I", "a"), ("icd10cm", "I", "b"))),
        (DRUGS, (("rxnorm", "R", ""), ("ndc", "0", ""))),
        (RESULTS, (("loinc", "L-", ""),)),
        (PROCEDURES, (("snomed", "S", ""), ("icd10pcs", "P", ""))),
        (OBSERVATIONS, (("snomed", "S", ""),)),
    )
    for c in concepts
    for system, prefix, more in systems
    for own in [str(c if system in ("snomed", "rxnorm", "loinc") else c + 40_000_000)]
]


@dataclass(frozen=True)
class Visits:
    """One entry of each array for each visit."""

    who: Ints
    number: Ints
    ids: Ints
    day: np.ndarray


def build_records(plan: Plan, patients: Patients, per_visit: int = 6) -> Records:
    """Up to twelve visits of each patient, with some records of every table."""
    draws = plan.draws
    count = draws.integers("standin/visits", patients.keys, 0, 12)
    count = np.where(patients.first <= patients.last, count, 0)
    who = np.repeat(np.arange(len(patients), dtype=np.int64), count)
    number = np.arange(len(who), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    ids = patients.keys[who] * MOST_VISITS + number
    day = some_day_between(draws, "standin/day", ids, patients.first[who], patients.last[who])
    visits = Visits(who, number, ids, day)
    return {
        "visit_occurrence": Rows(who, _visit_columns(plan, patients, visits)),
        "observation_period": _periods(patients),
        "death": _deaths(patients),
        **_records(plan, patients, visits, per_visit),
    }


def _visit_columns(plan: Plan, patients: Patients, visits: Visits) -> Columns:
    return {
        "visit_occurrence_id": visits.ids,
        "person_id": patients.ids[visits.who],
        "visit_concept_id": 9202,
        "visit_start_date": visits.day,
        "visit_start_datetime": at_daytime(plan.draws, "standin/visit", visits.ids, visits.day),
        "visit_end_date": visits.day,
        "visit_type_concept_id": ENCOUNTER,
        "visit_source_value": "OP",
        "admitted_from_concept_id": 0,
        "preceding_visit_occurrence_id": pa.array(visits.ids - 1, mask=visits.number == 0),
    }


def _records(plan: Plan, patients: Patients, visits: Visits, per_visit: int) -> dict[str, Rows]:
    made = {}
    for at, (table, noun, concepts, start) in enumerate(
        (
            ("condition_occurrence", "condition", CONDITIONS, "condition_start"),
            ("drug_exposure", "drug", DRUGS, "drug_exposure_start"),
            ("measurement", "measurement", RESULTS, "measurement"),
            ("procedure_occurrence", "procedure", PROCEDURES, "procedure"),
            ("observation", "observation", OBSERVATIONS, "observation"),
        )
    ):
        each = max(per_visit - at, 1)
        row = (visits.ids[:, np.newaxis] * RECORDS_OF_A_VISIT + np.arange(each)).ravel()
        of = np.repeat(np.arange(len(visits.ids)), each)
        weights = 1 / np.arange(3, 3 + len(concepts))
        concept = np.array(concepts)[plan.draws.choice(f"standin/{table}", row, weights)]
        day = visits.day[of]
        columns: dict[str, object] = {
            f"{table}_id": row,
            "person_id": patients.ids[visits.who][of],
            f"{noun}_concept_id": concept,
            f"{start}_date": day,
            f"{start}_datetime": at_daytime(plan.draws, "standin/visit", visits.ids[of], day),
            f"{noun}_type_concept_id": ENCOUNTER,
            "visit_occurrence_id": visits.ids[of],
        }
        made[table] = Rows(visits.who[of], columns | _details(plan, table, row, day))
    made["fact_relationship"] = _facts(made["measurement"])
    made["note"] = Rows(visits.who, _notes(plan, patients, visits))
    return made


def _facts(measurements: Rows) -> Rows:
    columns = {
        "domain_concept_id_1": MEASUREMENT_DOMAIN,
        "fact_id_1": measurements.columns["measurement_id"],
        "domain_concept_id_2": MEASUREMENT_DOMAIN,
        "fact_id_2": measurements.columns["measurement_id"],
        "relationship_concept_id": 46233683,
    }
    return Rows(measurements.patient, columns)


def _details(plan: Plan, table: str, row: Ints, day: np.ndarray) -> dict[str, object]:
    if table == "condition_occurrence":
        return {"condition_end_date": day}
    if table == "drug_exposure":
        return {"drug_exposure_end_date": day, "quantity": 30.0, "days_supply": 30, "sig": "daily"}
    if table == "measurement":
        value = np.round(plan.draws.normal("standin/value", row, 100.0, 10.0), 1)
        value = np.where(plan.draws.chance("standin/no value", row, 0.1), np.nan, value)
        return {"value_as_number": value, "unit_concept_id": 8840, "unit_source_value": "mg/dL"}
    return {}


def _notes(plan: Plan, patients: Patients, visits: Visits) -> Columns:
    texts = np.array(["Seen.", 'Says "better", wants less.', "Plan:\n- bloods\n- return"])
    return {
        "note_id": visits.ids * RECORDS_OF_A_VISIT,
        "person_id": patients.ids[visits.who],
        "note_date": visits.day,
        "note_datetime": at_daytime(plan.draws, "standin/visit", visits.ids, visits.day),
        "note_type_concept_id": 32834,
        "note_class_concept_id": 44814638,
        "note_title": "Note",
        "note_text": texts[plan.draws.integers("standin/note", visits.ids, 0, 2)],
        "encoding_concept_id": 32678,
        "language_concept_id": 4180186,
        "visit_occurrence_id": visits.ids,
    }


def _periods(patients: Patients) -> Rows:
    seen = np.flatnonzero(patients.first <= patients.last)
    return Rows(
        seen,
        {
            "observation_period_id": patients.keys[seen],
            "person_id": patients.ids[seen],
            "observation_period_start_date": patients.first[seen],
            "observation_period_end_date": patients.last[seen],
            "period_type_concept_id": ENCOUNTER,
        },
    )


def _deaths(patients: Patients) -> Rows:
    died = patients.of_person(patients.people.membership.died)
    dead = np.flatnonzero(died <= patients.last)
    return Rows(
        dead,
        {
            "person_id": patients.ids[dead],
            "death_date": died[dead],
            "death_type_concept_id": ENCOUNTER,
        },
    )


def build_feeds(plan: Plan, people: People) -> Mapping[str, pa.Table]:
    """Participants and their accounts; the other feeds are empty."""
    feeds = get_model("feeds").tables
    filled: dict[str, Columns] = {
        "account_registration": _accounts(people.ids, "A", people.membership.enrolled),
        "participant": {
            "participant_id": people.ids,
            "site": "somewhere",
            "enrolled_on": people.membership.enrolled,
            "birth_date": people.born,
            "sex_at_birth_concept_id": people.sex,
            "gender_identity_concept_id": people.gender,
            "race_concept_id": people.race,
            "ethnicity_concept_id": people.ethnicity,
            "is_test": people.membership.is_test.astype(np.int64),
        },
    }
    return {
        name: build_table(table, [filled[name]] if name in filled else [])
        for name, table in feeds.items()
    }


def build_visitors(plan: Plan, first: int, size: int) -> pa.Table:
    """Every third account was opened by somebody who never joined."""
    ids = plan.batch(first, size)
    whom: Flags = plan.draws.chance("standin/visitor", ids, 0.3)
    ids = ids[whom]
    day = np.full(len(ids), plan.last)
    columns = {**_accounts(ids, "V", day), "participant_id": None}
    return build_table(get_model("feeds").table("account_registration"), [columns])


def _accounts(ids: Ints, letter: str, days: np.ndarray) -> dict[str, object]:
    return {
        "account_id": pa.array([f"{letter}{number}" for number in ids.tolist()], pa.string()),
        "registered_at": days.astype("datetime64[us]"),
        "participant_id": ids,
        "language": "en",
    }


MAKERS = Makers(build_records, build_feeds, build_visitors, build_book(CODES))
