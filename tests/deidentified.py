"""Folders of real-looking files for the tests of de-identification, and what becomes of them."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.intake_folders import SETTINGS, check, write_table

from commonweal.intake.check import check_folder
from commonweal.intake.deidentify.folder import Request, deidentify_folder
from commonweal.intake.deidentify.report import Deidentification
from commonweal.intake.report import CheckReport

AS_OF = date(2026, 11, 25)
Rows = list[dict[str, str]]

PERSON = {
    "person_id": "4711001",
    "year_of_birth": "1961",
    "month_of_birth": "7",
    "day_of_birth": "23",
    "birth_datetime": "1961-07-23 04:05:06",
    "gender_concept_id": "8507",
    "race_concept_id": "8527",
    "ethnicity_concept_id": "38003564",
}


def person(person_id: int, **cells: str) -> dict[str, str]:
    return PERSON | {"person_id": str(person_id)} | cells


def visit(visit_id: int, person_id: int, **cells: str) -> dict[str, str]:
    row = {
        "visit_occurrence_id": str(visit_id),
        "person_id": str(person_id),
        "visit_concept_id": "9202",
        "visit_start_date": "2019-05-17",
        "visit_start_datetime": "2019-05-17T08:15:30Z",
        "visit_end_date": "2020-02-29",
        "visit_end_datetime": "2020-02-29 23:59:59",
        "visit_type_concept_id": "44818518",
    }
    return row | cells


def condition(condition_id: int, person_id: int, **cells: str) -> dict[str, str]:
    row = {
        "condition_occurrence_id": str(condition_id),
        "person_id": str(person_id),
        "condition_concept_id": "316866",
        "condition_start_date": "2018-12-31",
        "condition_start_datetime": "2018-12-31 10:00:00",
        "condition_type_concept_id": "44786627",
    }
    return row | cells


def write_folder(folder: Path, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> Path:
    for name, rows in tables.items():
        write_table(folder, name, rows)
    return folder


def run(
    folder: Path,
    out: Path,
    *,
    dialect: str = "sprint",
    key: Path | None = None,
    report: CheckReport | None = None,
    as_of: date = AS_OF,
    most_persons: int | None = None,
    tables: frozenset[str] = frozenset(),
    dry_run: bool = False,
) -> Deidentification:
    request = Request(
        folder=folder,
        out=out,
        key=key or out.with_name(f"{out.name}.key.csv"),
        report=report or check(folder),
        dialect=dialect,
        as_of=as_of,
        most_persons=most_persons,
        tables=tables,
        dry_run=dry_run,
    )
    return deidentify_folder(request, settings=SETTINGS)


def read(folder: Path, table: str) -> Rows:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def read_key_rows(key: Path) -> dict[str, dict[int, int]]:
    """New numbers by table of ids and source id."""
    found: dict[str, dict[int, int]] = {}
    with key.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["ids"], {})[int(row["source"])] = int(row["new"])
    return found


def check_as(folder: Path, dialect: str) -> CheckReport:
    return check_folder(folder, dialect=dialect, settings=SETTINGS, today=AS_OF)
