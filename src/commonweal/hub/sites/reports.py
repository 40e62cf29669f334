"""The report of a submission as a page shows it: files, their findings, and where to look."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from commonweal.hub.sites.models import SubmissionRow
from commonweal.intake.findings import all_kinds

SEVERITIES = ("error", "warning", "info")
COLUMNS = (
    *("file", "table", "severity", "code", "column", "count"),
    *("first_lines", "message", "fix"),
)


@dataclass(frozen=True)
class FindingView:
    """One finding with the places it was met at first."""

    code: str
    severity: str
    severity_name: str
    title: str
    meaning: str
    message: str
    fix: str
    column: str
    count: int
    places: tuple[tuple[int, int], ...]

    @property
    def has_places(self) -> bool:
        """Whether lines are known."""
        return bool(self.places)


@dataclass(frozen=True)
class FileView:
    """One file, or the folder as a whole when it has no table."""

    file: str
    table: str
    verdict: str
    rows: int
    errors: int
    warnings: int
    findings: tuple[FindingView, ...]


@dataclass(frozen=True)
class CheckView:
    """One of the checks of a submission, and why it was made."""

    number: int
    at: datetime | None
    by: str
    why: str
    is_accepted: bool
    errors: int
    warnings: int


def build_checks(row: SubmissionRow) -> tuple[CheckView, ...]:
    """The checks of a submission, the newest first; nothing when there was but one."""
    if row.check_number == 1:
        return ()
    return tuple(
        CheckView(
            number=check["number"],
            at=parse_datetime(check["at"]),
            by=check["by"],
            why=check["why"],
            is_accepted=check["verdict"] == "accepted",
            errors=check["errors"],
            warnings=check["warnings"],
        )
        for check in reversed(row.checks)
    )


def build_files(row: SubmissionRow, severity: str = "") -> tuple[FileView, ...]:
    """The folder and each file, with the findings of one severity or of all."""
    report = row.report
    if not report:
        return ()
    folder = {"file": _("The folder"), "table": "", "verdict": "", "rows": 0}
    parts = [{**folder, "findings": report["findings"]}, *report["files"]]
    return tuple(_build_file(part, severity) for part in parts if part["findings"] or part["table"])


def render_csv(row: SubmissionRow) -> str:
    """Every finding of a submission as one line."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_list_lines(row.report))
    return out.getvalue()


def _build_file(part: Mapping[str, Any], severity: str) -> FileView:
    findings = [f for f in part["findings"] if severity in ("", f["severity"])]
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding["severity"]))
    return FileView(
        file=part["file"],
        table=part["table"],
        verdict=part["verdict"],
        rows=part["rows"],
        errors=_count(part, "error"),
        warnings=_count(part, "warning"),
        findings=tuple(map(build_finding, ordered)),
    )


def _count(part: Mapping[str, Any], severity: str) -> int:
    return sum(finding["severity"] == severity for finding in part["findings"])


def build_finding(finding: Mapping[str, Any]) -> FindingView:
    """A finding as the check tells it, with the words of its kind."""
    kind = all_kinds().get(finding["code"])
    names = {"error": _("Error"), "warning": _("Warning"), "info": _("Information")}
    return FindingView(
        code=finding["code"],
        severity=finding["severity"],
        severity_name=names[finding["severity"]],
        title=kind.title if kind else finding["code"],
        meaning=kind.meaning if kind else "",
        message=finding["message"],
        fix=finding["fix"],
        column=finding["column"] or "",
        count=finding["count"],
        places=tuple((place["line"], place["record"]) for place in finding["examples"]),
    )


def _list_lines(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    parts = [{"file": "", "table": "", "findings": report.get("findings", [])}]
    for part in [*parts, *report.get("files", [])]:
        for finding in part["findings"]:
            yield {
                "file": _plain(part["file"]),
                "table": part["table"],
                "first_lines": " ".join(str(place["line"]) for place in finding["examples"]),
                **{name: finding[name] for name in ("severity", "code", "count", "fix")},
                "column": _plain(finding["column"] or ""),
                "message": _plain(finding["message"]),
            }


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
