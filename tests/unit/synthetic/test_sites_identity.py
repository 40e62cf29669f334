"""Who a site's patients are, where they go, and that nobody of it is real."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.synthetic_standin import build_records

from commonweal.schema.model import get_model
from commonweal.synthetic.ehr.patients import Patients, list_patients, pick_patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.sites.identity import build_identity
from commonweal.synthetic.sites.places import build_places
from commonweal.synthetic.sites.staff import assign_staff

PLAN = build_plan(persons=3_000)


def patients_of(plan: Plan, first: int, size: int) -> Patients:
    people = make_people(plan, plan.batch(first, size))
    return list_patients(plan, people, np.ones(len(people), dtype=np.bool_))


def tables_of(records: Records) -> dict[str, pa.Table]:
    model = get_model("programme")
    return {name: build_table(model.table(name), [rows.columns]) for name, rows in records.items()}


@pytest.fixture(scope="module")
def patients() -> Patients:
    return patients_of(PLAN, 0, PLAN.persons)


@pytest.fixture(scope="module")
def tables(patients: Patients) -> dict[str, pa.Table]:
    return tables_of(build_identity(PLAN, patients))


def test_a_person_is_who_the_roster_says(patients: Patients, tables: dict[str, pa.Table]) -> None:
    person = tables["person"]
    born = patients.of_person(patients.people.born)
    assert person["person_id"].to_pylist() == patients.ids.tolist()
    assert (person["birth_datetime"].to_numpy().astype("datetime64[D]") == born).all()
    parts = (person[f"{part}_of_birth"].to_pylist() for part in ("year", "month", "day"))
    dates = [f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in zip(*parts, strict=True)]
    assert dates == born.astype(str).tolist()
    assert (
        person["gender_concept_id"].to_pylist() == patients.of_person(patients.people.sex).tolist()
    )
    words = set(
        zip(
            person["gender_concept_id"].to_pylist(),
            person["gender_source_value"].to_pylist(),
            strict=True,
        )
    )
    assert words == {(8532, "F"), (8507, "M"), (0, "U")}


def test_somebody_treated_at_two_sites_is_the_same_with_other_record_numbers(
    patients: Patients, tables: dict[str, pa.Table]
) -> None:
    ids = Counter(patients.ids.tolist())
    twice = [person for person, count in ids.items() if count == 2]
    assert len(twice) / len(ids) == pytest.approx(0.03, abs=0.01)
    for name, distinct in (("pii_name", 1), ("pii_mrn", 2), ("person", 2)):
        table = tables[name].filter(pc.is_in(tables[name]["person_id"], pa.array(twice)))
        rows = {tuple(row.items()) for row in table.to_pylist()}
        assert len(rows) == distinct * len(twice), name
    homes = tables["location"].drop_columns(["location_id", "location_source_value"])
    of = dict(zip(tables["location"]["location_id"].to_pylist(), homes.to_pylist(), strict=True))
    where: dict[int, list[object]] = {}
    for row in tables["pii_address"].to_pylist():
        where.setdefault(row["person_id"], []).append(of[row["location_id"]])
    assert all(len(where[p]) == 2 and where[p][0] == where[p][1] for p in twice if p in where)


def test_everything_is_clearly_made_up(tables: dict[str, pa.Table]) -> None:
    emails = tables["pii_email"]["email"].to_pylist()
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d{4}@mail\.example", email) for email in emails)
    phones = tables["pii_phone_number"]["phone_number"].to_pylist()
    digits = [re.sub(r"\D", "", phone)[-10:] for phone in phones]
    assert all(re.fullmatch(r"\d{3}55501\d\d", number) for number in digits)
    assert len({re.sub(r"\d", "9", phone) for phone in phones}) == 3
    providers = build_places(PLAN)["provider"].columns
    assert all(npi.startswith("0000") for npi in providers["npi"].to_pylist())


def test_record_numbers_have_leading_zeros_and_are_no_two_alike(
    tables: dict[str, pa.Table],
) -> None:
    numbers = tables["pii_mrn"]["MRN"].to_pylist()
    assert all(re.fullmatch(r"00\d{8}", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_names_have_accents_and_come_from_two_languages(
    patients: Patients, tables: dict[str, pa.Table]
) -> None:
    listed = {(row["language"], row["name"]) for row in read_facts("names.csv")}
    families = tables["pii_name"]["last_name"].to_pylist()
    hispanic = patients.of_person(patients.people.ethnicity) == 38003563
    spanish = np.array([("es", name) in listed for name in families])
    assert spanish[hispanic].mean() == pytest.approx(0.85, abs=0.05)
    assert spanish[~hispanic].mean() < 0.15
    assert any(not name.isascii() for name in families)
    assert len(set(families)) > 200


def test_addresses_are_where_the_programme_knows_people_to_live(
    patients: Patients, tables: dict[str, pa.Table]
) -> None:
    states = read_facts("states.csv")
    residence = patients.of_person(patients.people.residence)
    location = tables["location"]
    places = [states[place] for place in residence if place >= 0]
    assert location["state"].to_pylist() == [place["state"] for place in places]
    zips = location["zip"].to_pylist()
    assert all(z.startswith(p["zip3"]) for z, p in zip(zips, places, strict=True))
    assert len(tables["pii_address"]) == len(location)
    homeless = tables["person"].filter(pc.is_null(tables["person"]["location_id"]))
    assert len(homeless) == (residence < 0).sum() > 0


def test_every_city_of_the_states_is_known() -> None:
    known = {row["zip3"] for row in read_facts("cities.csv")}
    assert {row["zip3"] for row in read_facts("states.csv")} <= known


def test_a_site_s_comparison_is_mostly_a_match_and_accepts_everybody(
    tables: dict[str, pa.Table],
) -> None:
    match = tables["participant_match"]
    for field, least in (("first_name", 0.98), ("dob", 0.99), ("address", 0.85), ("email", 0.7)):
        outcomes = Counter(match[field].to_pylist())
        assert set(outcomes) <= {"match", "no_match", "missing"}
        assert outcomes["match"] / len(match) > least, field
        assert outcomes["no_match"] > 0
    assert Counter(match["address"].to_pylist())["missing"] > 0
    answers = zip(
        match["algorithm_validation"].to_pylist(),
        match["manual_validation"].to_pylist(),
        strict=True,
    )
    counted = Counter(answers)
    assert counted["yes", "no"] / len(match) > 0.95
    assert counted["no", "no"] == 0


def test_nothing_is_said_to_match_that_the_site_does_not_have(
    tables: dict[str, pa.Table],
) -> None:
    match = tables["participant_match"]
    for field, name in (("email", "pii_email"), ("phone_number", "pii_phone_number")):
        have = tables[name]["person_id"].combine_chunks()
        without = match.filter(pc.invert(pc.is_in(match["person_id"], have)))
        assert len(without) > 0
        assert set(without[field].to_pylist()) == {"missing"}


@given(cut=st.integers(0, 40))
@settings(max_examples=15, deadline=None)
def test_identity_is_the_same_in_any_batches(cut: int) -> None:
    plan = build_plan(persons=40, seed=3)
    whole = tables_of(build_identity(plan, patients_of(plan, 0, 40)))
    first = tables_of(build_identity(plan, patients_of(plan, 0, cut)))
    rest = tables_of(build_identity(plan, patients_of(plan, cut, 40)))
    for name, table in whole.items():
        assert pa.concat_tables([first[name], rest[name]]).equals(table), name


def test_the_same_patients_are_the_same_in_other_company(patients: Patients) -> None:
    everyone = build_identity(PLAN, patients)["pii_name"]
    some = patients.site == 2
    fewer = build_identity(PLAN, pick_patients(patients, some))["pii_name"]
    names = np.array(everyone.columns["last_name"].to_pylist())[some]
    assert fewer.columns["last_name"].to_pylist() == names.tolist()


def test_places_and_staff_are_each_site_s_own() -> None:
    places = build_places(PLAN)
    care_sites, providers = places["care_site"], places["provider"]
    assert Counter(care_sites.site.tolist()) == {
        position: profile.care_sites for position, profile in enumerate(PLAN.sites)
    }
    assert len(set(care_sites.columns["care_site_id"].tolist())) == len(care_sites)
    assert len(set(providers.columns["provider_id"].tolist())) == len(providers)
    site_of = dict(zip(care_sites.columns["care_site_id"].tolist(), care_sites.site, strict=True))
    works_at = [site_of[place] for place in providers.columns["care_site_id"].tolist()]
    assert works_at == providers.site.tolist()


def test_who_was_seen_where_fits_together(patients: Patients) -> None:
    records = assign_staff(PLAN, patients, build_records(PLAN, patients))
    visits = records["visit_occurrence"]
    places = build_places(PLAN)["provider"].columns
    works_at = dict(
        zip(places["provider_id"].tolist(), places["care_site_id"].tolist(), strict=True)
    )
    provider, place = (visits.columns[f"{c}_id"].to_pylist() for c in ("provider", "care_site"))
    assert [works_at[p] for p in provider] == place
    of_visit = dict(zip(visits.columns["visit_occurrence_id"].tolist(), provider, strict=True))
    drugs = records["drug_exposure"].columns
    assert drugs["provider_id"].to_pylist() == [
        of_visit[visit] for visit in drugs["visit_occurrence_id"].tolist()
    ]
    usual = build_identity(PLAN, patients)["person"].columns["provider_id"][visits.patient]
    assert (usual == np.array(provider)).mean() > 0.4


def test_a_record_without_a_visit_names_nobody(patients: Patients) -> None:
    records = build_records(PLAN, patients)
    rows = records["drug_exposure"]
    lost = {**rows.columns, "visit_occurrence_id": pa.nulls(len(rows.patient), pa.int64())}
    staffed = assign_staff(PLAN, patients, {**records, "drug_exposure": Rows(rows.patient, lost)})
    provider = staffed["drug_exposure"].columns["provider_id"]
    assert provider.null_count == len(provider) > 0
