"""A draw depends on its key alone, and the numbers look drawn."""

import numpy as np
import pytest

from commonweal.synthetic.draws import Draws

PEOPLE = np.arange(1, 20_001, dtype=np.int64)
DRAWS = Draws(7)
FIRST_DRAWS = ["0x1.0bedf83de3af1p-1", "0x1.5f3e495ab304cp-1", "0x1.52c2448c617a4p-3"]
"""Written down on the day the generator was made: a change of it changes every programme."""
FIRST_NORMAL = ["-0x1.1365c05257754p+0"]


def test_a_person_draws_the_same_alone_and_in_any_company() -> None:
    everyone = DRAWS.uniform("height", PEOPLE)
    backwards = DRAWS.uniform("height", PEOPLE[::-1])
    alone = DRAWS.uniform("height", PEOPLE[[41]])
    assert (backwards[::-1] == everyone).all()
    assert alone[0] == everyone[41]
    assert (DRAWS.uniform("height", PEOPLE.reshape(100, 200)).ravel() == everyone).all()


def test_the_numbers_of_a_seed_never_change() -> None:
    drawn = DRAWS.uniform("height", np.array([1, 2, 2_000_000_000], dtype=np.int64))
    assert [float(number).hex() for number in drawn] == FIRST_DRAWS


def test_seed_stream_and_counter_each_give_other_numbers() -> None:
    base = DRAWS.uniform("height", PEOPLE)
    others = [
        Draws(8).uniform("height", PEOPLE),
        DRAWS.uniform("weight", PEOPLE),
        DRAWS.uniform("height", PEOPLE, 1),
    ]
    for other in others:
        assert not (other == base).any()
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.03


def test_an_array_of_counters_is_one_draw_for_each() -> None:
    keys = np.array([5, 5, 6], dtype=np.int64)
    drawn = DRAWS.uniform("dose", keys, np.array([0, 1, 1], dtype=np.int64))
    one_by_one = [DRAWS.uniform("dose", keys[[i]], c)[0] for i, c in enumerate([0, 1, 1])]
    assert drawn.tolist() == one_by_one
    assert len(set(one_by_one)) == 3


def test_neighbours_are_unrelated() -> None:
    drawn = DRAWS.uniform("height", PEOPLE)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03


def test_uniform_numbers_are_uniform() -> None:
    drawn = DRAWS.uniform("height", PEOPLE)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    tenths = np.histogram(drawn, bins=10, range=(0, 1))[0]
    assert abs(tenths - 2_000).max() < 200


def test_normal_numbers_have_their_mean_and_spread() -> None:
    drawn = DRAWS.normal("height", PEOPLE, 170.0, 10.0)
    assert drawn.mean() == pytest.approx(170, abs=0.3)
    assert drawn.std() == pytest.approx(10, abs=0.2)
    twice = DRAWS.normal("height", PEOPLE, 170.0, 10.0, 1)
    assert abs(np.corrcoef(drawn, twice)[0, 1]) < 0.03


def test_normal_numbers_never_change_and_end_at_four_deviations() -> None:
    first = Draws(1).normal("a", np.array([5], dtype=np.int64), 0.0, 1.0)
    assert [float(number).hex() for number in first] == FIRST_NORMAL
    many = DRAWS.normal("height", np.arange(200_000, dtype=np.int64), 0.0, 1.0)
    assert 3.5 < abs(many).max() <= 4
    shares = [(many < limit).mean() for limit in (-1.6449, -0.6745, 0.0, 0.6745, 1.6449)]
    assert shares == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95], abs=0.004)


def test_every_number_of_an_array_may_have_its_own_spread() -> None:
    spread = np.where(PEOPLE % 2, 1.0, 5.0)
    drawn = DRAWS.normal("dose", PEOPLE, 0.0, spread)
    assert drawn[1::2].std() == pytest.approx(5, rel=0.05)
    assert drawn[::2].std() == pytest.approx(1, rel=0.05)


def test_integers_reach_both_ends_and_no_further() -> None:
    drawn = DRAWS.integers("visits", PEOPLE, 2, 4)
    assert set(drawn.tolist()) == {2, 3, 4}
    own_ends = DRAWS.integers("visits", PEOPLE, 1, np.where(PEOPLE % 2, 1, 3))
    assert set(own_ends[::2].tolist()) == {1}
    assert set(own_ends[1::2].tolist()) == {1, 2, 3}


def test_choice_follows_its_weights() -> None:
    drawn = DRAWS.choice("state", PEOPLE, [3, 0, 1])
    shares = np.bincount(drawn, minlength=3) / len(PEOPLE)
    assert shares.tolist() == pytest.approx([0.75, 0, 0.25], abs=0.02)


def test_chance_is_true_for_its_share() -> None:
    assert DRAWS.chance("withdrawn", PEOPLE, 0.1).mean() == pytest.approx(0.1, abs=0.01)
    assert not DRAWS.chance("withdrawn", PEOPLE, 0.0).any()
