"""Eras: records of one condition or ingredient joined over gaps of up to thirty days.

The rule is that of the OHDSI era scripts: a record without an end ends on the day after its
start, and a drug counts as each of its ingredients.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import MOST_VISITS, RECORDS_OF_A_VISIT, Rows
from commonweal.synthetic.ehr.regimens import list_ingredients
from commonweal.synthetic.frames import Days

LONGEST_GAP = 30
ONE_DAY = np.timedelta64(1, "D")
ROOM = MOST_VISITS * RECORDS_OF_A_VISIT
"""Eras of a patient are numbered from its key x ``ROOM``."""
SPAN_BITS = 20


@dataclass(frozen=True)
class Eras:
    """One entry of each array for each era, by patient, concept and start."""

    patient: Ints
    concept: Ints
    start: Days
    end: Days
    records: Ints
    gap_days: Ints

    def keys(self, patients: Patients) -> Ints:
        """Row numbers: those of a patient follow each other."""
        first = np.searchsorted(self.patient, np.arange(len(patients)))
        return (
            patients.keys[self.patient] * ROOM + np.arange(len(self.patient)) - first[self.patient]
        )


def condition_era_rows(patients: Patients, conditions: Rows) -> Rows:
    """The table ``condition_era``."""
    columns = conditions.columns
    start, end = columns["condition_start_date"], columns["condition_end_date"]
    last = patients.last[conditions.patient]
    end = np.where(np.isnat(end), np.minimum(start + ONE_DAY, last), end)
    eras = join_eras(conditions.patient, columns["condition_concept_id"], start, end)
    return Rows(
        patient=eras.patient,
        columns={
            "condition_era_id": eras.keys(patients),
            "person_id": patients.ids[eras.patient],
            "condition_concept_id": eras.concept,
            "condition_era_start_date": eras.start,
            "condition_era_end_date": eras.end,
            "condition_occurrence_count": eras.records,
        },
    )


def drug_era_rows(patients: Patients, drugs: Rows) -> Rows:
    """The table ``drug_era``; drugs without known ingredients, vaccines, are in none."""
    columns = drugs.columns
    row, ingredient = _ingredients(columns["drug_concept_id"])
    eras = join_eras(
        drugs.patient[row],
        ingredient,
        columns["drug_exposure_start_date"][row],
        columns["drug_exposure_end_date"][row],
    )
    return Rows(
        patient=eras.patient,
        columns={
            "drug_era_id": eras.keys(patients),
            "person_id": patients.ids[eras.patient],
            "drug_concept_id": eras.concept,
            "drug_era_start_date": eras.start,
            "drug_era_end_date": eras.end,
            "drug_exposure_count": eras.records,
            "gap_days": eras.gap_days,
        },
    )


def _ingredients(drug: Ints) -> tuple[Ints, Ints]:
    """Rows and their ingredients; a row stands once for each of them."""
    known, place = np.unique(drug, return_inverse=True)
    parts = [list_ingredients().get(int(concept), ()) for concept in known]
    count = np.array([len(part) for part in parts], dtype=np.int64)
    flat = np.array([concept for part in parts for concept in part], dtype=np.int64)
    first = np.cumsum(count) - count
    many = count[place]
    row = np.repeat(np.arange(len(drug)), many)
    step = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    return row, flat[first[place[row]] + step]


def join_eras(patient: Ints, concept: Ints, start: Days, end: Days) -> Eras:
    """Eras of records in the order of patients and, for each, of days."""
    order = _by_concept(patient, concept)
    patient, concept, start, end = (a[order] for a in (patient, concept, start, end))
    is_other = np.ones(len(order), dtype=np.bool_)
    is_other[1:] = (patient[1:] != patient[:-1]) | (concept[1:] != concept[:-1])
    first, reached = start.astype(np.int64), _reached(is_other, end)
    before = np.concatenate([[0], reached[:-1]])
    begins = is_other | (first > before + LONGEST_GAP)
    uncovered = np.where(begins, 0, np.maximum(first - before - 1, 0))
    at = np.flatnonzero(begins)
    final = np.concatenate([at[1:], [len(order)]])[: len(at)] - 1
    return Eras(
        patient=patient[at],
        concept=concept[at],
        start=start[at],
        end=reached[final].astype("datetime64[D]"),
        records=final - at + 1,
        gap_days=np.add.reduceat(uncovered, at) if len(at) else uncovered,
    )


def _by_concept(patient: Ints, concept: Ints) -> Ints:
    """Positions sorted by patient, concept, then as they were."""
    known, place = np.unique(concept, return_inverse=True)
    size = np.int64(max(len(patient), 1))
    keys = (patient * len(known) + place) * size + np.arange(len(patient))
    return np.asarray(np.sort(keys) % size)


def _reached(is_other: np.ndarray, end: Days) -> Ints:
    """The latest end so far of each run of records that ``is_other`` begins."""
    run = np.cumsum(is_other).astype(np.int64) << SPAN_BITS
    latest = np.maximum.accumulate(run + end.astype(np.int64) + (1 << (SPAN_BITS - 1)))
    return np.asarray(latest - run - (1 << (SPAN_BITS - 1)))
