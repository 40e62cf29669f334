"""Findings as data, and the report for people."""

import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from tests.intake_folders import check, valid_row, write_persons, write_table

from commonweal.intake.findings import Severity, all_kinds, build_finding, build_finding_pages
from commonweal.intake.html import render_html
from commonweal.intake.reports.junit import render_junit
from commonweal.intake.reports.table import render_csv
from commonweal.intake.terminal import render_terminal


@pytest.mark.parametrize("code", list(all_kinds()))
def test_every_kind_fills_its_sentences_and_has_a_page(code: str) -> None:
    finding = build_finding(code, file="f.csv", table="t", column="c", count=1234, detail="d")
    assert finding.message.endswith(".")
    assert finding.fix.endswith(".")
    assert not set("{}") & set(finding.message)
    page = build_finding_pages()[f"{code}.md"]
    assert f"`{code}`" in page
    assert all_kinds()[code].meaning in page
    assert f"]({code}.md)" in build_finding_pages()["index.md"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)
        self.outside += [
            v or "" for k, v in attrs if k in ("src", "href") and not (v or "").startswith("#")
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_escaped_and_needs_nothing_else(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    (tmp_path / "<script>alert(1)<").write_text("x")
    write_table(tmp_path, "death", [valid_row("death", death_date="<b>soon</b>")])
    page = render_html(check(tmp_path, show_values=True), "<i>batch</i> $title")
    tags = _Tags()
    tags.feed(page)
    assert (tags.open, tags.outside) == ([], [])
    assert "<script>" not in page
    assert "<b>soon" not in page
    assert "&lt;b&gt;soon&lt;/b&gt;" in page
    assert "Rejected" in page


def test_terminal_names_every_file_verdict_and_fix(tmp_path: Path) -> None:
    write_persons(tmp_path, 1, 2)
    write_table(tmp_path, "death", [valid_row("death", person_id="[/red]", death_date="soon")])
    console = Console(file=io.StringIO(), width=60)
    report = check(tmp_path, show_values=True)
    console.print(render_terminal(report))
    text = " ".join(console.file.getvalue().split())
    for finding in report.all_findings:
        assert finding.message in text
        assert finding.code in text
    assert "[/red]" in text
    assert "Verdict: rejected" in text


def test_csv_has_a_row_for_each_place_and_runs_nothing(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    cells = ["=HYPERLINK(1)", "x\ty", *["soon"] * 12]
    write_table(tmp_path, "death", [valid_row("death", death_date=cell) for cell in cells])
    report = check(tmp_path, show_values=True)
    rows = list(csv.DictReader(io.StringIO(render_csv(report))))
    places = [row for row in rows if row["code"] == "type.date"]
    assert [row["line"] for row in places] == [str(line) for line in range(2, 12)]
    assert {(row["file"], row["column"], row["count"]) for row in places} == {
        ("death.csv", "death_date", "14")
    }
    assert [row["value"] for row in places[:3]] == ["'=HYPERLINK(1)", "x\\ty", "soon"]
    assert len(rows) == sum(max(len(f.examples), 1) for f in report.all_findings)
    assert not any(row["value"] for row in csv.DictReader(io.StringIO(render_csv(check(tmp_path)))))


def test_junit_fails_for_errors_and_names_the_rest(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    (tmp_path / "odd\x01.txt").write_text("x")
    write_table(tmp_path, "death", [valid_row("death", death_date="\x02", person_id="2")])
    report = check(tmp_path, show_values=True)
    suites = ET.fromstring(render_junit(report, "batch\x00"))  # noqa: S314  (our own)
    assert [suite.get("name") for suite in suites] == ["the folder", "death.csv", "person.csv"]
    for severity, tag in ((Severity.ERROR, "failure"), (Severity.WARNING, "system-out")):
        named = [f.code for f in report.all_findings if f.severity is severity]
        cases = [case for case in suites.iter("testcase") if case.find(tag) is not None]
        assert set(named) <= {str(case.get("name")).split()[0] for case in cases}
    assert suites.get("failures") == str(report.count(Severity.ERROR)) == "1"
    assert int(suites.get("tests", "0")) == len(list(suites.iter("testcase")))
    (clean,) = suites.iterfind("testsuite[@name='person.csv']/testcase")
    assert clean.get("name") == "no findings"
    assert r"line 2, record 1: \x02" in ET.tostring(suites, encoding="unicode")


def test_page_lists_findings_by_file_and_opens_errors(tmp_path: Path) -> None:
    write_persons(tmp_path, 1)
    write_table(tmp_path, "death", [valid_row("death", death_date="soon", person_id="2")])
    page = render_html(check(tmp_path), "batch")
    assert '<a href="#file-1">death.csv</a>' in page
    assert '<section id="file-1"><h2>death.csv: rejected</h2>' in page
    assert page.count('<details class="finding error" open>') == 1
    assert '<details class="finding warning">' in page
    assert 'id="show-error" checked' in page
    assert '<th scope="col">Value' not in page
