"""Writes a cohort out: one row for each person, as the OMOP cohort table has them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.csv as pacsv

from commonweal.engine.protocol import Engine
from commonweal.query.compiler import compile_cohort, print_sql
from commonweal.query.concepts import check_concepts
from commonweal.query.definition import CohortDefinition, definition_hash
from commonweal.release.cdm import Cdm
from commonweal.schema.errors import CommonwealError

KEY = "subject_id"


@dataclass(frozen=True)
class GeneratedCohort:
    """What was written."""

    rows: int
    definition_hash: str
    as_of: date
    warnings: tuple[str, ...] = ()


def generate_cohort(
    engine: Engine, cdm: Cdm, definition: CohortDefinition, out: Path
) -> GeneratedCohort:
    """Write subject_id, cohort_start_date and cohort_end_date of every person of a cohort.

    ``out`` ends in .parquet or .csv; it appears whole or not at all. What entry and exit
    mean is said in ``CohortPlan.select_episodes``.

    Raises:
        CommonwealError: the file cannot be written, or the definition cannot be used.
    """
    if out.suffix.lower() not in {".parquet", ".csv"}:
        raise CommonwealError(
            f"{out} has no ending that names a format.",
            expected="a file that ends in .parquet or .csv",
            fix="Choose such a name.",
        )
    if not out.parent.is_dir():
        raise CommonwealError(f"There is no folder {out.parent}.", fix="Make the folder first.")
    warnings = check_concepts(engine, cdm, definition)
    plan = compile_cohort(definition, cdm.as_of)
    scratch = out.with_name(f".partial-{out.name}")
    scratch.touch()
    try:
        rows = _write(engine, print_sql(plan.select_episodes()), scratch)
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return GeneratedCohort(rows, definition_hash(definition, cdm.as_of), plan.as_of, warnings)


def _write(engine: Engine, sql: str, file: Path) -> int:
    if file.suffix.lower() == ".parquet":
        return engine.write_parquet(sql, file, order_by=[KEY])
    table = engine.arrow(f"SELECT * FROM ({sql}) ORDER BY {KEY}")
    with file.open("wb") as stream:
        stream.write((",".join(table.column_names) + "\n").encode())
        options = pacsv.WriteOptions(include_header=False, quoting_style="none")
        pacsv.write_csv(table, stream, options)
    return int(table.num_rows)
