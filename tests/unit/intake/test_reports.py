"""Findings as data, and the report for people."""

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console
from tests.intake_folders import check, valid_row, write_persons, write_table

from commonweal.intake.findings import all_kinds, build_finding, build_finding_pages
from commonweal.intake.html import render_html
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
