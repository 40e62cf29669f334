"""A small made-up site: a whole submission, with faults whose places are known."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Submission, get_model
from commonweal.synthetic.draws import Draws
from commonweal.synthetic.frames import Columns, build_table, write_once
from commonweal.synthetic.history import Patients, build_history
from commonweal.synthetic.identity import build_identity
from commonweal.synthetic.population import build_population

FIRST_PERSON = 100_001
FEWEST_PERSONS = 50
"""Fewer persons may not have the rows that faults are planted in."""
HEADER_LINES = 1
Cells = list[str]


class FaultKind(StrEnum):
    """What was done to a submission on purpose."""

    MISSING_COLUMN = "missing required column"
    BAD_DATE = "not a date"
    NOT_A_NUMBER = "text in a number"
    RAGGED_ROW = "wrong number of cells"
    EMPTY_REQUIRED = "empty required cell"
    DUPLICATE_KEY = "duplicate key"
    ORPHAN = "key that is not there"
    END_BEFORE_START = "end before start"


@dataclass(frozen=True)
class PlantedFault:
    """One fault and its place; ``line`` counts the header as 1, ``column`` may be empty."""

    file: str
    line: int
    column: str
    kind: FaultKind


def site_persons(*, site: str, seed: int, persons: int) -> pa.Table:
    """The persons whom ``write_site`` writes about, as ``build_feeds`` wants them."""
    return build_population(site=site, seed=seed, persons=persons, first_id=FIRST_PERSON)


def write_site(
    folder: Path, *, site: str, seed: int, persons: int, faults: bool
) -> list[PlantedFault]:
    """Write a complete submission of a made-up site and return the faults planted in it.

    Every submission has a few faults of real life, which curation deals with: duplicate keys,
    orphans, an end before its start. With ``faults`` it also has five for which it must be
    rejected. The bytes depend on the arguments alone; writing them again changes nothing.

    Raises:
        CommonwealError: ``folder`` holds other files, or there are fewer than 50 persons.
    """
    if persons < FEWEST_PERSONS:
        raise CommonwealError(
            f"A site of {persons} persons is too small to plant faults in.",
            expected=f"{FEWEST_PERSONS} persons or more",
            fix="Ask for more persons.",
        )
    tables = build_site(site=site, seed=seed, persons=persons)
    planted = [*_plant_duplicates(tables), *_plant_orphans(tables), *_plant_disorder(tables)]
    rows = {name: _rows(table) for name, table in tables.items()}
    if faults:
        planted += _plant_errors(rows)
    write_once(folder, {f"{name}.csv": _csv_bytes(lines) for name, lines in rows.items()})
    return planted


def build_site(*, site: str, seed: int, persons: int) -> dict[str, pa.Table]:
    """Every required, PII and matching table of the site, free of faults."""
    draws = Draws(seed)
    people = site_persons(site=site, seed=seed, persons=persons)
    patients = Patients(
        ids=people["person_id"].to_numpy(),
        born=people["birth_date"].to_numpy().astype("datetime64[D]"),
        sex=people["sex_concept_id"].to_numpy(),
    )
    blocks = build_identity(people, patients, site, draws) | build_history(patients, draws)
    programme = get_model("programme")
    return {
        table.name: _numbered(table.name, blocks[table.name])
        for table in programme.with_submission(Submission.REQUIRED, Submission.PII)
    }


def _numbered(name: str, blocks: Sequence[Columns]) -> pa.Table:
    """The table, its rows numbered where the blocks bring no key of their own."""
    table = get_model("programme").table(name)
    key = table.primary_key
    if key is None or key.name in blocks[0]:
        return build_table(table, blocks)
    first, numbered = 1, []
    for block in blocks:
        rows = len(block["person_id"])
        numbered.append({**block, key.name: np.arange(first, first + rows)})
        first += rows
    return build_table(table, numbered)


def _plant_duplicates(tables: dict[str, pa.Table]) -> Iterator[PlantedFault]:
    """One row twice, and one key used again for another value."""
    table = tables["measurement"]
    twice, reused = table.slice(4, 1), table.slice(16, 1)
    at = table.schema.get_field_index("value_as_number")
    field = table.schema.field(at)
    other = pa.array([reused["value_as_number"][0].as_py() + 1], field.type)
    tables["measurement"] = pa.concat_tables([table, twice, reused.set_column(at, field, other)])
    for step in (1, 2):
        line = HEADER_LINES + table.num_rows + step
        yield PlantedFault("measurement.csv", line, "measurement_id", FaultKind.DUPLICATE_KEY)


def _plant_orphans(tables: dict[str, pa.Table]) -> Iterator[PlantedFault]:
    """Three rows of an absent person, and one of an absent visit."""
    absent_person = FIRST_PERSON + tables["person"].num_rows
    absent_visit = tables["visit_occurrence"].num_rows + 1
    for name, row, column, value in (
        ("observation", 2, "person_id", absent_person),
        ("observation", 3, "person_id", absent_person + 1),
        ("procedure_occurrence", 2, "person_id", absent_person),
        ("drug_exposure", 2, "visit_occurrence_id", absent_visit),
    ):
        tables[name] = _with_cell(tables[name], row, column, value)
        yield PlantedFault(f"{name}.csv", _line(row), column, FaultKind.ORPHAN)


def _plant_disorder(tables: dict[str, pa.Table]) -> Iterator[PlantedFault]:
    row, column = 9, "visit_end_date"
    start = tables["visit_occurrence"]["visit_start_date"][row].as_py()
    tables["visit_occurrence"] = _with_cell(
        tables["visit_occurrence"], row, column, start - timedelta(days=5)
    )
    yield PlantedFault("visit_occurrence.csv", _line(row), column, FaultKind.END_BEFORE_START)


def _with_cell(table: pa.Table, row: int, column: str, value: Any) -> pa.Table:
    at = table.schema.get_field_index(column)
    cells = table[column].to_pylist()
    cells[row] = value
    field = table.schema.field(at)
    return table.set_column(at, field, pa.array(cells, field.type))


def _plant_errors(rows: dict[str, list[Cells]]) -> Iterator[PlantedFault]:
    """Five faults, each in a file of its own, for which a submission is rejected."""
    file, column = "condition_occurrence", "condition_type_concept_id"
    position = rows[file][0].index(column)
    for line in rows[file]:
        del line[position]
    yield PlantedFault(f"{file}.csv", HEADER_LINES, column, FaultKind.MISSING_COLUMN)
    for file, row, column, text, kind in (
        ("visit_occurrence", 20, "visit_start_date", "2019-02-30", FaultKind.BAD_DATE),
        ("measurement", 30, "value_as_number", "<5", FaultKind.NOT_A_NUMBER),
        ("procedure_occurrence", 12, "procedure_concept_id", "", FaultKind.EMPTY_REQUIRED),
    ):
        rows[file][_line(row) - 1][rows[file][0].index(column)] = text
        yield PlantedFault(f"{file}.csv", _line(row), column, kind)
    rows["drug_exposure"][_line(40) - 1].append("surplus")
    yield PlantedFault("drug_exposure.csv", _line(40), "", FaultKind.RAGGED_ROW)


def _line(row: int) -> int:
    """Physical line of a row counted from 0, in a file without line breaks in its cells."""
    return row + HEADER_LINES + 1


def _rows(table: pa.Table) -> list[Cells]:
    """Header and rows as text; an absent value is an empty cell."""
    columns = [_texts(column) for column in table.columns]
    return [table.schema.names, *(list(cells) for cells in zip(*columns, strict=True))]


def _texts(column: pa.ChunkedArray) -> list[str]:
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _csv_bytes(rows: Sequence[Cells]) -> bytes:
    """CSV as in RFC 4180: lines end in CRLF, cells are quoted where they must be."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
