"""Which recipe a row is given to: at most one, and a matter of the row's key alone.

Every row draws one number. The recipes lie side by side between 0 and 1, each as wide as its
rate, and the row goes to the one its number falls into. So a rate is exact however many
recipes there are, no row has two faults, and no other row is ever asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import DataType, Table
from commonweal.synthetic.dirt.recipe import Rates, Recipe, RowRecipe, TextRecipe
from commonweal.synthetic.draws import Draws, Ints

Portions = Sequence[tuple[Recipe, Rates]]
"""Recipes in the order of their list, each with how often."""

ABOUT_ONE_PERSON = ("person", "pii_name", "participant_match")
"""Tables with one row for each person: what happens to one of these rows, or to several of
them together, is drawn once."""
FACTOR = np.int64(1_000_003)


@dataclass(frozen=True)
class Slot:
    """The numbers, from ``low`` up to ``high``, whose rows a recipe is given."""

    recipe: RowRecipe | TextRecipe
    low: float
    high: float


def space_of(table: str) -> str:
    """What the rows of a table are numbered with: themselves, or the persons they are about."""
    return ABOUT_ONE_PERSON[0] if table in ABOUT_ONE_PERSON else table


def build_slots(table: str, portions: Portions) -> tuple[Slot, ...]:
    """The recipes for the rows of one table.

    Raises:
        CommonwealError: they would need more rows than there are.
    """
    together = ABOUT_ONE_PERSON if table in ABOUT_ONE_PERSON else (table,)
    slots, start = [], 0.0
    for recipe, rates in portions:
        shares = [rates.of(other) for other in together if other in recipe.tables]
        if not shares or not isinstance(recipe, RowRecipe | TextRecipe):
            continue
        if table in recipe.tables:
            slots.append(Slot(recipe, start, start + rates.of(table)))
        start += max(shares)
    _check_room(table, start)
    return tuple(slots)


def choose_rows(draws: Draws, site: str, table: str, keys: Ints, slots: Sequence[Slot]) -> Ints:
    """For each row the position of its recipe among ``slots``; -1 for none."""
    lot = draws.uniform(f"dirt/{site}/{space_of(table)}", keys)
    chosen = np.full(len(keys), -1, dtype=np.int64)
    for position, slot in enumerate(slots):
        chosen[(slot.low <= lot) & (lot < slot.high)] = position
    return chosen


def row_keys(table: Table, rows: pa.Table) -> Ints:
    """What names each row: its primary key or, where the table has none, all its numbers."""
    key = table.primary_key
    if key is not None:
        return _as_ints(rows[key.name])
    total = np.zeros(rows.num_rows, dtype=np.int64)
    with np.errstate(over="ignore"):
        for field in table.fields_of(DataType.INTEGER):
            total = total * FACTOR + _as_ints(rows[field.name])
    return total


def _as_ints(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.fill_null(0).to_numpy(), dtype=np.int64)


def _check_room(table: str, share: float) -> None:
    if share > 1:
        raise CommonwealError(
            f"The recipes for {table} want {share:.0%} of its rows together.",
            expected="no more than 100 %: a row has one fault at most",
            fix="Lower their rates, or take fewer recipes.",
        )
