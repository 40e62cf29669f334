"""Hand-made submissions for the tests of intake: small, valid, and easy to spoil."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check import check_folder
from commonweal.intake.findings import Finding
from commonweal.intake.report import CheckReport
from commonweal.schema.model import DataType, Table, get_model

SETTINGS = EngineSettings(memory_limit="200MB", threads=1)
VALID = {
    DataType.INTEGER: "1",
    DataType.FLOAT: "1.5",
    DataType.STRING: "text",
    DataType.DATE: "2020-01-31",
    DataType.TIMESTAMP: "2020-01-31 08:15:00",
}


def programme_table(name: str) -> Table:
    return get_model("programme").table(name)


def valid_row(table: str, **cells: str) -> dict[str, str]:
    """A row with every required cell filled, and ``cells`` as given."""
    fields = programme_table(table).fields
    row = {f.name: ("0" if f.is_concept else VALID[f.type]) if f.required else "" for f in fields}
    return row | ({"year_of_birth": "1961"} if "year_of_birth" in row else {}) | cells


def csv_text(table: str, rows: Sequence[Mapping[str, str]], *, line_end: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, programme_table(table).columns, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_table(folder: Path, table: str, rows: Sequence[Mapping[str, str]]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{table}.csv"
    path.write_text(csv_text(table, rows), encoding="utf-8", newline="")
    return path


def write_persons(folder: Path, *ids: int) -> Path:
    return write_table(folder, "person", [valid_row("person", person_id=str(i)) for i in ids])


def check(folder: Path, **options: object) -> CheckReport:
    return check_folder(folder, dialect="programme", settings=SETTINGS, **options)


def found(report: CheckReport, code: str, column: str = "") -> Finding:
    """The one finding of a code (and column)."""
    matching = [
        f for f in report.all_findings if f.code == code and (not column or f.column == column)
    ]
    assert len(matching) == 1, [f.code for f in report.all_findings]
    return matching[0]


def codes(report: CheckReport) -> set[str]:
    return {finding.code for finding in report.all_findings}


def places(finding: Finding) -> list[tuple[int, int]]:
    """Line and record of each example."""
    return [(example.line, example.record) for example in finding.examples]
