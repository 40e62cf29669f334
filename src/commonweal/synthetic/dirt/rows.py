"""How recipes change rows of a table and add others, and on which lines the rows then stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.synthetic.dirt.recipe import Change, RowRecipe
from commonweal.synthetic.draws import Ints


@dataclass(frozen=True)
class Planted:
    """What one recipe does to rows: ``at`` are the positions of those it was given."""

    recipe: RowRecipe
    at: Ints
    change: Change

    @property
    def hit(self) -> Ints:
        """Positions of the rows it fits."""
        return self.at[self.change.hit]

    @property
    def columns(self) -> list[str]:
        """The column at fault in each of them."""
        return [self.change.columns[place] for place in np.flatnonzero(self.change.hit).tolist()]


def apply_changes(rows: pa.Table, planted: Sequence[Planted]) -> pa.Table:
    """The rows with the cells that recipes changed, and each added row right after its model."""
    added = [one for one in planted if one.recipe.adds]
    extra = [_copy(rows, one) for one in added]
    for one in planted:
        rows = rows if one.recipe.adds else _replace(rows, one)
    if not added:
        return rows
    places = np.concatenate([np.arange(rows.num_rows), _models(planted)])
    order = pa.array(np.argsort(places, kind="stable"))
    return pa.concat_tables([rows, *extra]).take(order).combine_chunks()


def list_places(planted: Sequence[Planted]) -> Iterator[tuple[int, str, str]]:
    """Row (from 0, as they then stand), column and recipe of every fault."""
    for one in planted:
        rows = place_rows(planted, one.hit) + int(one.recipe.adds)
        for row, column in zip(rows.tolist(), one.columns, strict=True):
            yield row, column, one.recipe.name


def place_rows(planted: Sequence[Planted], rows: Ints) -> Ints:
    """Where rows of a table stand once others were added among them."""
    return rows + np.searchsorted(np.sort(_models(planted)), rows)


def _models(planted: Sequence[Planted]) -> Ints:
    """Positions of the rows after which one is added, recipe by recipe."""
    none = np.empty(0, dtype=np.int64)
    return np.concatenate([none, *(one.hit for one in planted if one.recipe.adds)])


def _copy(rows: pa.Table, planted: Planted) -> pa.Table:
    """What is added: the models with other cells."""
    copy = rows.take(pa.array(planted.hit))
    for name, cells in _hit_cells(planted):
        place = copy.schema.get_field_index(name)
        field = copy.schema.field(place)
        copy = copy.set_column(place, field, cells.cast(field.type))
    return copy


def _replace(rows: pa.Table, planted: Planted) -> pa.Table:
    mask = np.zeros(rows.num_rows, dtype=np.bool_)
    mask[planted.hit] = True
    for name, cells in _hit_cells(planted):
        place = rows.schema.get_field_index(name)
        field = rows.schema.field(place)
        column = rows[name].combine_chunks()
        changed = pc.replace_with_mask(column, pa.array(mask), cells.cast(field.type))
        rows = rows.set_column(place, field, changed)
    return rows


def _hit_cells(planted: Planted) -> Iterator[tuple[str, pa.Array]]:
    hit = pa.array(planted.change.hit)
    for name, cells in planted.change.cells.items():
        yield name, cells.filter(hit)
