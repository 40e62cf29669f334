"""The report as one HTML file that needs nothing else: to read, to print, to send on."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from commonweal.intake.findings import Example, Finding, Severity
from commonweal.intake.metric_report import render_metrics_html
from commonweal.intake.report import CheckReport, FileReport
from commonweal.quality.completeness import ColumnCompleteness, TableCompleteness
from commonweal.quality.metrics.value import Metrics

SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def render_html(
    report: CheckReport,
    name: str,
    completeness: Sequence[TableCompleteness] = (),
    metrics: Metrics | None = None,
) -> str:
    """The page of a report; ``name`` is the submission or the folder."""
    page = (files("commonweal.intake") / "data" / "report.html").read_text(encoding="utf-8")
    sections = [_section("The folder", report.findings)]
    sections += [_section(file.file, file.findings) for file in report.files]
    return Template(page).substitute(
        title=escape(f"Check of {name}"),
        dialect=escape(report.dialect),
        banner=_banner(report),
        files=_file_table(report.files),
        findings="\n".join(filter(None, sections)) or "<p>There are no findings.</p>",
        metrics=render_metrics_html(metrics),
        completeness=_completeness(completeness),
    )


def _banner(report: CheckReport) -> str:
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    complete = (
        "Every required table is there."
        if report.complete
        else f"Not complete: {escape(', '.join(report.missing))} missing. "
        "This does not change the verdict."
    )
    return (
        f'<div class="banner {report.verdict}"><p><strong>{report.verdict.capitalize()}</strong>'
        f" · kinds of error: {errors:,} · kinds of warning: {warnings:,}</p>"
        f"<p>{complete}</p></div>"
    )


def _file_table(reports: Iterable[FileReport]) -> str:
    head = "".join(f'<th scope="col"{c}>{t}</th>' for t, c in _HEADINGS)
    body = "\n".join(map(_file_row, reports))
    return (
        "<table><caption>One row for each file that was checked</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


_NUMBER = ' class="number"'
_HEADINGS = (
    ("File", ""),
    ("Verdict", ""),
    ("Rows", _NUMBER),
    ("Errors", _NUMBER),
    ("Warnings", _NUMBER),
)


def _file_row(report: FileReport) -> str:
    numbers = (report.seen_rows, report.count(Severity.ERROR), report.count(Severity.WARNING))
    cells = "".join(f"<td{_NUMBER}>{number:,}</td>" for number in numbers)
    verdict = f'<td><span class="mark {report.verdict}">{report.verdict}</span></td>'
    return f'<tr><th scope="row">{escape(report.file)}</th>{verdict}{cells}</tr>'


def _section(title: str, findings: Iterable[Finding]) -> str:
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    if not ordered:
        return ""
    return f"<h2>{escape(title)}</h2>\n" + "\n".join(map(_finding, ordered))


def _finding(finding: Finding) -> str:
    return (
        f'<section class="finding {finding.severity}">'
        f'<h3><span class="mark {finding.severity}">{finding.severity.capitalize()}</span>: '
        f"{escape(finding.title)} <code>{escape(finding.code)}</code></h3>"
        f"<p>{escape(finding.message)}</p>"
        f"{_places(finding.examples)}"
        f"<p><strong>What to do:</strong> {escape(finding.fix)}</p></section>"
    )


def _places(examples: Iterable[Example]) -> str:
    shown = ", ".join(
        f"{example.line:,}" + (f" (<code>{escape(example.value)}</code>)" if example.value else "")
        for example in examples
    )
    return f'<p class="soft">First lines: {shown}</p>' if shown else ""


def _completeness(tables: Sequence[TableCompleteness]) -> str:
    """How completely the columns are filled; tables without rows have nothing to show."""
    filled = [table for table in tables if table.rows]
    if not filled:
        return ""
    return "<h2>Data completeness</h2>\n" + "\n".join(map(_completeness_table, filled))


def _completeness_table(table: TableCompleteness) -> str:
    persons = "" if table.persons is None else f", {table.persons:,} persons"
    titles = ("Empty", "Concept 0", "Populated")
    head = '<th scope="col">Column</th>' + "".join(
        f'<th scope="col"{_NUMBER}>{title}</th>' for title in titles
    )
    body = "\n".join(map(_completeness_row, table.columns))
    return (
        f"<details><summary>{escape(table.table)}: {table.rows:,} rows{persons}</summary>"
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></details>"
    )


def _completeness_row(column: ColumnCompleteness) -> str:
    texts = (f"{column.nulls:,}", f"{column.concept_zeros:,}", f"{column.percent_populated} %")
    cells = "".join(f"<td{_NUMBER}>{text}</td>" for text in texts)
    return f'<tr><th scope="row">{escape(column.column)}</th>{cells}</tr>'
