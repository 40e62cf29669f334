"""The report as one HTML file that needs nothing else: to read, to print, to send on."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from commonweal.intake.findings import Example, Finding, Severity, show_name
from commonweal.intake.report import CheckReport, FileReport
from commonweal.quality.completeness import ColumnCompleteness, TableCompleteness

SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def render_html(
    report: CheckReport, name: str, completeness: Sequence[TableCompleteness] = ()
) -> str:
    """The page of a report; ``name`` is the submission or the folder."""
    page = (files("commonweal.intake") / "data" / "report.html").read_text(encoding="utf-8")
    sections = [_section("The folder", "folder", report.findings)]
    sections += [
        _section(f"{file.file}: {file.verdict}", f"file-{number}", file.findings)
        for number, file in enumerate(report.files, start=1)
    ]
    return Template(page).substitute(
        title=escape(f"Check of {name}"),
        dialect=escape(report.dialect),
        banner=_banner(report),
        files=_file_table(report.files),
        filter=_filter(report),
        findings="\n".join(filter(None, sections)) or "<p>There are no findings.</p>",
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
    body = "\n".join(_file_row(number, file) for number, file in enumerate(reports, start=1))
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


def _file_row(number: int, report: FileReport) -> str:
    numbers = (report.seen_rows, report.count(Severity.ERROR), report.count(Severity.WARNING))
    cells = "".join(f"<td{_NUMBER}>{number:,}</td>" for number in numbers)
    verdict = f'<td><span class="mark {report.verdict}">{report.verdict}</span></td>'
    name = escape(report.file)
    link = f'<a href="#file-{number}">{name}</a>' if report.findings else name
    return f'<tr><th scope="row">{link}</th>{verdict}{cells}</tr>'


def _filter(report: CheckReport) -> str:
    """Switches that hide findings by their severity; they need no script."""
    boxes = "".join(
        f'<label><input type="checkbox" id="show-{severity}" checked> {title} ({count:,})</label>'
        for severity, title in _FILTERS
        if (count := report.count(severity))
    )
    legend = "<legend>Show these findings</legend>"
    return f'<fieldset class="filter">{legend}{boxes}</fieldset>' if boxes else ""


_FILTERS = (
    (Severity.ERROR, "Errors"),
    (Severity.WARNING, "Warnings"),
    (Severity.INFO, "Information"),
)


def _section(title: str, anchor: str, findings: Iterable[Finding]) -> str:
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    if not ordered:
        return ""
    inside = "\n".join(map(_finding, ordered))
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>\n{inside}</section>'


def _finding(finding: Finding) -> str:
    """One line that opens to all that is known; errors are open from the start."""
    is_open = " open" if finding.severity is Severity.ERROR else ""
    column = f" · <code>{escape(finding.column)}</code>" if finding.column else ""
    count = f" · {finding.count:,}" if finding.count > 1 else ""
    return (
        f'<details class="finding {finding.severity}"{is_open}>'
        f'<summary><span class="mark {finding.severity}">{finding.severity.capitalize()}</span>: '
        f"{escape(finding.title)}{column}{count}</summary>"
        f"<p>{escape(finding.message)}</p>"
        f"{_places(finding)}"
        f"<p><strong>What to do:</strong> {escape(finding.fix)}</p>"
        f'<p class="soft">Code <code>{escape(finding.code)}</code></p></details>'
    )


def _places(finding: Finding) -> str:
    """The first places: a sentence, or a table where values were asked for."""
    examples = finding.examples
    if not examples:
        return ""
    more = finding.count > len(examples)
    caption = f"The first {len(examples)} of {finding.count:,}" if more else "Where"
    if all(example.value is None for example in examples):
        lines = ", ".join(f"{example.line:,}" for example in examples)
        records = ", ".join(f"{example.record:,}" for example in examples)
        return f'<p class="soft">{caption}: lines {lines} (records {records})</p>'
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Line", "Record", "Value"))
    body = "".join(map(_place, examples))
    return (
        f'<table class="places"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _place(example: Example) -> str:
    value = escape(show_name(example.value or ""))
    return (
        f"<tr><td>{example.line:,}</td><td>{example.record:,}</td>"
        f"<td><code>{value}</code></td></tr>"
    )


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
