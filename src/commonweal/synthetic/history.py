"""Small coherent medical histories: visits, and what was recorded at them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.synthetic.body import draw_height, draw_weight
from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.frames import (
    Columns,
    Days,
    Moments,
    at_daytime,
    join_text,
    read_facts,
    some_day_between,
    tenths,
)

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2026, 6, 20)
FEWEST_VISITS, MOST_VISITS = 3, 14
VISIT_KINDS = {9202: 80, 9203: 12, 9201: 8}  # outpatient, emergency, inpatient
INPATIENT = 9201
CARE_SITES, PROVIDERS = 3, 8
DAYS_IN_YEAR = 365.25

ENCOUNTER, PRESCRIPTION, LABORATORY, EXAMINATION = 32827, 32838, 32856, 32836
OUTPATIENT_NOTE, ADMISSION_NOTE, UTF_8, ENGLISH = 32834, 44814638, 32678, 4180186
SPECIMEN, CENTIMETRE, KILOGRAM, MEASUREMENT_DOMAIN = 4048506, 8582, 9529, 21
PROCEDURES = {4037675: 10, 4163951: 8, 4163872: 6, 4151422: 3, 4195803: 2, 4202832: 1, 0: 70}
OBSERVATIONS = {4323208: 3, 4304110: 3, 439406: 3, 4048169: 3, 0: 88}
SYSTOLIC_WITH_DIASTOLIC, DIASTOLIC_WITH_SYSTOLIC = 46233683, 46233682

RESULTS_PER_VISIT = 20
"""Room for measurement ids within a visit: result positions, then height and weight."""
HEIGHT_POSITION, WEIGHT_POSITION = 18, 19
LAB_SHARE, VITAL_SHARE = 0.35, 0.9
DRUG = "drug_concept_id"
NOTE_TEXTS = (
    "Seen for review. No new complaints, plan unchanged.",
    'Says "much better", wants to reduce the dose; advised to wait.',
    "Follow-up:\n- repeat bloods\n- return in three months",
    "Discussed diet, exercise; blood pressure measured twice.",
)

Blocks = Iterator[Columns]
Facts = Mapping[str, str]


@dataclass(frozen=True)
class Patients:
    """The site's persons, one entry of each array for each."""

    ids: Ints
    born: Days
    sex: Ints


@dataclass(frozen=True)
class Visits:
    """All visits in the order of their ids: by person, then by day."""

    ids: Ints
    patient: Ints
    """Position of the visitor among the patients."""
    person: Ints
    start: Days
    end: Days
    begun: Moments
    kind: Ints
    care_site: Ints
    provider: Ints

    def recorded(self, whom: Flags) -> dict[str, Ints]:
        """What every record of the chosen visits says about its person and visit."""
        return {
            "person_id": self.person[whom],
            "visit_occurrence_id": self.ids[whom],
            "provider_id": self.provider[whom],
        }


def draw_visits(patients: Patients, draws: Draws) -> Visits:
    """Between three and fourteen visits of every patient, from birth or 2000 on."""
    count = draws.integers("visits", patients.ids, FEWEST_VISITS, MOST_VISITS)
    patient = np.repeat(np.arange(len(patients.ids), dtype=np.int64), count)
    number = np.arange(len(patient), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    key = patients.ids[patient] * 100 + number
    first = np.maximum(patients.born[patient] + 1, np.datetime64(FIRST_DAY, "D"))
    start = some_day_between(
        draws, "visit", key, first, np.full(len(key), np.datetime64(LAST_DAY, "D"))
    )
    order = np.lexsort((number, start, patient))
    key, start, patient = key[order], start[order], patient[order]
    kind = np.array(list(VISIT_KINDS))[draws.choice("kind", key, list(VISIT_KINDS.values()))]
    nights = np.where(kind == INPATIENT, draws.integers("nights", key, 1, 7), 0)
    return Visits(
        ids=np.arange(1, len(key) + 1, dtype=np.int64),
        patient=patient,
        person=patients.ids[patient],
        start=start,
        end=start + nights.astype("timedelta64[D]"),
        begun=at_daytime(draws, "visit", key, start),
        kind=kind,
        care_site=draws.integers("care site", key, 1, CARE_SITES),
        provider=draws.integers("provider", key, 1, PROVIDERS),
    )


def find_sufferers(patients: Patients, visits: Visits, draws: Draws) -> dict[int, Flags]:
    """For each long-lasting disease, the visits of those who have it by then."""
    sufferers: dict[int, Flags] = {}
    for row in read_facts("diseases.csv"):
        concept = int(row["condition_concept_id"])
        has = draws.chance(f"disease {concept}", patients.ids, float(row["share"]))
        age = int(row["first_age"]) + draws.integers(f"onset {concept}", patients.ids, 0, 30)
        onset = patients.born + np.round(age * DAYS_IN_YEAR).astype("timedelta64[D]")
        sufferers[concept] = (has & (onset <= LAST_DAY))[visits.patient] & (
            onset[visits.patient] <= visits.start
        )
    return sufferers


def build_history(patients: Patients, draws: Draws) -> dict[str, list[Columns]]:
    """Blocks of every clinical table of the submission."""
    visits = draw_visits(patients, draws)
    sufferers = find_sufferers(patients, visits, draws)
    diagnosed = list(_diagnoses(visits, sufferers, draws))
    vitals = draws.chance("vitals", visits.ids, VITAL_SHARE)
    return {
        "visit_occurrence": [_visit_columns(visits)],
        "visit_detail": [_visit_detail_columns(visits)],
        "condition_occurrence": [_condition_columns(visits, *case) for case in diagnosed],
        "drug_exposure": [_drug_columns(visits, *case) for case in diagnosed if case[1][DRUG]],
        "procedure_occurrence": [_procedure_columns(visits, draws)],
        "measurement": [
            *_result_blocks(patients, visits, sufferers, draws, vitals),
            *_body_blocks(patients, visits, draws, vitals),
        ],
        "observation": [_observation_columns(visits, draws)],
        "device_exposure": [_device_columns(visits, draws)],
        "specimen": [_specimen_columns(visits, draws)],
        "note": [_note_columns(visits, draws)],
        "death": [_death_columns(patients, visits, draws)],
        "fact_relationship": list(_pressure_links(visits, vitals)),
    }


def _diagnoses(
    visits: Visits, sufferers: Mapping[int, Flags], draws: Draws
) -> Iterator[tuple[Flags, Facts]]:
    """Which visits recorded which disease or complaint."""
    for row in read_facts("diseases.csv"):
        concept = int(row["condition_concept_id"])
        yield sufferers[concept] & draws.chance(f"recorded {concept}", visits.ids, 0.6), row
    complaints = read_facts("complaints.csv")
    weights = [float(row["weight"]) for row in complaints]
    complaint = draws.choice("complaint", visits.ids, weights)
    for position, row in enumerate(complaints):
        if row["condition_concept_id"]:
            yield complaint == position, row


def _visit_columns(visits: Visits) -> Columns:
    first_of_person = np.concatenate([[True], visits.patient[1:] != visits.patient[:-1]])
    return {
        "visit_occurrence_id": visits.ids,
        "person_id": visits.person,
        "visit_concept_id": visits.kind,
        "visit_start_date": visits.start,
        "visit_start_datetime": visits.begun,
        "visit_end_date": visits.end,
        "visit_type_concept_id": ENCOUNTER,
        "provider_id": visits.provider,
        "care_site_id": visits.care_site,
        "visit_source_value": join_text("visit", visits.ids),
        "preceding_visit_occurrence_id": pa.array(visits.ids - 1, mask=first_of_person),
    }


def _visit_detail_columns(visits: Visits) -> Columns:
    stayed = visits.kind == INPATIENT
    return visits.recorded(stayed) | {
        "visit_detail_id": visits.ids[stayed],
        "visit_detail_concept_id": INPATIENT,
        "visit_detail_start_date": visits.start[stayed],
        "visit_detail_start_datetime": visits.begun[stayed],
        "visit_detail_end_date": visits.end[stayed],
        "visit_detail_type_concept_id": ENCOUNTER,
        "care_site_id": visits.care_site[stayed],
        "visit_detail_source_value": "ward",
    }


def _condition_columns(visits: Visits, whom: Flags, row: Facts) -> Columns:
    return visits.recorded(whom) | {
        "condition_concept_id": int(row["condition_concept_id"]),
        "condition_start_date": visits.start[whom],
        "condition_start_datetime": visits.begun[whom],
        "condition_end_date": visits.end[whom],
        "condition_type_concept_id": ENCOUNTER,
        "condition_source_value": row["condition_source_value"],
        "condition_source_concept_id": 0,
    }


def _drug_columns(visits: Visits, whom: Flags, row: Facts) -> Columns:
    days = int(row["days_supply"])
    return visits.recorded(whom) | {
        "drug_concept_id": int(row[DRUG]),
        "drug_exposure_start_date": visits.start[whom],
        "drug_exposure_start_datetime": visits.begun[whom],
        "drug_exposure_end_date": visits.start[whom] + np.timedelta64(days - 1, "D"),
        "drug_type_concept_id": PRESCRIPTION,
        "refills": 0,
        "quantity": float(days),
        "days_supply": days,
        "sig": "one a day",
        "drug_source_value": row["drug_source_value"],
        "drug_source_concept_id": 0,
    }


def _procedure_columns(visits: Visits, draws: Draws) -> Columns:
    whom, concept = _some(visits, draws, "procedure", PROCEDURES)
    return visits.recorded(whom) | {
        "procedure_concept_id": concept,
        "procedure_date": visits.start[whom],
        "procedure_datetime": visits.begun[whom],
        "procedure_type_concept_id": ENCOUNTER,
        "quantity": 1,
        "procedure_source_value": join_text("local", concept),
    }


def _observation_columns(visits: Visits, draws: Draws) -> Columns:
    whom, concept = _some(visits, draws, "observation", OBSERVATIONS)
    return visits.recorded(whom) | {
        "observation_concept_id": concept,
        "observation_date": visits.start[whom],
        "observation_datetime": visits.begun[whom],
        "observation_type_concept_id": ENCOUNTER,
        "observation_source_value": join_text("local", concept),
    }


def _some(
    visits: Visits, draws: Draws, stream: str, weights: Mapping[int, int]
) -> tuple[Flags, Ints]:
    """Visits at which something was recorded, and what; the weight of 0 is of nothing."""
    concept = np.array(list(weights))[draws.choice(stream, visits.ids, list(weights.values()))]
    return concept != 0, concept[concept != 0]


def _result_blocks(
    patients: Patients,
    visits: Visits,
    sufferers: Mapping[int, Flags],
    draws: Draws,
    vitals: Flags,
) -> Blocks:
    tested = draws.chance("laboratory", visits.ids, LAB_SHARE)
    for position, row in enumerate(read_facts("results.csv")):
        whom = vitals if row["kind"] == "vital" else tested
        values = _results(patients, visits, draws, row)
        if row["raised_by"]:
            values = values + float(row["raise"]) * sufferers[int(row["raised_by"])]
        value = tenths(values, float(row["low"]), float(row["high"]))
        yield _measurement(visits, whom, position, value) | {
            "measurement_concept_id": int(row["measurement_concept_id"]),
            "measurement_type_concept_id": LABORATORY if row["kind"] == "lab" else EXAMINATION,
            "unit_concept_id": int(row["unit_concept_id"]),
            "range_low": float(row["range_low"]),
            "range_high": float(row["range_high"]),
            "measurement_source_value": row["measurement_source_value"],
            "unit_source_value": row["unit_source_value"],
        }


def _results(patients: Patients, visits: Visits, draws: Draws, row: Facts) -> Floats:
    """A person's usual level, and how far each visit is from it."""
    mean, sd, name = float(row["mean"]), float(row["sd"]), row["measurement_source_value"]
    usual = draws.normal(f"usual {name}", patients.ids, mean, 0.8 * sd)
    return draws.normal(f"result {name}", visits.ids, usual[visits.patient], 0.5 * sd)


def _body_blocks(patients: Patients, visits: Visits, draws: Draws, vitals: Flags) -> Blocks:
    height = draw_height(draws, patients.ids, patients.sex)
    weight = draw_weight(draws, patients.ids, height)[visits.patient]
    now = tenths(draws.normal("weight now", visits.ids, weight, 2.0), 30, 250)
    grown = vitals & (visits.start >= patients.born[visits.patient] + np.timedelta64(6575, "D"))
    for position, values, concept, unit, names in (
        (HEIGHT_POSITION, height[visits.patient], 3036277, CENTIMETRE, ("8302-2", "cm")),
        (WEIGHT_POSITION, now, 3025315, KILOGRAM, ("29463-7", "kg")),
    ):
        yield _measurement(visits, grown, position, values) | {
            "measurement_concept_id": concept,
            "measurement_type_concept_id": EXAMINATION,
            "unit_concept_id": unit,
            "measurement_source_value": names[0],
            "unit_source_value": names[1],
        }


def _measurement(visits: Visits, whom: Flags, position: int, value: Floats) -> dict[str, object]:
    return visits.recorded(whom) | {
        "measurement_id": visits.ids[whom] * RESULTS_PER_VISIT + position,
        "measurement_date": visits.start[whom],
        "measurement_datetime": visits.begun[whom],
        "value_as_number": value[whom],
        "value_source_value": pc.cast(pa.array(value[whom]), pa.string()),
    }


def _pressure_links(visits: Visits, vitals: Flags) -> Blocks:
    systolic = visits.ids[vitals] * RESULTS_PER_VISIT
    diastolic = systolic + 1
    for one, other, link in (
        (systolic, diastolic, SYSTOLIC_WITH_DIASTOLIC),
        (diastolic, systolic, DIASTOLIC_WITH_SYSTOLIC),
    ):
        yield {
            "domain_concept_id_1": MEASUREMENT_DOMAIN,
            "fact_id_1": one,
            "domain_concept_id_2": MEASUREMENT_DOMAIN,
            "fact_id_2": other,
            "relationship_concept_id": link,
        }


def _device_columns(visits: Visits, draws: Draws) -> Columns:
    whom = draws.chance("device", visits.ids, 0.02)
    return visits.recorded(whom) | {
        "device_concept_id": 0,
        "device_exposure_start_date": visits.start[whom],
        "device_exposure_start_datetime": visits.begun[whom],
        "device_type_concept_id": ENCOUNTER,
        "quantity": 1,
        "device_source_value": "LOCAL:walking aid",
    }


def _specimen_columns(visits: Visits, draws: Draws) -> Columns:
    whom = draws.chance("laboratory", visits.ids, LAB_SHARE)
    return {
        "specimen_id": visits.ids[whom],
        "person_id": visits.person[whom],
        "specimen_concept_id": SPECIMEN,
        "specimen_type_concept_id": LABORATORY,
        "specimen_date": visits.start[whom],
        "specimen_datetime": visits.begun[whom],
        "specimen_source_value": "blood",
    }


def _note_columns(visits: Visits, draws: Draws) -> Columns:
    whom = draws.chance("note", visits.ids, 0.2)
    text = draws.choice("note text", visits.ids[whom], [1.0] * len(NOTE_TEXTS))
    return visits.recorded(whom) | {
        "note_id": visits.ids[whom],
        "note_date": visits.start[whom],
        "note_datetime": visits.begun[whom],
        "note_type_concept_id": OUTPATIENT_NOTE,
        "note_class_concept_id": ADMISSION_NOTE,
        "note_title": "Progress note",
        "note_text": np.array(NOTE_TEXTS)[text],
        "encoding_concept_id": UTF_8,
        "language_concept_id": ENGLISH,
    }


def _death_columns(patients: Patients, visits: Visits, draws: Draws) -> Columns:
    """A few of those past sixty, within days of their last visit."""
    last_visit = np.searchsorted(visits.patient, np.arange(len(patients.ids)), side="right") - 1
    end = visits.end[last_visit]
    old = (end - patients.born) > np.timedelta64(60 * 366, "D")
    dies = old & draws.chance("dies", patients.ids, 0.08)
    day = end[dies] + draws.integers("dies/day", patients.ids[dies], 0, 9).astype("timedelta64[D]")
    return {
        "person_id": patients.ids[dies],
        "death_date": day,
        "death_type_concept_id": ENCOUNTER,
    }
