"""Made-up people: each depends on the plan and the person alone, and all are plausible."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.ehr.patients import list_patients
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.homes import NOWHERE, draw_residence
from commonweal.synthetic.people.membership import EHR_SHARES, adult_on
from commonweal.synthetic.people.people import People, adopt_people, make_people
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=20_000)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PLAN, PLAN.batch(0, PLAN.persons))


def leaves(value: Any, name: str = "people") -> dict[str, np.ndarray]:
    """Every array of nested dataclasses and mappings, by its path."""
    if isinstance(value, np.ndarray):
        return {name: value}
    parts = dict(value) if hasattr(value, "items") else vars(value)
    return {k: v for key, part in parts.items() for k, v in leaves(part, f"{name}.{key}").items()}


@given(cut=st.integers(0, 60), seed=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_people_are_the_same_in_any_batches(cut: int, seed: int) -> None:
    plan = build_plan(persons=60, seed=seed)
    whole = leaves(make_people(plan, plan.batch(0, 60)))
    parts = [leaves(make_people(plan, plan.batch(*span))) for span in ((0, cut), (cut, 60))]
    for name, array in whole.items():
        joined = np.concatenate([part[name] for part in parts])
        assert np.array_equal(array, joined, equal_nan=array.dtype.kind in "Mf"), name


def test_another_seed_makes_others(people: People) -> None:
    other = make_people(build_plan(persons=20_000, seed=2), PLAN.batch(0, 20_000))
    assert (other.born != people.born).mean() > 0.99


def test_shares_are_those_of_the_tables(people: People) -> None:
    sites = np.bincount(people.home[people.home != NOWHERE], minlength=6) / len(people)
    assert (people.home == NOWHERE).mean() == pytest.approx(0.08, abs=0.01)
    shares = np.array([site.share for site in PLAN.sites])
    assert sites.tolist() == pytest.approx((0.92 * shares / shares.sum()).tolist(), abs=0.01)
    assert (people.sex == FEMALE).mean() == pytest.approx(0.60, abs=0.01)
    assert people.spanish.mean() == pytest.approx(0.08, abs=0.01)


def test_three_in_a_hundred_are_treated_at_two_sites(people: People) -> None:
    paired, two = people.home != NOWHERE, people.second != NOWHERE
    assert two[paired].mean() == pytest.approx(0.03, abs=0.004)
    assert not two[~paired].any()
    assert (people.second != people.home)[two].all()
    alone = make_people(build_plan(persons=500, sites=1), PLAN.batch(0, 500))
    assert (alone.second == NOWHERE).all()


def test_nobody_enrols_as_a_child_or_dies_or_leaves_before_joining(people: People) -> None:
    membership = people.membership
    assert (membership.enrolled >= adult_on(people.born)).all()
    assert (membership.enrolled <= PLAN.last).all()
    for event in (membership.withdrawn, membership.deactivated, membership.died):
        happened = ~np.isnat(event)
        assert (event[happened] >= membership.enrolled[happened]).all()
        assert (event[happened] <= PLAN.last).all()
    for leaving in (membership.withdrawn, membership.deactivated):
        assert not (leaving > membership.died).any()


def test_the_old_die_more_often(people: People) -> None:
    age = (PLAN.last - people.born).astype(int) / 365.2425
    died = ~np.isnat(people.membership.died)
    assert died[age < 50].mean() < 0.02
    assert died[age >= 75].mean() > 5 * died[age < 60].mean()


def test_records_are_shared_only_under_an_authorisation(people: People) -> None:
    membership = people.membership
    shares = membership.shares_records
    answers = list(EHR_SHARES)
    assert {answers[i] for i in membership.ehr[shares]} == {"yes"}
    assert np.isnat(membership.withdrawn[shares]).all()
    assert not membership.is_test[shares].any()
    assert shares.mean() == pytest.approx(0.92, abs=0.01)


def test_men_are_taller_and_weights_follow_heights(people: People) -> None:
    body = people.body
    men, women = body.height[people.sex == MALE], body.height[people.sex == FEMALE]
    assert men.mean() - women.mean() == pytest.approx(14, abs=0.5)
    assert np.corrcoef(body.height, body.weight)[0, 1] > 0.3
    assert body.weight.min() >= 35


def test_patients_stand_by_person_with_windows_inside_their_lives(people: People) -> None:
    chosen = people.membership.shares_records
    patients = list_patients(PLAN, people, chosen)
    assert (np.diff(patients.keys) > 0).all()
    assert (patients.first > people.born[patients.person]).all()
    assert (patients.last <= PLAN.last).all()
    assert set(patients.ids.tolist()) == set(people.ids[chosen & (people.home >= 0)].tolist())
    twice = people.ids[chosen & (people.second >= 0)]
    assert (np.bincount(patients.person)[np.searchsorted(people.ids, twice)] == 2).all()


def test_persons_of_a_hospital_keep_their_details_and_children_do_not_enrol() -> None:
    plan = build_plan(persons=1, as_of=date(2026, 6, 30))
    born = [date(2008, 6, 30), date(2008, 7, 1), date(1960, 2, 29)]
    persons = pa.table(
        {
            "person_id": pa.array([9, 7, 8], pa.int64()),
            "site": ["prairie"] * 3,
            "birth_date": pa.array(born, pa.date32()),
            "sex_concept_id": pa.array([8532, 8507, 0], pa.int64()),
            "race_concept_id": pa.array([8527] * 3, pa.int64()),
            "ethnicity_concept_id": pa.array([0] * 3, pa.int64()),
        }
    )
    adopted = adopt_people(plan, persons)
    assert adopted.ids.tolist() == [8, 9]
    assert adopted.born.tolist() == [date(1960, 2, 29), date(2008, 6, 30)]
    assert adopted.sex.tolist() == [0, 8532]
    assert adopted.membership.enrolled[1] == np.datetime64("2026-06-30")
    assert adopt_people(plan, persons.slice(0, 0)).ids.tolist() == []


def test_a_state_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(CommonwealError, match="No postal codes are known of ZZ"):
        draw_residence(PLAN.draws, PLAN.batch(0, 2), np.array(["ZZ", ""]))


def test_most_people_live_in_the_state_of_their_site(people: People) -> None:
    from_home = people.home == 0  # Iowa, where few others live
    places = np.array(["IA" if i in (20, 21) else "" for i in range(22)])
    assert (places[people.residence[from_home]] == "IA").mean() == pytest.approx(0.85, abs=0.03)
    assert (places[people.residence[~from_home]] == "IA").mean() < 0.05
