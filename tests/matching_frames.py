"""Both sides of a comparison of identities, as small frames."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from commonweal.intake.matching.declared import FIELDS
from commonweal.intake.reading import RECORD

Row = Mapping[str, Any]
TABLES = {
    "person": (
        "birth_date",
        "year_of_birth",
        "month_of_birth",
        "day_of_birth",
        "sex",
    ),
    "pii_name": ("first_name", "middle_name", "last_name"),
    "pii_phone_number": ("phone_number",),
    "pii_email": ("email",),
    "pii_address": ("address_1", "address_2", "city", "state", "zip"),
}


def details_of(*rows: Row) -> dict[str, pl.DataFrame]:
    """What a site sent: a row for each mapping, in every table of which it has a field.

    A mapping names the person by ``person_id``, which is 1 when it does not.
    """
    made = {}
    for table, fields in TABLES.items():
        schema = {"person_id": pl.Int64, **dict.fromkeys(fields, pl.String), RECORD: pl.Int64}
        found = [row for row in rows if table == "person" or set(row) & set(fields)]
        cells = [
            {"person_id": row.get("person_id", 1), RECORD: record}
            | {field: row.get(field) for field in fields}
            for record, row in enumerate(found, start=1)
        ]
        made[table] = pl.DataFrame(cells, schema=schema)
    return made


def contacts_of(*rows: Row) -> pl.DataFrame:
    """The feed ``participant_contact`` with these rows; ids as in ``details_of``."""
    schema = {"participant_id": pl.Int64, **dict.fromkeys(FIELDS, pl.String)}
    cells = [
        {"participant_id": row.get("person_id", 1)} | {field: row.get(field) for field in FIELDS}
        for row in rows
    ]
    return pl.DataFrame(cells, schema=schema)


def validations_of(rows: Iterable[tuple[int, str | None, str | None]]) -> pl.DataFrame:
    """``participant_match``: the person, and what the algorithm and a person said."""
    schema = {
        "person_id": pl.Int64,
        "algorithm_validation": pl.String,
        "manual_validation": pl.String,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")
