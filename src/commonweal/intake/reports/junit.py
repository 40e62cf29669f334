"""The report as JUnit XML for build servers: a suite for each file, a case for each finding.

An error is a failed case. Warnings and notices are cases that passed and say so in their
output; a file without findings is one case that passed.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from commonweal.intake.findings import Finding, Severity, show_name
from commonweal.intake.report import CheckReport


def render_junit(report: CheckReport, name: str) -> str:
    """The XML of a report; ``name`` is the submission or the folder."""
    suites = ET.Element("testsuites", name=f"Check of {show_name(name)}")
    _add_suite(suites, "the folder", report.findings)
    for file in report.files:
        _add_suite(suites, show_name(file.file), file.findings)
    for total in ("tests", "failures", "errors", "skipped"):
        suites.set(total, str(sum(int(suite.get(total, "0")) for suite in suites)))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(suites: ET.Element, name: str, findings: Sequence[Finding]) -> None:
    failures = sum(finding.severity is Severity.ERROR for finding in findings)
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=name,
        tests=str(max(len(findings), 1)),
        failures=str(failures),
        errors="0",
        skipped="0",
    )
    if not findings:
        ET.SubElement(suite, "testcase", classname=name, name="no findings")
    for finding in findings:
        _add_case(suite, name, finding)


def _add_case(suite: ET.Element, file: str, finding: Finding) -> None:
    title = f"{finding.code} {finding.column}".strip()
    case = ET.SubElement(suite, "testcase", classname=file, name=title)
    if finding.severity is Severity.ERROR:
        told = ET.SubElement(case, "failure", message=finding.message, type=finding.code)
    else:
        told = ET.SubElement(case, "system-out")
    told.text = _describe(finding)


def _describe(finding: Finding) -> str:
    places = [
        f"line {example.line}, record {example.record}"
        + (f": {show_name(example.value)}" if example.value else "")
        for example in finding.examples
    ]
    first = ["First places:", *places] if places else []
    return "\n".join(
        [
            f"{finding.severity.capitalize()}: {finding.message}",
            *first,
            f"What to do: {finding.fix}",
        ]
    )
