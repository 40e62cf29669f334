"""The report of a check: what the steward, the curator and other programs read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from commonweal.intake.findings import Finding, Severity


@dataclass(frozen=True)
class FileReport:
    """What the check found in one file.

    ``bytes`` and ``modified_ns`` tell whether the file is still the one that was checked.
    """

    file: str
    table: str
    findings: tuple[Finding, ...] = ()
    rows: int = 0
    rejected_rows: int = 0
    bytes: int = 0
    modified_ns: int = 0

    @property
    def seen_rows(self) -> int:
        """Rows in the file, those that could not be read included."""
        return self.rows + self.rejected_rows

    @property
    def verdict(self) -> str:
        return "rejected" if self.count(Severity.ERROR) else "accepted"

    def count(self, severity: Severity) -> int:
        """How many different findings of a severity there are."""
        return sum(finding.severity is severity for finding in self.findings)


@dataclass(frozen=True)
class CheckReport:
    """What was found in a folder. A rejected file, or an error of the folder, rejects it."""

    dialect: str
    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]

    @property
    def verdict(self) -> str:
        errors = any(finding.severity is Severity.ERROR for finding in self.findings)
        rejected = any(file.verdict == "rejected" for file in self.files)
        return "rejected" if errors or rejected else "accepted"

    @property
    def is_accepted(self) -> bool:
        return self.verdict == "accepted"

    @property
    def complete(self) -> bool:
        """Every required table is in the folder."""
        return not self.missing

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """The findings of the folder, then those of each file."""
        return self.findings + tuple(f for file in self.files for f in file.findings)

    def count(self, severity: Severity) -> int:
        """How many different findings of a severity there are."""
        return Counter(finding.severity for finding in self.all_findings)[severity]

    def without_values(self) -> "CheckReport":
        """The same report as it may be kept and sent: also where values were asked for."""
        files = (replace(file, findings=_bare(file.findings)) for file in self.files)
        return replace(self, files=tuple(files), findings=_bare(self.findings))

    def to_json(self) -> dict[str, Any]:
        """The report in the shape the command line promises."""
        return {
            "verdict": self.verdict,
            "complete": self.complete,
            "missing": list(self.missing),
            "dialect": self.dialect,
            "files": [_file_json(file) for file in self.files],
            "findings": [finding.to_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "CheckReport":
        """Read back what ``to_json`` gave; what it leaves out is lost."""
        return cls(
            dialect=content["dialect"],
            files=tuple(map(_read_file, content["files"])),
            findings=tuple(map(Finding.from_json, content["findings"])),
            missing=tuple(content["missing"]),
        )


def _bare(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding.without_values() for finding in findings)


def _read_file(content: Mapping[str, Any]) -> FileReport:
    findings = [Finding.from_json(finding) for finding in content["findings"]]
    name, table = content["file"], content["table"]
    return FileReport(
        name,
        table,
        tuple(replace(finding, file=name, table=table) for finding in findings),
        rows=content["rows"],
    )


def _file_json(file: FileReport) -> dict[str, Any]:
    return {
        "file": file.file,
        "table": file.table,
        "verdict": file.verdict,
        "rows": file.seen_rows,
        "findings": [finding.to_json() for finding in file.findings],
    }
