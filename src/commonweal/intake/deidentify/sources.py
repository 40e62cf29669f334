"""The files of an accepted folder as text, ready for the engine."""

from collections.abc import Callable
from pathlib import Path

from commonweal.engine.protocol import Engine
from commonweal.intake.check.file import stamp
from commonweal.intake.deidentify.identity import list_needed_tables
from commonweal.intake.deidentify.people import source_of
from commonweal.intake.deidentify.treatment import find_reason_to_leave_out
from commonweal.intake.reading import write_text_parquet
from commonweal.intake.report import CheckReport, FileReport
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Model, Table, get_model

Tell = Callable[[str], None]
"""Hears of each table that is done with."""


def check_input(report: CheckReport) -> None:
    """Refuse a folder that was rejected, or that does not say who its people are.

    Raises:
        CommonwealError: what is the matter, and what to do.
    """
    if not report.is_accepted:
        raise CommonwealError(
            "The folder is not accepted by the check, so not all of its rows can be read.",
            expected=f"files that are accepted as {report.dialect}",
            fix=f"See what is wrong: commonweal check FOLDER --dialect {report.dialect}",
        )
    if "person" not in {file.table for file in report.files}:
        raise CommonwealError(
            "There is no person.csv, so nobody's age is known.",
            expected="person.csv beside the other files",
            fix="Add it: whoever is over 80 must stay out.",
        )


def list_outgoing(report: CheckReport, model: Model) -> tuple[Table, ...]:
    """The tables that were sent and are in the dialect that is asked for."""
    there = {file.table for file in report.files}
    return tuple(
        table
        for name, table in model.tables.items()
        if name in there and find_reason_to_leave_out(name) is None
    )


def read_sources(
    engine: Engine,
    folder: Path,
    report: CheckReport,
    scratch: Path,
    *,
    wanted: set[str],
    tell: Tell,
) -> frozenset[str]:
    """Make a view of text of every file that is needed, and give the names of the tables.

    Raises:
        CommonwealError: a file is not the one that was checked any more.
    """
    model = get_model(report.dialect)
    needed = wanted | set(list_needed_tables())
    files = [file for file in report.files if file.table in needed]
    for file in files:
        _check_same(folder, file)
        text = scratch / f"{file.table}.parquet"
        rows = write_text_parquet(folder / file.file, model.table(file.table), text)
        if rows != file.rows:
            raise _changed(file)
        engine.register_parquet(source_of(file.table), [text])
        tell(file.table)
    return frozenset(file.table for file in files)


def _check_same(folder: Path, file: FileReport) -> None:
    if stamp(folder / file.file) != (file.bytes, file.modified_ns):
        raise _changed(file)


def _changed(file: FileReport) -> CommonwealError:
    return CommonwealError(
        f"{file.file} changed while it was read.",
        expected="the file that was checked",
        fix="Wait until the export is finished, then start again.",
    )
