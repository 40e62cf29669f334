"""Recipes for dirt: what is done to a file, how often, where it was seen, who should find it.

A recipe is data and one function. The function says what happens to the rows, lines or names
it is given; which ones those are, and what the truth about them is, ``SiteDirt`` decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.schema.model import DataType, Table
from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.people import People

Option = TypeVar("Option")

LEAVES = (
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
    "device_exposure",
    "specimen",
)
"""Tables of events whose rows no other table refers to: a row can be lost without another."""


@dataclass(frozen=True)
class Rates:
    """Shares between 0 and 1: of a table's rows that fit, or of the files.

    Of files at least one is taken, however small a rate above 0 is.
    """

    elsewhere: float
    by_table: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, table: str) -> float:
        """The rate for one table."""
        return self.by_table.get(table, self.elsewhere)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A kind of fault that real files have."""

    name: str
    """Family and kind, such as ``key.duplicate``; it never changes."""
    title: str
    seen: str
    """The real data that showed it, and how much of it."""
    rates: Rates
    """How often when nothing else is asked for."""
    rejects: bool
    """Whether a file with this fault is rejected, rather than mended by curation."""
    codes: tuple[str, ...] = ()
    """Findings of the check that tell of it."""
    matches: tuple[str, ...] = ()
    """Findings of the comparison with the programme's side that tell of it."""
    rules: tuple[str, ...] = ()
    """Rules of curation that act on it."""
    tables: tuple[str, ...]
    alpha: bool = False
    """Whether it is a fault only in a submission that was de-identified at the site."""


@dataclass(frozen=True, kw_only=True)
class FileRecipe(Recipe):
    """A file without a byte."""


@dataclass(frozen=True, kw_only=True)
class HeaderRecipe(Recipe):
    """Other names in the header line."""

    change: "HeaderChange"
    closes: bool = False
    """Whether the rows of such a file cannot be judged, so that nothing is planted in them."""


@dataclass(frozen=True, kw_only=True)
class RowRecipe(Recipe):
    """Other cells in a row, or a row added after it."""

    change: "RowChange"
    adds: bool = False


@dataclass(frozen=True, kw_only=True)
class TextRecipe(Recipe):
    """A line of CSV that no table can be read from without loss."""

    change: "TextChange"


@dataclass(frozen=True, kw_only=True)
class PeopleRecipe(Recipe):
    """People whom the site should not send; all their rows in ``tables`` are at fault."""

    whom: Callable[[People, np.datetime64], Flags]
    """Whom it can concern on the last day of the data; of them a share is drawn."""
    column: str = ""
    """The column of the rows that shows it."""


@dataclass(frozen=True)
class Chosen:
    """Rows of one table that a recipe was given, with what it may draw and look up."""

    table: Table
    rows: pa.Table
    keys: Ints
    people: People
    last: np.datetime64
    """Last day of the data."""
    draws: Draws
    stream: str
    """Begins the name of every draw: those of tables about the same rows are the same."""

    def __len__(self) -> int:
        return len(self.keys)

    def integers(self, name: str, low: int, high: int | Ints) -> Ints:
        """A whole number from ``low`` to ``high`` for each row."""
        return self.draws.integers(f"{self.stream}/{name}", self.keys, low, high)

    def numbers(self, column: str) -> Ints:
        """Whole numbers of a column, 0 where there is none."""
        return np.asarray(self.rows[column].fill_null(0).to_numpy(), dtype=np.int64)

    def days(self, column: str) -> Days:
        """Days of a column of dates or times, NaT where there is none."""
        return np.asarray(self.rows[column].to_numpy().astype("datetime64[D]"))

    def has(self, column: str) -> Flags:
        """Whether there is a value."""
        return np.asarray(self.rows[column].is_valid().to_numpy(), dtype=np.bool_)

    def of_person(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of the people, one entry for each row."""
        return np.asarray(array[find_positions(self.people, self.numbers("person_id"))])


@dataclass(frozen=True)
class Change:
    """What becomes of chosen rows."""

    cells: Mapping[str, pa.Array]
    """New cells of every chosen row, by column."""
    hit: Flags
    """The rows that the recipe fits; the others stay as they are."""
    columns: Sequence[str]
    """The column at fault in each row."""


@dataclass(frozen=True)
class Line:
    """A line of CSV that a recipe was given."""

    table: Table
    cells: tuple[bytes, ...]
    """Text of every cell as it stands in the file, quotes included."""
    lot: int
    """A large whole number drawn for the line."""

    def pick(self, options: Sequence[Option]) -> Option:
        """One of several, as the lot falls."""
        return options[self.lot % len(options)]

    def content(self, place: int) -> bytes:
        """Text of a cell without the quotes around it."""
        cell = self.cells[place]
        return cell[1:-1] if cell.startswith(b'"') else cell

    def filled(self, *types: DataType) -> list[int]:
        """Places of the cells of these types that hold something."""
        fields = enumerate(self.table.fields)
        return [place for place, one in fields if one.type in types and self.content(place)]

    def with_cell(self, place: int, text: bytes) -> "Spoilt":
        """The line with other text in one cell, in quotes if the cell was."""
        quoted = b'"' + text + b'"' if self.cells[place].startswith(b'"') else text
        cells = (*self.cells[:place], quoted, *self.cells[place + 1 :])
        return Spoilt(cells, self.table.fields[place].name)


@dataclass(frozen=True)
class Spoilt:
    """Cells of a line after a recipe, and the column at fault, if it is one."""

    cells: tuple[bytes, ...]
    column: str = ""


HeaderChange = Callable[[Sequence[str], int], tuple[list[str], list[str]]]
"""Names and a large whole number to the names written and the columns at fault."""
RowChange = Callable[[Chosen], Change]
TextChange = Callable[[Line], Spoilt | None]
"""Nothing where the recipe does not fit the line."""


def find_positions(people: People, ids: Ints) -> Ints:
    """Where these persons stand among the people, who are in the order of their ids.

    Raises:
        KeyError: one of them is not there.
    """
    if not is_among(people.ids, ids).all():
        raise KeyError("rows of persons who are not among the people of the batch")
    return np.searchsorted(people.ids, ids)


def is_among(known: Ints, ids: Ints) -> Flags:
    """Which ids are among the known ones, which are in order."""
    if not len(known):
        return np.zeros(len(ids), dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.asarray(known[places] == ids)
