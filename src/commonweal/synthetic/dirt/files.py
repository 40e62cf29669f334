"""Which recipe a file as a whole is given to: at most one, drawn by its table."""

from collections.abc import Mapping

import numpy as np

from commonweal.synthetic.dirt.recipe import FileRecipe, HeaderRecipe
from commonweal.synthetic.dirt.slots import Portions
from commonweal.synthetic.dirt.text import MOST
from commonweal.synthetic.draws import Draws

ONE_DRAW = np.zeros(1, dtype=np.int64)


def choose_files(
    draws: Draws, site: str, portions: Portions
) -> Mapping[str, FileRecipe | HeaderRecipe]:
    """Recipe by table: a share of the files, but at least one that no earlier recipe has."""
    chosen: dict[str, FileRecipe | HeaderRecipe] = {}
    for recipe, rates in portions:
        if not isinstance(recipe, FileRecipe | HeaderRecipe):
            continue
        odds = sorted(
            (float(draws.uniform(f"dirt/{site}/{recipe.name}/{table}", ONE_DRAW)[0]) / rate, table)
            for table in recipe.tables
            if table not in chosen and (rate := rates.of(table)) > 0
        )
        taken = [table for lot, table in odds if lot < 1] or [table for _, table in odds[:1]]
        chosen |= dict.fromkeys(taken, recipe)
    return chosen


def draw_number(draws: Draws, site: str, recipe: str, table: str) -> int:
    """A large whole number for a file."""
    return int(draws.integers(f"dirt/{site}/{recipe}/{table}/place", ONE_DRAW, 0, MOST)[0])
