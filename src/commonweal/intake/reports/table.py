"""The report as CSV: one row for each place that is shown, to be sorted and filtered."""

import csv
import io
from collections.abc import Iterator

from commonweal.intake.findings import Example, Finding, show_name
from commonweal.intake.report import CheckReport

COLUMNS = (
    "file",
    "table",
    "severity",
    "code",
    "column",
    "count",
    "line",
    "record",
    "value",
    "message",
    "fix",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run the text of a cell; an apostrophe in front of it does not."""


def render_csv(report: CheckReport) -> str:
    """A row for every example of every finding; a finding without examples has one row."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for finding in report.all_findings:
        for example in finding.examples or (None,):
            writer.writerow(map(_harmless, _cells(finding, example)))
    return text.getvalue()


def _cells(finding: Finding, example: Example | None) -> Iterator[str]:
    yield from (finding.file, finding.table, str(finding.severity), finding.code)
    yield from (finding.column, str(finding.count))
    if example is None:
        yield from ("", "", "")
    else:
        yield from (str(example.line), str(example.record), show_name(example.value or ""))
    yield from (finding.message, finding.fix)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
