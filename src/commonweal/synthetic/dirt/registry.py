"""All recipes, by name and in the order in which they take their rows and files."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt import (
    alpha,
    codes,
    consent,
    dates,
    headers,
    identity,
    keys,
    lines,
    units,
)
from commonweal.synthetic.dirt.recipe import Recipe

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            headers.ZERO_BYTE,
            headers.MISSING_COLUMN,
            headers.TRAILING_SPACE,
            headers.UPPER_CASE,
            lines.WRONG_LENGTH,
            lines.LATIN_1,
            lines.BAD_DATE,
            lines.NOT_A_NUMBER,
            lines.SCIENTIFIC_ID,
            lines.EMPTY_REQUIRED,
            keys.DUPLICATE,
            keys.REUSED,
            keys.PERSON_ABSENT,
            keys.VISIT_ABSENT,
            dates.BEFORE_BIRTH,
            dates.AFTER_DEATH,
            dates.IN_FUTURE,
            dates.END_BEFORE_START,
            units.MISSING,
            units.SPELLING,
            codes.CPT_LEFTOVER,
            consent.ABSENT,
            identity.WRONG_BIRTH,
            identity.WRONG_NAME,
            alpha.OVER_80,
            alpha.REAL_DATE,
        )
    }
)


def list_recipes() -> tuple[Recipe, ...]:
    """Every recipe, families together."""
    return tuple(RECIPES.values())


def get_recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        CommonwealError: there is none; the message names those that are written alike.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=3, cutoff=0.5)
        raise CommonwealError(
            f"There is no recipe for dirt called {name!r}.",
            expected=f"one of {', '.join(near or RECIPES)}",
            fix="The page docs/reference/synthetic/recipes.md lists them all.",
        )
    return RECIPES[name]
