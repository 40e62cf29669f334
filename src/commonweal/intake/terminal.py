"""The report on a terminal: one row for each file, then what was found and how to mend it."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from commonweal.intake.findings import Finding, Severity, show_name
from commonweal.intake.report import CheckReport, FileReport

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
VERDICT_STYLES = {"accepted": "bold green", "rejected": "bold red"}


def render_terminal(report: CheckReport, *, alone: bool = False) -> RenderableType:
    """Everything the steward needs, in the order of need; ``alone`` if one file was checked."""
    closing = _closing(report, alone=alone)
    return Group(_file_table(report.files), *_render_findings(report), *closing)


def _file_table(reports: Iterable[FileReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("File", "Verdict"):
        table.add_column(heading, overflow="fold")
    for heading in ("Rows", "Errors", "Warnings"):
        table.add_column(heading, justify="right")
    for report in reports:
        table.add_row(
            Text(report.file),
            Text(report.verdict, style=VERDICT_STYLES[report.verdict]),
            f"{report.seen_rows:,}",
            f"{report.count(Severity.ERROR):,}",
            f"{report.count(Severity.WARNING):,}",
        )
    return table


def _render_findings(report: CheckReport) -> Iterator[RenderableType]:
    for severity in STYLES:
        for finding in report.all_findings:
            if finding.severity is severity:
                yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[RenderableType]:
    yield Text()
    yield Text.assemble(
        (finding.severity.capitalize(), STYLES[finding.severity]),
        "  ",
        (finding.code, "bold"),
        f"  {finding.file}" if finding.file else "",
    )
    yield Padding(Text(finding.message), (0, 0, 0, 2))
    if finding.examples:
        lines = ", ".join(
            f"{e.line:,}" + (f" ({show_name(e.value)})" if e.value else "")
            for e in finding.examples
        )
        yield Padding(Text(f"First lines: {lines}", style="dim"), (0, 0, 0, 2))
    if finding.severity is not Severity.INFO:
        yield Padding(Text(f"What to do: {finding.fix}"), (0, 0, 0, 2))


def _closing(report: CheckReport, *, alone: bool) -> Iterator[RenderableType]:
    yield Text()
    if alone:
        yield Text("One file was checked alone. Check the folder before it is sent.")
    elif report.missing:
        yield Text(
            f"Not complete: {', '.join(report.missing)} missing. This does not change the verdict."
        )
    yield Text.assemble(
        "Verdict: ", (report.verdict, VERDICT_STYLES[report.verdict]), f" ({report.dialect})"
    )
