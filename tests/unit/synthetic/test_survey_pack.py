"""The survey pack fits together, and its scales keep their shares."""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.synthetic.draws import Draws
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.feeds.survey.model import find_model
from commonweal.synthetic.feeds.survey.pack import Kind, Role, load_pack
from commonweal.synthetic.feeds.survey.scale import edges_between, mix, quantiles, share_below
from commonweal.synthetic.feeds.survey.traits import draw_traits
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import build_plan

LOADINGS = st.floats(0.0, 1.0)
SHARES = st.floats(0.0, 1.0)


@given(loading=LOADINGS, share=SHARES)
def test_quantiles_undo_shares(loading: float, share: float) -> None:
    found = share_below(loading, quantiles(loading, np.array([share])))
    assert found[0] == pytest.approx(share, abs=1e-6)


@given(loading=LOADINGS)
def test_shares_grow_with_the_mean(loading: float) -> None:
    shares = share_below(loading, np.linspace(0, 1, 101))
    assert (np.diff(shares) >= 0).all()
    assert shares[0] == 0
    assert shares[-1] == 1


@pytest.mark.parametrize("loading", [0.0, 0.3, 0.5, 0.8])
def test_answers_keep_their_shares_whatever_the_trait(loading: float) -> None:
    draws, ids = Draws(1), np.arange(40_000)
    mixed = mix(loading, draws.uniform("trait", ids), draws.uniform("chance", ids))
    shares = np.array([5.0, 18.0, 35.0, 29.0, 13.0])
    ranks = np.searchsorted(edges_between(loading, shares), mixed, side="right")
    assert np.bincount(ranks) / len(ids) * 100 == pytest.approx(shares, abs=0.8)


def test_traits_are_spread_evenly_over_people() -> None:
    plan = build_plan(persons=20_000)
    traits = draw_traits(plan, make_people(plan, plan.batch(0, 20_000)))
    tenths = np.linspace(0.1, 0.9, 9)
    for name, trait in traits.items():
        assert np.quantile(trait, tenths) == pytest.approx(tenths, abs=0.025), name
    assert np.corrcoef(traits["mood"], traits["trauma"])[0, 1] > 0.4
    assert abs(np.corrcoef(traits["faith"], traits["means"])[0, 1]) < 0.03


def test_every_question_with_answers_can_be_answered() -> None:
    for question in load_pack().questions:
        if question.kind in (Kind.SINGLE, Kind.MULTIPLE):
            detailed = any(answer.detail for answer in question.answers)
            assert len(question.model.shares) or detailed, question.code
        if question.kind in (Kind.NUMBER, Kind.DATE):
            assert len(question.model.values) > 2, question.code
        if question.kind is Kind.NUMBER:
            assert question.low < question.high, question.code


def test_answers_of_a_question_differ_in_code_and_concept() -> None:
    for question in load_pack().questions:
        for names in (
            [answer.code for answer in question.answers if answer.code],
            [answer.concept for answer in question.answers if answer.concept],
        ):
            assert len(names) == len(set(names)), question.code
        assert all(answer.code or answer.concept for answer in question.answers)


def test_parents_stand_before_their_children() -> None:
    for module in load_pack().modules:
        seen: set[str] = set()
        for question in module.questions:
            asked = {p.code for p in question.parents} & {q.code for q in module.questions}
            assert asked <= seen, question.code
            seen.add(question.code)


def test_every_pattern_of_the_models_is_the_first_for_some_question() -> None:
    patterns = [re.compile(row["pattern"]) for row in read_facts("surveys/models.csv")]
    used = {
        next((at for at, pattern in enumerate(patterns) if pattern.fullmatch(q.code)), None)
        for q in load_pack().questions
    }
    assert set(range(len(patterns))) <= used


def test_conditions_are_known_for_everything_that_is_told_of_history() -> None:
    told = {row["detail"].partition(":")[2] for row in read_facts("surveys/history.csv")}
    assert told == set(load_pack().conditions)


def test_every_module_has_questions_and_every_instrument_a_module() -> None:
    pack = load_pack()
    assert all(module.questions for module in pack.modules)
    asked = {question.instrument for module in pack.modules for question in module.questions}
    assert asked == {question.instrument for question in pack.questions}
    assert len({module.slot for module in pack.modules}) == len(pack.modules)


def test_special_answers_are_those_of_the_programme() -> None:
    special = {
        answer.concept: (answer.code, answer.role)
        for answer in load_pack().answers
        if answer.code.startswith("PMI_") and answer.concept
    }
    assert special[903079] == ("PMI_PreferNotToAnswer", Role.REFUSAL)
    assert special[903087] == ("PMI_DontKnow", Role.UNSURE)
    assert special[903095] == ("PMI_None", Role.EXCLUSIVE)


def test_no_wording_is_shipped() -> None:
    """Files of the pack hold codes and numbers: nothing with the length of a sentence."""
    for name in ("questions", "answers", "branching", "history"):
        for row in read_facts(f"surveys/{name}.csv"):
            assert all(len(cell.split()) <= 2 for cell in row.values()), row


def test_a_model_with_other_shares_than_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="5 shares for 2 answers"):
        find_model("OverallHealth_GeneralHealth", "single", [("a_No", ""), ("a_Yes", "")])


def test_the_pack_covers_the_codebook(shared_data: Path) -> None:
    """All questions of the key but these: replaced before 2018, of a pilot, or without a place."""
    key = pq.read_table(shared_data / "survey_codebook" / "omop2survey_key.parquet")
    covered = {question.concept for question in load_pack().questions}
    missing = {int(concept) for concept in key["question_concept_id"].to_pylist()} - covered
    assert len(missing) <= 21
    answers = {answer.concept for answer in load_pack().answers}
    asked = [
        int(answer)
        for question, answer in zip(
            key["question_concept_id"].to_pylist(),
            key["answer_concept_id"].to_pylist(),
            strict=True,
        )
        if int(question) in covered
    ]
    assert len([concept for concept in asked if concept in answers]) / len(asked) > 0.99
