"""Made-up health records follow the data model and the order of life."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonweal.schema.model import get_model
from commonweal.synthetic.ehr.history import build_records
from commonweal.synthetic.ehr.patients import Patients, list_patients, pick_patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import as_array, build_table
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import Plan, build_plan

PLAN = build_plan(persons=2_000, seed=4)
TABLES = {
    "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure",
    "procedure_occurrence", "measurement", "observation", "device_exposure", "specimen", "note",
    "death", "fact_relationship", "observation_period", "condition_era", "drug_era",
}  # fmt: skip
EVENTS = TABLES - {"fact_relationship", "observation_period", "condition_era", "drug_era"}
CODED = {"condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement",
         "observation"}  # fmt: skip


def patients_of(plan: Plan) -> Patients:
    people = make_people(plan, plan.batch(0, plan.persons))
    return list_patients(plan, people, people.membership.shares_records)


@pytest.fixture(scope="module")
def patients() -> Patients:
    return patients_of(PLAN)


@pytest.fixture(scope="module")
def records(patients: Patients) -> Records:
    return build_records(PLAN, patients)


def numbers(rows: Rows, column: str) -> NDArray[np.int64]:
    return np.asarray(as_array(rows.columns[column], pa.int64(), len(rows.patient)))


def days(rows: Rows) -> dict[str, NDArray[np.datetime64]]:
    """Every column of dates or times, as days."""
    return {
        name: values.astype("datetime64[D]")
        for name, values in rows.columns.items()
        if isinstance(values, np.ndarray) and values.dtype.kind == "M"
    }


@pytest.mark.parametrize("model", ["programme", "omop-5.4"])
def test_every_table_has_the_declared_columns_and_what_is_required(
    records: Records, model: str
) -> None:
    assert set(records) == TABLES
    for name, rows in records.items():
        declared = get_model(model).table(name)
        table = build_table(declared, [rows.columns])
        assert table.num_rows == len(rows.patient) > 0, name
        for column in declared.required_columns:
            assert table[column].null_count == 0, f"{name}.{column}"


def test_rows_stand_in_the_order_of_unique_keys_that_follow_from_the_patient(
    records: Records, patients: Patients
) -> None:
    for name, rows in records.items():
        key = get_model("omop-5.4").table(name).primary_key
        if key is None or name == "death":
            continue
        ids = numbers(rows, key.name)
        assert (np.diff(ids) > 0).all(), name
        assert ids.max() < 2**53
        room = {"visit_occurrence": 256, "observation_period": 1}.get(name, 256 * 64)
        assert (ids // room == patients.keys[rows.patient]).all(), name


def test_rows_belong_to_their_patient_and_visit(records: Records, patients: Patients) -> None:
    visits = records["visit_occurrence"]
    ids = numbers(visits, "visit_occurrence_id")
    for name, rows in records.items():
        if "person_id" in rows.columns:
            assert (rows.columns["person_id"] == patients.ids[rows.patient]).all(), name
        if "visit_occurrence_id" in rows.columns:
            at = np.searchsorted(ids, numbers(rows, "visit_occurrence_id"))
            assert (ids[at] == numbers(rows, "visit_occurrence_id")).all(), name
            assert (visits.patient[at] == rows.patient).all(), name


def test_no_date_lies_outside_the_time_a_site_knows_of_the_patient(
    records: Records, patients: Patients
) -> None:
    for name, rows in records.items():
        first, last = patients.first[rows.patient], patients.last[rows.patient]
        for column, day in days(rows).items():
            known = ~np.isnat(day)
            assert (day >= first)[known].all(), f"{name}.{column}"
            assert (day <= last)[known].all(), f"{name}.{column}"


def test_nothing_ends_before_it_starts_and_times_agree_with_dates(records: Records) -> None:
    for name, rows in records.items():
        columns = {c: v for c, v in rows.columns.items() if isinstance(v, np.ndarray)}
        for start in [c for c in columns if "_start_date" in c]:
            end = columns.get(start.replace("_start_", "_end_"))
            if end is not None:
                ended = ~np.isnat(end)
                assert (end >= columns[start])[ended].all(), f"{name}.{start}"
        for column in [c for c in columns if c.endswith("_datetime")]:
            day = columns[column.replace("_datetime", "_date")]
            assert (columns[column].astype("datetime64[D]") == day).all(), f"{name}.{column}"


def test_every_event_lies_in_an_observation_period(records: Records, patients: Patients) -> None:
    periods = records["observation_period"]
    start = np.full(len(patients), np.datetime64("2200-01-01", "D"))
    start[periods.patient] = periods.columns["observation_period_start_date"]
    assert len(np.unique(periods.patient)) == len(periods.patient)
    for name in EVENTS:
        rows = records[name]
        for column, day in days(rows).items():
            known = ~np.isnat(day)
            assert (day >= start[rows.patient])[known].all(), f"{name}.{column}"


def test_there_are_about_seventy_events_for_everybody_who_enrolled(records: Records) -> None:
    events = sum(len(records[name].patient) for name in EVENTS)
    assert 60 < events / PLAN.persons < 85


def test_the_site_has_coded_nothing_yet(records: Records) -> None:
    for name in CODED:
        columns = records[name].columns
        written = [c for c in columns if c.endswith(("_source_value", "_source_concept_id"))]
        assert written == (["unit_source_value"] if name == "measurement" else [])
        concept = next(c for c in columns if c.endswith("_concept_id"))
        assert (numbers(records[name], concept) > 0).all()


def test_both_pressures_of_a_reading_name_each_other(records: Records) -> None:
    links, results = records["fact_relationship"], records["measurement"]
    concept = dict(
        zip(
            numbers(results, "measurement_id").tolist(),
            numbers(results, "measurement_concept_id").tolist(),
            strict=True,
        )
    )
    one = [concept[fact] for fact in numbers(links, "fact_id_1").tolist()]
    other = [concept[fact] for fact in numbers(links, "fact_id_2").tolist()]
    relation = numbers(links, "relationship_concept_id").tolist()
    assert {*zip(one, other, relation, strict=True)} == {
        (3004249, 3012888, 46233683),
        (3012888, 3004249, 46233682),
    }
    assert len(one) == 2 * (numbers(results, "measurement_concept_id") == 3004249).sum()


def test_the_heart_s_two_pressures_are_well_apart(records: Records) -> None:
    results = records["measurement"]
    concept = numbers(results, "measurement_concept_id")
    value = np.asarray(results.columns["value_as_number"], dtype=np.float64)
    systolic = np.flatnonzero(concept == 3004249)
    assert (concept[systolic + 1] == 3012888).all()
    assert (value[systolic] - value[systolic + 1]).min() >= 14


def test_units_are_ucum_and_go_with_numbers(records: Records) -> None:
    results = build_table(
        get_model("omop-5.4").table("measurement"), [records["measurement"].columns]
    )
    value, unit = results["value_as_number"], results["unit_concept_id"]
    assert pc.all(pc.is_null(unit.filter(pc.is_null(value)))).as_py()
    pressure = results.filter(pc.equal(results["measurement_concept_id"], 3004249))
    assert pc.unique(pressure["unit_source_value"]).to_pylist() == ["mm[Hg]"]
    assert pc.unique(pressure["unit_concept_id"]).to_pylist() == [8876]
    findings = results.filter(pc.is_valid(results["value_as_concept_id"]))
    assert {45884084, 45878583} == {*pc.unique(findings["value_as_concept_id"]).to_pylist()}
    assert pc.all(pc.is_null(findings["value_as_number"])).as_py()


def test_notes_stand_on_one_line(records: Records) -> None:
    texts = records["note"].columns["note_text"].dictionary.to_pylist()
    assert texts
    assert not any("\n" in text or "\r" in text for text in texts)


def test_women_alone_are_pregnant(records: Records, patients: Patients) -> None:
    conditions = records["condition_occurrence"]
    pregnant = conditions.columns["condition_concept_id"] == 4217975
    sex = patients.of_person(patients.people.sex)[conditions.patient[pregnant]]
    born = patients.of_person(patients.people.born)[conditions.patient[pregnant]]
    age = (conditions.columns["condition_start_date"][pregnant] - born).astype(float) / 365.2425
    assert len(age) > 50
    assert (sex == FEMALE).all()
    assert age.min() >= 18
    assert age.max() < 46


@pytest.mark.parametrize(
    ("file", "table", "concept"),
    [
        ("chronic.csv", "condition_occurrence", "condition_concept_id"),
        ("acute.csv", "condition_occurrence", "condition_concept_id"),
        ("drugs.csv", "drug_exposure", "drug_concept_id"),
        ("procedures.csv", "procedure_occurrence", "procedure_concept_id"),
    ],
)
def test_what_is_of_one_sex_is_recorded_of_no_other(
    records: Records, patients: Patients, file: str, table: str, concept: str
) -> None:
    sexes: dict[int, set[str]] = {}
    for row in read_facts(file):
        sexes.setdefault(int(row[concept]), set()).add(row["sex"])
    rows = records[table]
    sex = patients.of_person(patients.people.sex)[rows.patient]
    checked = 0
    for wanted, only in (({"female"}, FEMALE), ({"male"}, MALE)):
        concepts = [c for c, found in sexes.items() if found == wanted]
        theirs = np.isin(rows.columns[concept], concepts)
        assert (sex[theirs] == only).all()
        checked += theirs.sum()
    assert checked > 20


def test_nobody_had_covid_before_there_was_any(records: Records) -> None:
    conditions = records["condition_occurrence"]
    ill = conditions.columns["condition_concept_id"] == 37311061
    assert ill.sum() > 20
    assert conditions.columns["condition_start_date"][ill].min() >= np.datetime64(date(2020, 2, 1))


def test_smoking_status_is_that_of_the_body(records: Records, patients: Patients) -> None:
    rows = records["observation"]
    text = rows.columns["value_as_string"].cast(pa.string())
    asked = rows.columns["observation_concept_id"] == 43054909
    smoker = patients.of_person(patients.people.body.smoker)[rows.patient[asked]]
    said = np.array(text.to_pylist(), dtype=object)[asked]
    assert asked.sum() > 500
    assert set(said[smoker]) == {"Former smoker", "Current every day smoker"}
    assert set(said[~smoker]) == {"Never smoker"}


def test_the_dead_have_one_death_and_mostly_a_last_visit(
    records: Records, patients: Patients
) -> None:
    deaths = records["death"]
    died = patients.of_person(patients.people.membership.died)
    assert (deaths.columns["death_date"] == died[deaths.patient]).all()
    assert len(np.unique(deaths.patient)) == len(deaths.patient)
    seen = np.isin(np.arange(len(patients)), records["observation_period"].patient)
    assert len(deaths.patient) == ((died <= patients.last) & seen).sum()
    visits = records["visit_occurrence"]
    left = (died[visits.patient] - visits.columns["visit_start_date"]).astype(float)
    late = np.unique(visits.patient[left <= 20])
    assert np.isin(deaths.patient, late).mean() > 0.6


def test_a_site_with_more_volume_sees_patients_more_often() -> None:
    busy = tuple(replace(site, volume=3 * site.volume) for site in PLAN.sites)
    usual = build_records(PLAN, patients_of(PLAN))["visit_occurrence"]
    often = build_records(replace(PLAN, sites=busy), patients_of(PLAN))["visit_occurrence"]
    assert len(often.patient) / len(usual.patient) == pytest.approx(2.9, abs=0.3)


@given(cuts=st.lists(st.integers(0, 90), max_size=4), seed=st.integers(0, 2))
@settings(max_examples=12, deadline=None)
def test_records_of_a_batch_are_those_of_its_parts(cuts: list[int], seed: int) -> None:
    plan = build_plan(persons=90, seed=seed)
    whole = build_records(plan, patients_of(plan))
    edges = [0, *sorted(cuts), plan.persons]
    parts = []
    for low, high in pairwise(edges):
        people = make_people(plan, plan.batch(low, high - low))
        parts.append(
            build_records(plan, list_patients(plan, people, people.membership.shares_records))
        )
    for name, rows in whole.items():
        declared = get_model("omop-5.4").table(name)
        joined = build_table(declared, [part[name].columns for part in parts])
        assert joined.equals(build_table(declared, [rows.columns])), name


def test_another_seed_makes_other_records(records: Records) -> None:
    other = replace(PLAN, seed=5)
    days_of_one = records["visit_occurrence"].columns["visit_start_date"]
    days_of_other = build_records(other, patients_of(PLAN))["visit_occurrence"].columns[
        "visit_start_date"
    ]
    number = min(len(days_of_one), len(days_of_other))
    assert (days_of_one[:number] == days_of_other[:number]).mean() < 0.01


def test_nobody_is_no_special_case(patients: Patients) -> None:
    nobody = pick_patients(patients, np.zeros(len(patients), dtype=np.bool_))
    made = build_records(PLAN, nobody)
    assert set(made) == TABLES
    for name, rows in made.items():
        assert build_table(get_model("omop-5.4").table(name), [rows.columns]).num_rows == 0
