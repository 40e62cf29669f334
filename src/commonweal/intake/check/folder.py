"""The check of a whole folder: which file is which table, then every pass over each."""

import os
import re
import tempfile
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.check.across import Judging, check_across
from commonweal.intake.check.concepts import Terms
from commonweal.intake.check.deidentified import is_identifying
from commonweal.intake.check.file import Checked, FileCheck, FileProgress, stamp
from commonweal.intake.check.header import SUBMITTED
from commonweal.intake.check.keys import ONE_ROW_PER_PERSON
from commonweal.intake.check.preflight import MAX_RECORD_BYTES
from commonweal.intake.findings import Finding, build_finding
from commonweal.intake.report import CheckReport, FileReport
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Model, Submission, Table, get_model

_OLD_NAME = re.compile(r"(?:(?P<sprint>[\w-]+)_datasprint_\d+|[\w-]+_\d{8}(?P<alpha>_\w+))\.csv")
JUNK = frozenset({"thumbs.db", "desktop.ini"})
"""Files that desktops leave behind; hidden files are junk as well."""

KEY_MEMORY = "256MB"
"""For the keys, which spill to disk beyond it: the check runs beside other work at the site."""
MANY_ROWS, MORE_KEY_MEMORY = 12_000_000, "1GB"
"""A join holds one table of the keys it looks in, which does not spill: 16 bytes for each."""


@dataclass(frozen=True)
class Layout:
    """Which files of a folder are tables, and what is to be said of the others."""

    tables: tuple[tuple[Path, Table], ...]
    findings: tuple[Finding, ...]
    doubled: tuple[tuple[Path, Table], ...]


def check_folder(
    folder: Path,
    *,
    dialect: str,
    settings: EngineSettings,
    today: date | None = None,
    terms: Terms | None = None,
    show_values: bool = False,
    progress: FileProgress | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> CheckReport:
    """Check every file of a folder, or one file alone, against a dialect.

    Dates after ``today``, the day on this machine unless given, cannot be true. Concepts are
    looked up in ``terms``, the abridged vocabulary unless given.

    Raises:
        CommonwealError: there is no such folder, it cannot be read, the dialect is unknown,
            or there is no room to work.
    """
    model = get_model(dialect)
    layout = survey_file(folder, model) if folder.is_file() else survey_folder(folder, model)
    judging = Judging(
        model,
        terms or Terms.shipped(),
        today or datetime.now().astimezone().date(),
        show_values=show_values,
    )
    with _scratch_folder(settings) as scratch:
        check = FileCheck(scratch, show_values, progress, max_record_bytes)
        checked = {table.name: check.run(path, table) for path, table in layout.tables}
        limit = _choose_memory(tuple(checked.values()))
        frugal = settings.model_copy(update={"memory_limit": limit, "spill_folder": None})
        with open_engine(frugal, spill_folder=scratch / "spill") as engine:
            found = check_across(engine, checked, judging)
    files = [c.with_findings(found.get(name, ())).report for name, c in checked.items()]
    files += [_report_double(path, table) for path, table in layout.doubled]
    return CheckReport(
        dialect=dialect,
        files=tuple(sorted(files, key=lambda report: report.file)),
        findings=(*layout.findings, *_find_not_submitted(checked, model)),
        missing=tuple(
            t.name for t in model.with_submission(Submission.REQUIRED) if t.name not in checked
        ),
    )


def _choose_memory(checked: Sequence[Checked]) -> str:
    """More for folders in which a table that others refer to is very large."""
    referred = {f.references.table for c in checked for f in c.table.fields if f.references}
    rows = max((c.report.rows for c in checked if c.table.name in referred), default=0)
    return KEY_MEMORY if rows <= MANY_ROWS else MORE_KEY_MEMORY


def _find_not_submitted(checked: Container[str], model: Model) -> Iterator[Finding]:
    """Tables of identity that are absent where others are there."""
    if any(table.name in checked for table in model.with_submission(Submission.PII)):
        for name in ONE_ROW_PER_PERSON:
            if name not in checked:
                yield build_finding("pii.not_submitted", detail=name)


def survey_folder(folder: Path, model: Model) -> Layout:
    """Match the files of a folder to tables by name."""
    return _survey(_list_files(folder), model)


def survey_file(path: Path, model: Model) -> Layout:
    """Match one file to its table; whatever lies beside it is not looked at."""
    return _survey([path], model)


def _survey(paths: Iterable[Path], model: Model) -> Layout:
    tables: dict[str, tuple[Path, Table]] = {}
    doubled: list[tuple[Path, Table]] = []
    findings: list[Finding] = []
    for path in paths:
        table = None if path.is_dir() else find_table(path.name, model)
        if table is None:
            findings.append(build_finding(_name_stranger(path, model), file=path.name))
        elif table.name in tables:
            doubled.append((path, table))
        else:
            tables[table.name] = (path, table)
            if path.name != path.name.lower() and not has_old_name(path.name, model):
                findings.append(build_finding("file.case", file=path.name, table=table.name))
    if not tables:
        findings.append(build_finding("folder.empty"))
    return Layout(tuple(tables.values()), tuple(findings), tuple(doubled))


def _name_stranger(path: Path, model: Model) -> str:
    """The code of what is to be said of something that is no table of the dialect."""
    if path.is_dir():
        return "folder.subfolder"
    stem = path.name.lower().partition(".")[0]
    if model.deidentified and is_identifying(stem):
        return "sprint.identifying_file"
    others = [other for other in map(get_model, SUBMITTED) if not other.deidentified]
    asked_elsewhere = any(find_table(path.name, other) for other in others)
    return "file.not_asked" if asked_elsewhere else "file.unknown"


def find_table(file: str, model: Model) -> Table | None:
    """The table a file is named after, upper and lower case ignored."""
    stem, _, ending = file.lower().rpartition(".")
    if named := _find_old_name(file, model):
        stem = named
    accepted = ending == "csv" or (ending == "jsonl" and stem == "note")
    return model.tables.get(_fold(model).get(stem, "")) if accepted else None


def has_old_name(file: str, model: Model) -> bool:
    """Whether a file is named as de-identified ones were in the programme's first years.

    SITE_TABLE_DataSprint_2.csv in data sprints, BUCKET_20170930_TABLE.csv in alpha uploads.
    """
    return bool(_find_old_name(file, model))


def _find_old_name(file: str, model: Model) -> str:
    matched = _OLD_NAME.fullmatch(file.lower()) if model.deidentified else None
    stem = (matched["sprint"] or matched["alpha"]) if matched else ""
    return next((name for name in model.tables if stem.endswith(f"_{name}")), "")


def _fold(model: Model) -> dict[str, str]:
    return {name.lower(): name for name in model.tables}


def check_is_folder(folder: Path) -> None:
    """Refuse what is no folder: a file may be checked alone, but not handed in.

    Raises:
        CommonwealError: there is no such folder, or it is a file.
    """
    if not folder.exists():
        raise CommonwealError(
            f"There is no folder or file called {folder}.",
            expected="a folder with one CSV file for each table",
            fix="Check the path.",
        )
    if not folder.is_dir():
        raise CommonwealError(
            f"{folder} is not a folder.",
            expected="a folder with one CSV file for each table",
            fix=f"Give the folder that holds it: {folder.parent}",
        )


def _list_files(folder: Path) -> list[Path]:
    """The entries of a folder by name, lower-case names first so that they win."""
    check_is_folder(folder)
    try:
        entries = sorted(folder.iterdir(), key=lambda p: (p.name != p.name.lower(), p.name))
    except OSError as error:
        raise CommonwealError(
            f"The folder {folder} cannot be read: {error.strerror}.",
            fix="Check the permissions of the folder.",
        ) from error
    return [p for p in entries if not p.name.startswith(".") and p.name.lower() not in JUNK]


def _report_double(path: Path, table: Table) -> FileReport:
    finding = build_finding("file.duplicate_table", file=path.name, table=table.name)
    size, modified = stamp(path)
    return FileReport(path.name, table.name, (finding,), bytes=size, modified_ns=modified)


@contextmanager
def _scratch_folder(settings: EngineSettings) -> Iterator[Path]:
    """A folder for copies and keys that is gone afterwards; full or read-only disks are told."""
    parent = settings.spill_folder
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="commonweal-check-", dir=parent) as name:
            yield Path(name)
    except OSError as error:
        where = parent or Path(tempfile.gettempdir())
        raise CommonwealError(
            f"The check cannot work in {where}: {error.strerror or os.strerror(error.errno or 0)}.",
            expected="a folder that can be written, with as much room as the largest file takes",
            fix="Set COMMONWEAL_ENGINE__SPILL_FOLDER to such a folder.",
        ) from error
