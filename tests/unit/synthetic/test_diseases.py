"""Lasting diseases begin at the ages, in the people and with the odds that the facts say."""

import numpy as np
import pytest

from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.diseases import (
    COPD,
    COPD_ODDS_RATIO_OF_SMOKERS,
    KNOTS,
    OBESE_FROM,
    OBESE_SHARE,
    draw_onsets,
    list_diseases,
)
from commonweal.synthetic.people.people import People, make_people
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=60_000)
OSTEOPOROSIS, NICOTINE, OBESITY, PROSTATE, DIABETES, NEUROPATHY = (
    80502, 4209423, 433736, 4163261, 201826, 37016354,
)  # fmt: skip


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(PLAN, PLAN.batch(0, PLAN.persons))


def age_at_onset(people: People, concept: int) -> np.ndarray:
    """In years; NaN for never."""
    days = (people.onsets[concept] - people.born).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(float) / 365.2425)


@pytest.mark.parametrize("concept", [OSTEOPOROSIS, 432867, 140673, 257012, 378419])
def test_the_share_who_have_a_disease_by_an_age_is_that_of_the_facts(
    people: People, concept: int
) -> None:
    disease = next(d for d in list_diseases() if d.concept == concept)
    age = age_at_onset(people, concept)
    for position, sex in enumerate((FEMALE, MALE)):
        theirs = people.sex == sex
        for knot in (*KNOTS, 75):
            stated = disease.share_at(knot)[position]
            assert (age[theirs] <= knot).mean() == pytest.approx(stated, abs=0.012)
    assert np.nanmin(age) >= 0


def test_the_odds_of_copd_of_smokers_are_the_planted_ones_at_every_age(people: People) -> None:
    age, smoker = age_at_onset(people, COPD), people.body.smoker
    for limit, near in ((65, 0.2), (90, 0.12)):
        for sex in (FEMALE, MALE):
            shares = [(age <= limit)[(people.sex == sex) & s].mean() for s in (smoker, ~smoker)]
            odds = [share / (1 - share) for share in shares]
            assert odds[0] / odds[1] == pytest.approx(COPD_ODDS_RATIO_OF_SMOKERS, rel=near)


def test_odds_ratios_leave_the_share_of_all_as_it_is(people: People) -> None:
    for concept in (COPD, 320128, DIABETES):
        disease = next(d for d in list_diseases() if d.concept == concept)
        assert disease.odds
        ill = age_at_onset(people, concept) <= 65
        stated = disease.share_at(65)[0]
        assert ill[people.sex == FEMALE].mean() == pytest.approx(stated, rel=0.08)


def test_some_diseases_need_something(people: People) -> None:
    assert np.isnan(age_at_onset(people, NICOTINE)[~people.body.smoker]).all()
    obese = people.body.body_mass >= OBESE_FROM
    assert obese.mean() == pytest.approx(OBESE_SHARE, abs=0.01)
    assert np.isnan(age_at_onset(people, OBESITY)[~obese]).all()
    assert np.isnan(age_at_onset(people, PROSTATE)[people.sex != MALE]).all()
    assert (age_at_onset(people, PROSTATE)[people.sex == MALE] > 40).any()


def test_complications_come_after_what_they_come_from(people: People) -> None:
    for row in read_facts("complications.csv"):
        before = people.onsets[int(row["needs"])]
        after = people.onsets[int(row["condition_concept_id"])]
        assert np.isnat(after[np.isnat(before)]).all()
        assert (after > before)[~np.isnat(after)].all()
    ill = ~np.isnat(people.onsets[DIABETES])
    share = (~np.isnat(people.onsets[NEUROPATHY]))[ill].mean()
    assert share == pytest.approx(0.3043, abs=0.03)


def test_onsets_depend_on_the_person_alone(people: People) -> None:
    part = slice(1_000, 1_100)
    few = make_people(PLAN, PLAN.batch(1_000, 100))
    again = draw_onsets(PLAN.draws, few.ids, few.born, few.sex, few.body)
    for concept, days in again.items():
        assert np.array_equal(days, people.onsets[concept][part], equal_nan=True), concept
