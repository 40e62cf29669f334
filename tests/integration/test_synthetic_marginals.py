"""Made-up health records look like the real ones, and studies find what was planted in them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.synthetic_marginals import (
    DAYS_IN_YEAR,
    DISTANCES,
    Made,
    distance_rows,
    make_usual,
    measure_distances,
    print_table,
    show_line,
    total_variation,
)
from tests.synthetic_studies import Estimate, drugs_of, estimate_effects

from commonweal.synthetic.ehr.complaints import get_rates
from commonweal.synthetic.ehr.panels import get_panels
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.diseases import list_diseases, sex_position

DIABETES, METFORMIN = 201826, 1503297


@pytest.fixture(scope="module")
def made() -> Made:
    return make_usual()


@pytest.fixture(scope="module")
def estimates(made: Made) -> dict[str, Estimate]:
    found = estimate_effects(made)
    print_table(found)
    return {estimate.what: estimate for estimate in found}


def test_distances_to_real_data_are_within_their_bounds(shared_data: Path) -> None:
    distances = measure_distances(shared_data)
    print_table(distances)
    assert len(distances) > 20
    too_far = [d for d in distances if not d.distance <= d.bound]
    assert not too_far


def test_the_manual_shows_the_distances_of_today(shared_data: Path) -> None:
    with DISTANCES.open(encoding="utf-8") as stream:
        shown = list(csv.reader(stream))[1:]
    today = distance_rows(measure_distances(shared_data))
    assert [row[:3] for row in shown] == [row[:3] for row in today]
    for (*_, ours, _), (*_, theirs, _) in zip(shown, today, strict=True):
        assert float(ours) == pytest.approx(float(theirs), abs=0.05)


def test_the_planted_association_is_recovered(estimates: dict[str, Estimate]) -> None:
    copd = estimates["smoking → COPD"]
    assert copd.planted == 3.0
    assert 1 < copd.low < 3.0 < copd.high


def test_studies_find_the_stated_sizes(estimates: dict[str, Estimate]) -> None:
    for estimate in estimates.values():
        nothing = 1.0 if "→" in estimate.what and estimate.planted > 1 else 0.0
        assert estimate.low < estimate.planted < estimate.high, estimate
        assert not estimate.low <= nothing <= estimate.high, estimate


def test_drugs_follow_their_conditions(made: Made) -> None:
    known = made.first_day("condition_occurrence", (DIABETES,))
    metformin = made.first_day("drug_exposure", drugs_of([METFORMIN]))
    diabetic, treated = ~np.isnat(known), ~np.isnat(metformin)
    stated = next(
        float(row["chance"])
        for row in read_facts("drugs.csv")
        if row["given"] == str(DIABETES) and int(row["drug_concept_id"]) in drugs_of([METFORMIN])
    )
    share = treated[diabetic].mean()
    show_line(f"metformin: {share:.2f} of {diabetic.sum()} diabetics, stated {stated:.2f}")
    assert stated * 0.8 < share <= stated + 0.03
    assert not treated[~diabetic].any()
    assert (metformin >= known)[treated].all()


def test_lasting_diseases_are_as_common_as_the_facts_say(made: Made) -> None:
    people, person = made.patients.people, made.patients.person
    age = (made.patients.last - people.born[person]).astype(float) / 365.2425
    seen = np.zeros(len(made.patients), dtype=np.bool_)
    seen[made.records["observation_period"].patient] = True
    for disease in list_diseases():
        if disease.needs:
            continue
        onset = people.onsets[disease.concept][person]
        has = onset <= made.patients.last
        expected = 0.0
        for position, sex in enumerate((8532, 8507)):
            theirs = people.sex[person] == sex
            stated = [disease.share_at(float(a))[position] for a in age[theirs]]
            expected += float(np.sum(stated))
        known = people.sex[person] != 0
        near = 4 * np.sqrt(expected) + 0.2 * expected * bool(disease.odds)  # causes come together
        assert has[known].sum() == pytest.approx(expected, abs=near), disease.concept
        recorded = ~np.isnat(made.first_day("condition_occurrence", (disease.concept,)))
        assert (recorded <= has).all()
        if (has & seen).sum() > 200:
            assert recorded[has & seen].mean() > 0.6, disease.concept


def test_results_lie_where_the_facts_say(made: Made) -> None:
    members = get_panels().members
    concept = made.column("measurement", "measurement_concept_id")
    value = made.column("measurement", "value_as_number")
    for position in np.flatnonzero(~np.isnan(members.spread)):
        values = value[concept == members.concepts[position]]
        assert len(values) > 10, members.names[position]
        assert not np.isnan(values).any()
        assert members.low[position] <= values.min() <= values.max() <= members.high[position]
        assert values.std() > 0


def test_complaints_are_as_frequent_at_visits_as_the_facts_say(made: Made) -> None:
    visits = made.records["visit_occurrence"]
    born = made.patients.people.born[made.patients.person]
    sex = sex_position(made.patients.people.sex)[made.patients.person][visits.patient]
    start = made.column("visit_occurrence", "visit_start_date")
    age = (start - born[visits.patient]).astype(float) / DAYS_IN_YEAR
    recorded = made.column("condition_occurrence", "condition_concept_id")
    rates = get_rates()
    stratum = np.searchsorted(rates.ages[1:], age, side="right")
    ours, stated = {}, {}
    for position, row in enumerate(read_facts("acute.csv")):
        if position not in rates.driven and not row["since"]:
            concept = int(row["condition_concept_id"])
            stated[concept] = float(rates.chance[sex, stratum, position].sum())
            ours[concept] = float((recorded == concept).sum())
    distance = total_variation(ours, stated)
    show_line(f"complaints, against the facts: total variation {distance:.3f}")
    assert distance < 0.03
    assert sum(ours.values()) == pytest.approx(sum(stated.values()), rel=0.1)
