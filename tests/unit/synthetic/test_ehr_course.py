"""Diseases, drugs and results of a patient hang together."""

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.history import build_records
from commonweal.synthetic.ehr.patients import Patients, list_patients
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=4_000, seed=9)
NEVER = np.datetime64("2200-01-01", "D")


@pytest.fixture(scope="module")
def patients() -> Patients:
    people = make_people(PLAN, PLAN.batch(0, PLAN.persons))
    return list_patients(PLAN, people, people.membership.shares_records)


@pytest.fixture(scope="module")
def records(patients: Patients) -> Records:
    return build_records(PLAN, patients)


def first_days(
    patients: Patients, records: Records, columns: tuple[str, str, str], wanted: int
) -> NDArray[np.datetime64]:
    """First day of a concept of each patient; ``columns`` are a table, its concept and day."""
    table, concept, day = columns
    rows = records[table]
    theirs = rows.columns[concept] == wanted
    first = np.full(len(patients), NEVER)
    np.minimum.at(first, rows.patient[theirs], rows.columns[day][theirs])
    return first


CONDITION = ("condition_occurrence", "condition_concept_id", "condition_start_date")
DRUG = ("drug_exposure", "drug_concept_id", "drug_exposure_start_date")


def test_a_disease_is_recorded_at_the_first_visit_after_its_onset(
    patients: Patients, records: Records
) -> None:
    visits = records["visit_occurrence"]
    start = visits.columns["visit_start_date"]
    catalogue = get_catalogue()
    for concept in catalogue.concepts[: catalogue.lasting].tolist():
        onset = patients.people.onsets[concept][patients.person]
        expected = np.full(len(patients), NEVER)
        after = start >= onset[visits.patient]
        np.minimum.at(expected, visits.patient[after], start[after])
        found = first_days(patients, records, CONDITION, concept)
        assert (found == expected).all(), concept


def test_lasting_diseases_do_not_end_and_complaints_do(records: Records) -> None:
    rows = records["condition_occurrence"]
    catalogue = get_catalogue()
    lasting = np.isin(rows.columns["condition_concept_id"], catalogue.concepts[: catalogue.lasting])
    assert np.isnat(rows.columns["condition_end_date"][lasting]).all()
    assert not np.isnat(rows.columns["condition_end_date"][~lasting]).any()


def test_a_regimen_never_begins_before_one_of_its_diseases(
    patients: Patients, records: Records
) -> None:
    reasons: dict[int, list[str]] = {}
    for row in read_facts("drugs.csv"):
        reasons.setdefault(int(row["drug_concept_id"]), []).append(row["given"])
    for drug, given in reasons.items():
        if not all(reason.isdigit() for reason in given):
            continue
        began = first_days(patients, records, DRUG, drug)
        earliest = np.full(len(patients), NEVER)
        for reason in given:
            known = first_days(patients, records, CONDITION, int(reason))
            earliest = np.minimum(earliest, known)
        assert (began >= earliest).all(), drug


def test_no_drug_is_older_than_its_market(records: Records) -> None:
    rows = records["drug_exposure"]
    drug, start = rows.columns["drug_concept_id"], rows.columns["drug_exposure_start_date"]
    since: dict[int, list[str]] = {}
    for row in read_facts("drugs.csv"):
        since.setdefault(int(row["drug_concept_id"]), []).append(row["since"])
    checked = 0
    for concept, days in since.items():
        if all(days) and (drug == concept).any():
            assert start[drug == concept].min() >= np.datetime64(min(days), "D")
            checked += 1
    assert checked > 15


def test_a_drug_stands_once_at_a_visit(records: Records) -> None:
    rows = records["drug_exposure"]
    pairs = np.stack([rows.columns["visit_occurrence_id"], rows.columns["drug_concept_id"]])
    assert len(np.unique(pairs, axis=1).T) == pairs.shape[1]


def test_supplies_last_as_long_as_they_say(patients: Patients, records: Records) -> None:
    rows = records["drug_exposure"]
    days = rows.columns["days_supply"].astype("timedelta64[D]")
    full = rows.columns["drug_exposure_start_date"] + days - 1
    end = rows.columns["drug_exposure_end_date"]
    assert (end == np.minimum(full, patients.last[rows.patient])).all()
    assert (rows.columns["days_supply"] >= 1).all()


def results(records: Records, *wanted: int) -> list[NDArray[np.float64]]:
    """Values of results at the visits that have all of them."""
    rows = records["measurement"]
    value = rows.columns["value_as_number"].to_numpy(zero_copy_only=False)
    visit = rows.columns["visit_occurrence_id"]
    concept = rows.columns["measurement_concept_id"]
    by_visit = [
        dict(zip(visit[concept == c].tolist(), value[concept == c].tolist(), strict=True))
        for c in wanted
    ]
    shared = sorted(set.intersection(*(set(part) for part in by_visit)))
    return [np.array([part[v] for v in shared]) for part in by_visit]


def test_results_of_a_panel_agree(records: Records) -> None:
    total, low, high, fat = results(records, 3027114, 3009966, 3007070, 3022192)
    assert len(total) > 500
    inside = (total > 70) & (total < 450)
    assert abs(total - (low + high + fat / 5))[inside].max() < 2
    height, weight, index = results(records, 3036277, 3025315, 3038553)
    assert abs(index - weight / (height / 100) ** 2)[(index > 10) & (index < 70)].max() < 0.2
    creatinine, rate = results(records, 3051825, 46236952)
    assert np.corrcoef(1 / creatinine, rate)[0, 1] > 0.6


def test_a_person_is_like_himself_and_not_like_others(records: Records) -> None:
    rows = records["measurement"]
    chosen = rows.columns["measurement_concept_id"] == 3023599  # the volume of red cells
    value = rows.columns["value_as_number"].to_numpy(zero_copy_only=False)[chosen]
    patient = rows.patient[chosen]
    follows = patient[1:] == patient[:-1]
    same = abs(value[1:] - value[:-1])[follows].mean()
    other = abs(value[1:] - value[:-1])[~follows].mean()
    assert follows.sum() > 300
    assert same < 0.85 * other


def test_weight_and_pressure_are_those_of_the_body(patients: Patients, records: Records) -> None:
    rows = records["measurement"]
    value = rows.columns["value_as_number"].to_numpy(zero_copy_only=False)
    born = patients.of_person(patients.people.born)[rows.patient]
    grown = (rows.columns["measurement_date"] - born).astype(float) > 22 * 365.25
    body = patients.people.body
    for concept, usual in (
        (3025315, body.weight),
        (3036277, body.height),
        (3004249, body.pressure),
    ):
        chosen = grown & (rows.columns["measurement_concept_id"] == concept)
        expected = patients.of_person(usual)[rows.patient[chosen]]
        assert np.corrcoef(expected, value[chosen])[0, 1] > 0.55, concept


def test_children_are_small(records: Records, patients: Patients) -> None:
    rows = records["measurement"]
    value = rows.columns["value_as_number"].to_numpy(zero_copy_only=False)
    born = patients.of_person(patients.people.born)[rows.patient]
    age = (rows.columns["measurement_date"] - born).astype(float) / 365.25
    height = rows.columns["measurement_concept_id"] == 3036277
    young, old = height & (age < 9), height & (age > 25)
    assert young.sum() > 5
    assert value[young].max() < 150 < value[old].mean()


def test_findings_depend_on_what_was_suspected(records: Records) -> None:
    rows, conditions = records["measurement"], records["condition_occurrence"]
    found = rows.columns["value_as_concept_id"].to_numpy(zero_copy_only=False)
    visit = rows.columns["visit_occurrence_id"]
    culture = rows.columns["measurement_concept_id"] == 4024958

    def share(condition: int) -> float:
        ill = conditions.columns["condition_concept_id"] == condition
        at = culture & np.isin(visit, conditions.columns["visit_occurrence_id"][ill])
        assert at.sum() > 40
        return float((found[at] == 45884084).mean())

    assert share(28060) > 0.85  # streptococcal sore throat
    assert share(4112343) < 0.15  # viral pharyngitis


def test_visits_come_more_often_with_age_and_diseases(patients: Patients, records: Records) -> None:
    visits = records["visit_occurrence"]
    count = np.bincount(visits.patient, minlength=len(patients))
    start = np.full(len(patients), NEVER)
    np.minimum.at(start, visits.patient, visits.columns["visit_start_date"])
    years = (patients.last - start).astype(float) / 365.25
    onsets = patients.people.onsets
    number = np.sum([days[patients.person] <= patients.last for days in onsets.values()], axis=0)
    long = years > 5
    few, many = long & (number <= 2), long & (number >= 8)
    assert (count[many] / years[many]).mean() > 1.15 * (count[few] / years[few]).mean()


def test_kinds_of_visits(records: Records) -> None:
    rows = records["visit_occurrence"]
    kind = rows.columns["visit_concept_id"]
    nights = (rows.columns["visit_end_date"] - rows.columns["visit_start_date"]).astype(int)
    assert {9201, 9202, 9203} == set(np.unique(kind).tolist())
    assert (nights[kind != 9201] == 0).all()
    assert 1 < nights[kind == 9201].mean() < 6
    assert (kind == 9202).mean() > 0.8
    details = records["visit_detail"]
    assert len(details.patient) == (kind == 9201).sum()
    preceding = rows.columns["preceding_visit_occurrence_id"]
    assert isinstance(preceding, pa.Array)
    first = np.concatenate([[True], rows.patient[1:] != rows.patient[:-1]])
    assert preceding.null_count == first.sum()


def test_gaps_between_visits_are_of_every_length(records: Records) -> None:
    rows = records["visit_occurrence"]
    start = rows.columns["visit_start_date"]
    follows = rows.patient[1:] == rows.patient[:-1]
    gap = (start[1:] - start[:-1]).astype(float)[follows]
    low, middle, high = np.quantile(gap, [0.1, 0.5, 0.9])
    assert low < 40 < middle < 300 < high
