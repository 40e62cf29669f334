"""Who stays, and which rows stay with them."""

import secrets
from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.intake.deidentify.key_file import Ids
from commonweal.schema.model import Table

OLDEST = 80
"""Age in years that nobody may be over."""
OVER_AGE = "over_80"
PERSON_ABSENT = "person_absent"
NOT_DRAWN = "not_drawn"
UNUSED = "of_nobody_who_stays"
_PEOPLE = "people"


def source_of(table: str) -> str:
    """The view of a table's rows as they were read, all of them text."""
    return f"source_{table}"


def kept_of(table: str) -> str:
    """The view of those rows that stay."""
    return f"kept_{table}"


def choose_people(engine: Engine, *, year: int, most: int | None, known: Ids) -> None:
    """Decide on everybody.

    Over age is who may be more than 80 at some time of the year: only the year of birth
    counts, for it is all that is left afterwards, so whoever turns 80 in the year stays and
    whoever may turn 81 goes. The time of birth counts where it is of an earlier year, and of
    two rows of a person the older.

    Of the others at most ``most`` are drawn by lot; those of ``known`` ids, who were handed
    over before, go first.
    """
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PEOPLE} AS "
        "SELECT TRY_CAST(person_id AS BIGINT) AS person, "
        f"bool_or({int(year)} - least(TRY_CAST(year_of_birth AS BIGINT), "
        f"TRY_CAST(left(birth_datetime, 4) AS BIGINT)) > {OLDEST}) AS is_over, "
        f"true AS is_drawn FROM {quoted(source_of('person'))} GROUP BY person"
    )
    if most is not None:
        found = engine.arrow(f"SELECT person FROM {_PEOPLE} WHERE NOT is_over ORDER BY person")
        drawn = _draw_lots(found["person"].to_numpy(), known, most)
        engine.register_arrow("drawn", pa.table({"person": drawn}))
        engine.execute(f"UPDATE {_PEOPLE} SET is_drawn = person IN (SELECT person FROM drawn)")


def _draw_lots(people: Ids, known: Ids, most: int) -> Ids:
    again = np.intersect1d(people, known)
    others = np.setdiff1d(people, known)
    lots = np.frombuffer(secrets.token_bytes(8 * len(others)), dtype=np.uint64)
    return np.concatenate([again, others[np.argsort(lots, kind="stable")]])[:most]


def choose_rows(engine: Engine, tables: Collection[Table]) -> dict[str, dict[str, int]]:
    """Make the views of the rows that stay, and count the others by table and reason.

    Rows without a person, such as addresses, stay when a row that stays leads to them.
    """
    of_persons = [table for table in tables if table.has_person]
    others = [table for table in tables if not table.has_person]
    removed = {table.name: _choose_rows_of_persons(engine, table) for table in of_persons}
    for table in others:
        removed[table.name] = _choose_used_rows(engine, table, of_persons)
    return removed


def _choose_rows_of_persons(engine: Engine, table: Table) -> dict[str, int]:
    source, kept = quoted(source_of(table.name)), quoted(kept_of(table.name))
    joined = f"FROM {source} s LEFT JOIN {_PEOPLE} p ON p.person = TRY_CAST(s.person_id AS BIGINT)"
    reason = (
        f"CASE WHEN p.person IS NULL THEN '{PERSON_ABSENT}' "
        f"WHEN p.is_over THEN '{OVER_AGE}' ELSE '{NOT_DRAWN}' END"
    )
    goes = "p.person IS NULL OR p.is_over OR NOT p.is_drawn"
    counts = engine.rows(f"SELECT {reason}, count(*) {joined} WHERE {goes} GROUP BY 1 ORDER BY 1")
    engine.execute(f"CREATE OR REPLACE TEMP VIEW {kept} AS SELECT s.* {joined} WHERE NOT ({goes})")
    return dict(counts)


def _choose_used_rows(engine: Engine, table: Table, users: Collection[Table]) -> dict[str, int]:
    source, kept = quoted(source_of(table.name)), quoted(kept_of(table.name))
    key = table.primary_key
    leading = [
        f"SELECT TRY_CAST({quoted(field.name)} AS BIGINT) FROM {quoted(kept_of(user.name))}"
        for user in users
        for field in user.foreign_keys
        if field.references and field.references.table == table.name
    ]
    used = (
        f"TRY_CAST({quoted(key.name)} AS BIGINT) IN ({' UNION '.join(leading)})"
        if key and leading
        else "false"
    )
    engine.execute(f"CREATE OR REPLACE TEMP VIEW {kept} AS SELECT * FROM {source} WHERE {used}")
    count = engine.value(f"SELECT count(*) FROM {source} WHERE ({used}) IS NOT TRUE")
    return {UNUSED: count} if count else {}


def count_rows(engine: Engine, views: Mapping[str, str]) -> dict[str, int]:
    """Rows of each view, by name."""
    return {
        name: int(engine.value(f"SELECT count(*) FROM {quoted(view)}"))
        for name, view in views.items()
    }
