"""The page of the manual that says what is done with every column at the site."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from commonweal.intake.deidentify.treatment import EVERY_COLUMN, Kind, Treatment, read_treatments

WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ID: "a random number in its place",
        Kind.FIRST_OF_YEAR: "1 January of its year",
        Kind.ONE: "1 in its place",
        Kind.KEEP: "kept",
        Kind.CODE: "kept where it is a code",
        Kind.BLANK: "emptied",
        Kind.LEAVE_OUT: "left out",
    }
)
_INTRODUCTION = """# De-identification at the site

What `commonweal deidentify` does with every column of every table a site may have. A column that
is not listed here cannot leave: the work stops. Tables that were not asked for stay as well.
A source value is kept where it is a code, and emptied where it holds a date, a key of its row, a
name, address or number of its person, or a number of anybody at the site."""


def build_treatments_page() -> str:
    """The whole page: tables that stay, then the columns of the others, table by table."""
    declared = list(read_treatments().values())
    whole = [one for one in declared if one.column == EVERY_COLUMN]
    others = [one for one in declared if one.column != EVERY_COLUMN]
    parts = [
        _INTRODUCTION,
        "## Tables that stay at the site",
        _rows(("table", "why"), ((f"`{one.table}`", one.reason) for one in whole)),
        *_list_tables(others),
    ]
    return "\n\n".join(parts) + "\n"


def _list_tables(treatments: Sequence[Treatment]) -> Iterator[str]:
    for table in dict.fromkeys(one.table for one in treatments):
        yield f"## {table}"
        rows = ((f"`{t.column}`", _describe(t), t.reason) for t in treatments if t.table == table)
        yield _rows(("column", "what is done", "why"), rows)


def _describe(treatment: Treatment) -> str:
    if treatment.kind is not Kind.ID:
        return WORDS[treatment.kind]
    instead = treatment.absent or "nothing"
    return f"{WORDS[Kind.ID]}; {instead} where `{treatment.ids}` is not handed over"


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
