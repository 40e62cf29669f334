"""Lines of CSV are taken apart and put together to the byte."""

import csv
import io

import pytest

from commonweal.schema.model import DataType, get_model
from commonweal.synthetic.dirt.recipe import LEAVES, Line, Spoilt, TextRecipe
from commonweal.synthetic.dirt.registry import list_recipes
from commonweal.synthetic.dirt.text import find_ends, split_cells, spoil_lines

SPECIMEN = get_model("programme").table("specimen")
LENGTH = next(r for r in list_recipes() if r.name == "structure.wrong_length")


@pytest.mark.parametrize(
    "line",
    [b"a,b", b"a,,", b",,a", b"", b'"a,b",c', b'"say ""no"", twice",,""', b'"","",""', b'1,"",3'],
)
def test_cells_are_those_a_reader_of_csv_sees(line: bytes) -> None:
    cells = split_cells(line)
    assert b",".join(cells) == line
    (read,) = list(csv.reader(io.StringIO(line.decode()))) or [[""]]
    assert len(cells) == max(len(read), 1)


@pytest.mark.parametrize(
    ("text", "ends"),
    [(b"", []), (b"a\n", [2]), (b"a\r\nb\r\n", [3, 6]), (b"a\nb", [2, 3]), (b"\n\n", [1, 2])],
)
def test_ends_of_lines(text: bytes, ends: list[int]) -> None:
    assert find_ends(text).tolist() == ends


def test_only_ordered_lines_change_and_ends_stay() -> None:
    assert isinstance(LENGTH, TextRecipe)
    text = b"1,a\r\n2,b\n3,c\r\n4,d"
    spoilt, faults = spoil_lines(SPECIMEN, text, {3: (LENGTH, 1), 1: (LENGTH, 0)})
    assert spoilt == b"1,a\r\n2,b,surplus\n3,c\r\n4"
    assert faults == [(1, "", LENGTH.name), (3, "", LENGTH.name)]


def test_a_recipe_that_does_not_fit_changes_nothing() -> None:
    recipe = next(r for r in list_recipes() if r.name == "type.not_a_number")
    assert isinstance(recipe, TextRecipe)
    line = b",".join([b""] * len(SPECIMEN.columns)) + b"\n"
    assert spoil_lines(SPECIMEN, line, {0: (recipe, 0)}) == (line, [])


def test_a_quoted_cell_stays_quoted() -> None:
    line = Line(SPECIMEN, (b'"1"', b"2"), lot=5)
    assert line.content(0) == b"1"
    assert line.with_cell(0, b"x") == Spoilt((b'"x"', b"2"), "specimen_id")
    assert line.with_cell(1, b"x") == Spoilt((b'"1"', b"x"), "person_id")


def test_an_empty_cell_in_quotes_holds_nothing() -> None:
    cells = [b'""'] * len(SPECIMEN.columns)
    cells[SPECIMEN.columns.index("quantity")] = b'"2.5"'
    line = Line(SPECIMEN, tuple(cells), lot=0)
    assert line.filled(DataType.FLOAT) == [SPECIMEN.columns.index("quantity")]
    assert line.filled(DataType.DATE) == []


def test_no_table_refers_to_those_that_may_lose_rows() -> None:
    """Else a lost row would leave references that lead nowhere, and they would be no fault."""
    tables = get_model("programme").tables.values()
    referred = {field.references.table for t in tables for field in t.fields if field.references}
    assert not referred & set(LEAVES)
