"""The dirt of one site: recipes at their rates, and the truth about every fault."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.files import choose_files, draw_number
from commonweal.synthetic.dirt.recipe import (
    Chosen,
    FileRecipe,
    HeaderRecipe,
    PeopleRecipe,
    Rates,
    RowRecipe,
    TextRecipe,
    is_among,
)
from commonweal.synthetic.dirt.registry import get_recipe, list_recipes
from commonweal.synthetic.dirt.rows import Planted, apply_changes, list_places, place_rows
from commonweal.synthetic.dirt.slots import Slot, build_slots, choose_rows, row_keys, space_of
from commonweal.synthetic.dirt.text import MOST, Orders, spoil_lines
from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.people.people import People
from commonweal.synthetic.sites.profile import Purpose
from commonweal.synthetic.sites.submission import DIALECTS

Place = tuple[int, str, str]
"""Row of a batch (from 0), column and recipe of a fault."""


class SiteDirt:
    """Plants recipes in the files of one site; ``Dirt`` says what is called when.

    At most one recipe has a row, and at most one a file as a whole. In a file whose rows
    cannot be judged nothing is planted in the rows, and nobody who should not be sent has
    another fault. So every fault can be found, and the truth about it is exact.
    """

    def __init__(
        self,
        site: str,
        mixture: Mapping[str, Rates],
        *,
        draws: Draws,
        last: np.datetime64,
        alpha: bool = False,
    ) -> None:
        """``mixture`` says how often for each recipe; in which order does not matter.

        ``last`` is the last day of the site's data. ``alpha`` says that the site
        de-identified its files: recipes that are a fault only there are left out elsewhere.

        Raises:
            CommonwealError: there is no such recipe, or the recipes want more rows of a table
                than there are.
        """
        wanted = {get_recipe(name).name for name in mixture}
        portions = [
            (recipe, mixture[recipe.name])
            for recipe in list_recipes()
            if recipe.name in wanted and (alpha or not recipe.alpha)
        ]
        self.site = site
        self.portions = tuple(portions)
        self._draws = draws
        self._last = last
        self._model = get_model(DIALECTS[Purpose.ALPHA if alpha else Purpose.PRODUCTION])
        self._files = choose_files(draws, site, portions)
        self._slots = {
            table: () if self._is_closed(table) else build_slots(table, portions)
            for table in self._model.tables
        }

    def extra_patients(self, people: People) -> Flags:
        """Who is sent although the site should not send them."""
        extra = np.zeros(len(people), dtype=np.bool_)
        for recipe, rates in self.portions:
            if isinstance(recipe, PeopleRecipe):
                stream = f"dirt/{self.site}/{recipe.name}"
                drawn = self._draws.chance(stream, people.ids, rates.elsewhere)
                extra |= recipe.whom(people, self._last) & drawn
        return extra

    def find_empty(self, table: str) -> Fault | None:
        """The fault of a file that is left without a byte; nothing else happens to it."""
        recipe = self._files.get(table)
        if not isinstance(recipe, FileRecipe):
            return None
        return Fault(self.site, _file_of(table), None, "", recipe.name)

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        """The names as they are written: each in its place, or all but one as they were."""
        recipe = self._files.get(table)
        if not isinstance(recipe, HeaderRecipe):
            return list(names), []
        number = draw_number(self._draws, self.site, recipe.name, table)
        written, columns = recipe.change(names, number)
        return written, self._faults(table, [(1, column, recipe.name) for column in columns])

    def change_rows(
        self, table: str, rows: pa.Table, people: People
    ) -> tuple[pa.Table, list[Fault]]:
        """Rows with other cells, or with rows added; the declared columns and types stay."""
        planted = list(self._plant(table, rows, people))
        extra = self._list_extra(table, rows, people, planted)
        places = [*list_places(planted), *extra]
        return apply_changes(rows, planted), self._faults(table, places)

    def change_text(
        self, table: str, rows: pa.Table, text: bytes, people: People
    ) -> tuple[bytes, list[Fault]]:
        """``rows``, as ``change_rows`` gave them, in CSV without a header, one on each line."""
        if not any(isinstance(slot.recipe, TextRecipe) for slot in self._slots[table]):
            return text, []
        orders = self._order_lines(table, rows, people)
        spoilt, places = spoil_lines(self._model.table(table), text, orders)
        return spoilt, self._faults(table, places)

    def _is_closed(self, table: str) -> bool:
        recipe = self._files.get(table)
        return isinstance(recipe, FileRecipe) or (
            isinstance(recipe, HeaderRecipe) and recipe.closes
        )

    def _plant(self, table: str, rows: pa.Table, people: People) -> Iterator[Planted]:
        """What every recipe for rows does to those it is given."""
        if not any(isinstance(slot.recipe, RowRecipe) for slot in self._slots[table]):
            return
        for slot, keys, at in self._choose(table, rows, people):
            if isinstance(slot.recipe, RowRecipe) and len(at):
                chosen = Chosen(
                    table=self._model.table(table),
                    rows=rows.take(pa.array(at)),
                    keys=keys,
                    people=people,
                    last=self._last,
                    draws=self._draws,
                    stream=self._stream(slot, table),
                )
                yield Planted(slot.recipe, at, slot.recipe.change(chosen))

    def _order_lines(self, table: str, rows: pa.Table, people: People) -> Orders:
        """Which lines go to which recipe, and the number drawn for each."""
        orders = {}
        for slot, keys, at in self._choose(table, rows, people):
            if isinstance(slot.recipe, TextRecipe):
                stream = f"{self._stream(slot, table)}/lot"
                lots = self._draws.integers(stream, keys, 0, MOST)
                for row, lot in zip(at.tolist(), lots.tolist(), strict=True):
                    orders[row] = (slot.recipe, lot)
        return orders

    def _choose(
        self, table: str, rows: pa.Table, people: People
    ) -> Iterator[tuple[Slot, Ints, Ints]]:
        """For each recipe the keys and the positions of the rows it is given."""
        keys = row_keys(self._model.table(table), rows)
        chosen = choose_rows(self._draws, self.site, table, keys, self._slots[table])
        for _, whom in self._extra_people(people):
            chosen[_are_about(rows, people, whom)] = -1
        for position, slot in enumerate(self._slots[table]):
            at = np.flatnonzero(chosen == position)
            yield slot, keys[at], at

    def _list_extra(
        self, table: str, rows: pa.Table, people: People, planted: Sequence[Planted]
    ) -> Iterator[Place]:
        """Rows about people who should not be sent."""
        if isinstance(self._files.get(table), FileRecipe):
            return
        for recipe, whom in self._extra_people(people):
            if table in recipe.tables:
                at = np.flatnonzero(_are_about(rows, people, whom))
                for row in place_rows(planted, at).tolist():
                    yield row, recipe.column, recipe.name

    def _extra_people(self, people: People) -> Iterator[tuple[PeopleRecipe, Flags]]:
        """Of these people those who are sent, if they are, only because a recipe asked for it.

        That is known without drawing again: an alpha file has people under other ids.
        """
        for recipe, _ in self.portions:
            if isinstance(recipe, PeopleRecipe):
                yield recipe, recipe.whom(people, self._last)

    def _stream(self, slot: Slot, table: str) -> str:
        return f"dirt/{self.site}/{slot.recipe.name}/{space_of(table)}"

    def _faults(self, table: str, places: Iterable[Place]) -> list[Fault]:
        return [
            Fault(self.site, _file_of(table), row, column, recipe)
            for row, column, recipe in sorted(places)
        ]


def _file_of(table: str) -> str:
    """The usual name; whoever writes the file under another one says so in the truth."""
    return f"{table}.csv"


def _are_about(rows: pa.Table, people: People, whom: Flags) -> Flags:
    """Rows about some of the people."""
    if "person_id" not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=np.bool_)
    ids = np.asarray(rows["person_id"].fill_null(0).to_numpy(), dtype=np.int64)
    return is_among(people.ids[whom], ids)
