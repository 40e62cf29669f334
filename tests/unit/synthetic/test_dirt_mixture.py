"""What a command line asks for, what sites have by themselves, and which of them fail."""

from collections.abc import Sequence

import numpy as np
import pytest

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt.mixture import (
    alpha_mixture,
    build_dirt,
    default_mixture,
    list_failing,
    parse_dirt,
)
from commonweal.synthetic.dirt.recipe import FileRecipe, HeaderRecipe, Rates
from commonweal.synthetic.dirt.registry import get_recipe, list_recipes
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.draws import Draws
from commonweal.synthetic.plan import Plan, build_plan

LAST = np.datetime64("2026-10-01", "D")


def plan_of(sites: int, seed: int = 1) -> Plan:
    return build_plan(persons=1_000, sites=sites, seed=seed)


def test_a_name_alone_takes_the_rates_of_the_recipe() -> None:
    mixture = parse_dirt(["key.reused"])
    assert mixture == {"key.reused": get_recipe("key.reused").rates}
    assert mixture["key.reused"].of("drug_exposure") == 0.065
    assert mixture["key.reused"].of("specimen") == 0.001


def test_a_rate_is_that_of_every_table() -> None:
    mixture = parse_dirt(["key.reused=0.25", "time.future=1"])
    assert mixture == {"key.reused": Rates(0.25), "time.future": Rates(1.0)}
    assert mixture["key.reused"].of("drug_exposure") == 0.25


def test_all_is_every_recipe_and_a_later_option_changes_it() -> None:
    names = [recipe.name for recipe in list_recipes()]
    assert list(parse_dirt(["all"])) == names
    changed = parse_dirt(["all", "file.zero_byte=0", "key.duplicate=0.5"])
    assert sorted(changed) == sorted(set(names) - {"file.zero_byte"})
    assert changed["key.duplicate"] == Rates(0.5)


@pytest.mark.parametrize("options", [[], ["none"], ["unit.missing=0"]])
def test_nothing_is_nothing(options: Sequence[str]) -> None:
    assert parse_dirt(options) == {}


def test_an_unknown_recipe_is_told_with_those_alike() -> None:
    with pytest.raises(CommonwealError, match=r"'key\.duplicates'") as caught:
        parse_dirt(["key.duplicates"])
    assert "key.duplicate" in caught.value.expected
    assert "file.zero_byte" not in caught.value.expected


@pytest.mark.parametrize("text", ["", "six", "1.01", "-0.1", "6%", "nan", "inf"])
def test_a_rate_is_a_share(text: str) -> None:
    with pytest.raises(CommonwealError, match=r"no rate for key\.duplicate") as caught:
        parse_dirt([f"key.duplicate={text}"])
    assert "0 to 1" in caught.value.expected


@pytest.mark.parametrize("option", ["all=0.5", "=0.5", "key"])
def test_what_is_no_name_is_no_recipe(option: str) -> None:
    with pytest.raises(CommonwealError, match="no recipe"):
        parse_dirt([option])


def test_none_stands_alone() -> None:
    with pytest.raises(CommonwealError, match="No dirt was asked for"):
        parse_dirt(["none", "key.duplicate"])


def test_recipes_may_not_want_more_rows_than_there_are() -> None:
    mixture = parse_dirt(["key.duplicate=0.6", "time.future=0.6"])
    with pytest.raises(CommonwealError, match="condition_occurrence want 120%"):
        SiteDirt("here", mixture, draws=Draws(1), last=LAST)


def test_all_recipes_at_their_rates_fit() -> None:
    SiteDirt("here", parse_dirt(["all"]), draws=Draws(1), last=LAST, alpha=True)


def test_the_order_of_a_mixture_does_not_matter() -> None:
    mixture = parse_dirt(["all"])
    backwards = dict(reversed(mixture.items()))
    one, other = (
        SiteDirt("here", m, draws=Draws(1), last=LAST).portions for m in (mixture, backwards)
    )
    assert one == other


@pytest.mark.parametrize("sites", [1, 2, 3, 6, 40])
@pytest.mark.parametrize("seed", range(5))
def test_of_several_sites_some_fail_and_some_do_not(sites: int, seed: int) -> None:
    failing = list_failing(plan_of(sites, seed))
    assert set(failing) <= set(range(sites))
    assert len(failing) == 0 if sites == 1 else 1 <= len(failing) < sites


def test_the_seed_chooses_who_fails() -> None:
    assert len({list_failing(plan_of(6, seed)) for seed in range(20)}) > 3


@pytest.mark.parametrize("seed", range(3))
def test_every_site_has_dirt_and_just_the_failing_ones_are_rejected(seed: int) -> None:
    plan = plan_of(6, seed)
    mixtures = [default_mixture(plan, site) for site in range(6)]
    assert len({frozenset(mixture) for mixture in mixtures}) > 1
    for site, mixture in enumerate(mixtures):
        recipes = [get_recipe(name) for name in mixture]
        assert sum(not recipe.rejects for recipe in recipes) >= 5
        assert not any(recipe.alpha for recipe in recipes)
        rejected = [recipe for recipe in recipes if recipe.rejects]
        whole = [r for r in rejected if isinstance(r, FileRecipe | HeaderRecipe)]
        counts = (1, 2) if site in list_failing(plan) else (0, 0)
        assert (len(whole), len(rejected) - len(whole)) == counts
        assert all(mixture[recipe.name] == recipe.rates for recipe in recipes)


def test_dirt_is_as_asked_for_or_as_in_real_life() -> None:
    plan = plan_of(2)
    names = {recipe.name for recipe, _ in build_dirt(plan, 1).portions}
    assert names == set(default_mixture(plan, 1))
    asked = build_dirt(plan, 1, parse_dirt(["time.future", "alpha.real_date"]))
    assert [recipe.name for recipe, _ in asked.portions] == ["time.future"]
    assert asked.site == plan.sites[1].name


def test_a_de_identified_submission_has_dirt_of_its_own() -> None:
    names = {recipe.name for recipe, _ in build_dirt(plan_of(2), 0, alpha=True).portions}
    assert names == set(alpha_mixture()) == {"alpha.over_80", "alpha.real_date"}
