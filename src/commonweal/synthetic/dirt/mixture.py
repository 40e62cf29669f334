"""Which recipes a site gets, and how often: as asked for, or as in real life."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt.recipe import FileRecipe, HeaderRecipe, Rates, Recipe
from commonweal.synthetic.dirt.registry import get_recipe, list_recipes
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.plan import Plan

ALL, NONE = "all", "none"
Mixture = Mapping[str, Rates]
"""How often, by the name of the recipe."""

HARMLESS_SHARE = 0.6
"""Share of the recipes for which nothing is rejected that each site has."""
ALSO_FAILS_SHARE = 0.1
"""Chance that a site fails as well as the one that always does."""
LINE_RECIPES = 2
"""How many recipes for lines a failing site has, besides one for a whole file."""


def parse_dirt(options: Sequence[str]) -> Mixture:
    """Read what a command line asks for: names, each with a rate or not, ``all``, ``none``.

    A later option changes what an earlier one said, so ``all`` and then ``key.duplicate=0``
    is all but one. A name without a rate, and ``all``, take the rates of the recipes.

    Raises:
        CommonwealError: there is no such recipe, a rate is no share, or ``none`` is not alone.
    """
    mixture: dict[str, Rates] = {}
    if NONE in options:
        _check_alone(options)
        return MappingProxyType(mixture)
    for option in options:
        name, given, text = option.partition("=")
        if name == ALL and not given:
            mixture |= {recipe.name: recipe.rates for recipe in list_recipes()}
        else:
            recipe = get_recipe(name.strip())
            mixture[recipe.name] = Rates(_read_rate(name, text)) if given else recipe.rates
    return MappingProxyType({name: rates for name, rates in mixture.items() if _is_any(rates)})


def default_mixture(plan: Plan, site: int) -> Mixture:
    """What the site at a position of the plan has when nothing is asked for.

    Every site has some of the faults that curation mends, at the rates that were observed.
    Of several sites at least one, but never all, have some for which they are rejected.
    """
    harmless = [r for r in list_recipes() if not r.rejects and not r.alpha]
    chosen = _draw(plan.draws, "harmless", site, harmless, round(HARMLESS_SHARE * len(harmless)))
    if site in list_failing(plan):
        chosen += _draw_rejected(plan.draws, site)
    return MappingProxyType({recipe.name: recipe.rates for recipe in chosen})


def alpha_mixture() -> Mixture:
    """What a submission that a site de-identified has when nothing is asked for."""
    return MappingProxyType({r.name: r.rates for r in list_recipes() if r.alpha})


def build_dirt(
    plan: Plan,
    site: int,
    mixture: Mixture | None = None,
    *,
    last: np.datetime64 | None = None,
    alpha: bool = False,
    mended: bool = False,
) -> SiteDirt:
    """The dirt of the site at a position of the plan, as asked for or as in real life.

    ``last`` is the last day of what it sends, if that is not the plan's. ``alpha`` is for
    files that the site de-identified. ``mended`` leaves out what files are rejected for.

    Raises:
        CommonwealError: the recipes want more rows of a table than there are.
    """
    if mixture is None:
        mixture = alpha_mixture() if alpha else default_mixture(plan, site)
    if mended:
        mixture = {name: of for name, of in mixture.items() if not get_recipe(name).rejects}
    return SiteDirt(
        plan.sites[site].name,
        mixture,
        draws=plan.draws,
        last=plan.last if last is None else last,
        alpha=alpha,
    )


def list_failing(plan: Plan) -> tuple[int, ...]:
    """Positions of the sites that are rejected: at least one of several, never all."""
    positions = np.arange(len(plan.sites), dtype=np.int64)
    if len(positions) < 2:
        return ()
    order = positions[np.argsort(plan.draws.uniform("dirt/failing", positions), kind="stable")]
    others = order[1:-1]
    also = others[plan.draws.chance("dirt/also failing", others, ALSO_FAILS_SHARE)]
    return tuple(sorted([int(order[0]), *also.tolist()]))


def _draw_rejected(draws: Draws, site: int) -> list[Recipe]:
    rejected = [recipe for recipe in list_recipes() if recipe.rejects and not recipe.alpha]
    files = [recipe for recipe in rejected if isinstance(recipe, FileRecipe | HeaderRecipe)]
    lines = [recipe for recipe in rejected if recipe not in files]
    return [
        *_draw(draws, "file", site, files, 1),
        *_draw(draws, "line", site, lines, LINE_RECIPES),
    ]


def _draw(
    draws: Draws, stream: str, site: int, recipes: Sequence[Recipe], count: int
) -> list[Recipe]:
    key: Ints = np.array([site], dtype=np.int64)
    lots = {r.name: float(draws.uniform(f"dirt/{stream}/{r.name}", key)[0]) for r in recipes}
    return sorted(recipes, key=lambda recipe: lots[recipe.name])[:count]


def _is_any(rates: Rates) -> bool:
    return rates.elsewhere > 0 or any(rate > 0 for rate in rates.by_table.values())


def _read_rate(name: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 1:
        raise CommonwealError(
            f"{text!r} is no rate for {name}.",
            expected="a share from 0 to 1",
            fix=f"Write {name}=0.06 for 6 %.",
        )
    return rate


def _check_alone(options: Sequence[str]) -> None:
    if len(options) > 1:
        raise CommonwealError(
            f"No dirt was asked for, and {len(options) - 1} recipes or more.",
            expected="none alone, or recipes",
            fix="Leave none out, or the others.",
        )
