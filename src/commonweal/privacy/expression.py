"""How a column of a tier is written in SQL, and the working views it may look into.

In every expression ``t`` is the row and ``p`` the vault's row of its person.
"""

from dataclasses import dataclass

from commonweal.engine.sql import quoted

PERSONS = "privacy_person"
"""The vault's rows: participant_id, tier_person_id, days."""
CODES = "privacy_code"
"""The vocabulary: concept_id, concept_code."""
STATES = "privacy_state"
"""How many persons of the tier may be shown to live in a state: state, persons."""
ELSEWHERE = "privacy_elsewhere"
"""Persons with rows of a site that is in another state than they live in: person_id."""


def ids_view(table: str) -> str:
    """Name of the map of a table's new ids: site, old_id, new_id."""
    return f"privacy_ids_{table}"


@dataclass(frozen=True)
class Expression:
    """An SQL expression and the join it needs, which finds at most one row."""

    sql: str
    join: str = ""


NOTHING = Expression("NULL")


def row_value(column: str) -> str:
    """The value a column has in the row."""
    return f"t.{quoted(column)}"


def new_id(column: str, target: str) -> Expression:
    """The new id of the row of ``target`` that a column points to."""
    alias = quoted(f"k_{column}")
    return Expression(
        f"{alias}.new_id",
        f"LEFT JOIN {quoted(ids_view(target))} {alias} "
        f'ON {alias}.site = t."_src_site" AND {alias}.old_id = {row_value(column)}',
    )
