"""Persons of a submission who may be somebody else, told to the site at intake.

A name or a birth that differs is told only where nobody at the site accepted the person: a
nickname that a steward looked at is no news.
"""

from collections.abc import Iterator

import polars as pl

from commonweal.intake.findings import Finding
from commonweal.intake.matching.consent_at_intake import build_finding_at
from commonweal.intake.matching.match import (
    RESULT,
    VALIDATED,
    Comparable,
    Outcome,
    Result,
    list_differing,
)
from commonweal.intake.matching.sent import PERSON, Sent
from commonweal.intake.reading import RECORD

MATCH_TABLE = "participant_match"
COMPARED = (
    ("identity.name_differs", "pii_name", "first_name", "first_name"),
    ("identity.name_differs", "pii_name", "last_name", "last_name"),
    ("identity.birth_differs", "person", "birth_date", "birth_datetime"),
)
"""Finding, table, field and the column of the file that holds it."""
REFUSED = (
    ("identity.name_refused", "first_name"),
    ("identity.name_refused", "last_name"),
    ("identity.birth_refused", "dob"),
)
"""Finding and the column of ``participant_match`` that tells it."""
Told = tuple[str, str, str, pl.DataFrame]
"""Code, table, column and the rows, with their record numbers."""


def find_rows(
    comparable: Comparable, judged: pl.DataFrame, validations: pl.DataFrame | None
) -> Iterator[Told]:
    """Every row of which something is to be told; nothing where there is none."""
    for told in _find_all(comparable, judged, validations):
        if told[3].height:
            yield told


def build_findings(sent: Sent, told: Iterator[Told] | list[Told]) -> Iterator[Finding]:
    """One finding for each code, table and column, with the first lines."""
    for code, table, column, rows in told:
        yield build_finding_at(sent, code, table, column, rows)


def _find_all(
    comparable: Comparable, judged: pl.DataFrame, validations: pl.DataFrame | None
) -> Iterator[Told]:
    unaccepted = judged.filter(~pl.col(VALIDATED).fill_null(value=False)).select(PERSON)
    for code, table, field, column in COMPARED:
        differs = judged.filter(pl.col(field) == Outcome.NO_MATCH).select(PERSON)
        rows = list_differing(comparable, table, field).join(differs, on=PERSON, how="semi")
        yield code, table, column, rows.join(unaccepted, on=PERSON, how="semi")
    leaving = judged.filter(pl.col(RESULT) == Result.LEAVES).select(PERSON)
    persons = comparable.rows["person"].select(PERSON, RECORD)
    yield "identity.not_matched", "person", PERSON, persons.join(leaving, on=PERSON, how="semi")
    if validations is not None:
        yield from _find_refused(judged, unaccepted, validations)


def _find_refused(
    judged: pl.DataFrame, unaccepted: pl.DataFrame, validations: pl.DataFrame
) -> Iterator[Told]:
    doubted = validations.join(unaccepted, on=PERSON, how="semi")
    for code, column in REFUSED:
        yield code, MATCH_TABLE, column, doubted.filter(pl.col(column) == Outcome.NO_MATCH)
    opened = judged.filter(pl.col(RESULT) == Result.NOT_KNOWN).select(PERSON)
    rows = validations.join(opened, on=PERSON, how="semi")
    yield "identity.validation_empty", MATCH_TABLE, "algorithm_validation", rows
