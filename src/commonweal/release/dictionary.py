"""The data dictionary of a release: every field it holds, what it means, what the tier did."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

from commonweal.schema.model import MODELS, Field, get_model

MODELS_OF_A_RELEASE = ("release", "omop-5.4")
"""Where descriptions come from, the first that knows a field winning."""

TierNotes = Mapping[tuple[str, str], str]
"""What a tier did to a field, by table and field."""


@dataclass(frozen=True)
class DictionaryRow:
    """What is known of one field."""

    table: str
    field: str
    type: str
    required: str
    references: str
    description: str
    tier_note: str


def build_dictionary(
    tables: Mapping[str, Sequence[str]], notes: TierNotes | None = None
) -> list[DictionaryRow]:
    """One row for each column of each table, in the order given."""
    return [
        _build_row(table, column, (notes or {}).get((table, column), ""))
        for table, columns in tables.items()
        for column in columns
    ]


def print_dictionary(rows: Sequence[DictionaryRow]) -> bytes:
    """The dictionary as CSV with a header, always the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(DictionaryRow))
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue().encode()


def _build_row(table: str, column: str, note: str) -> DictionaryRow:
    field = _find_field(table, column)
    if field is None:
        return DictionaryRow(table, column, "", "", "", "", note)
    target = field.references
    return DictionaryRow(
        table,
        column,
        str(field.type),
        "yes" if field.required else "no",
        f"{target.table}.{target.field}" if target else "",
        field.description,
        note,
    )


def _find_field(table: str, column: str) -> Field | None:
    for name in MODELS_OF_A_RELEASE:
        if name in MODELS and table in (tables := get_model(name).tables):
            return tables[table].by_name.get(column)
    return None
