"""The page of a check in a browser: filtered and followed by keyboard, narrow and wide."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.functional.conftest import check_page
from tests.intake_folders import check, valid_row, write_persons, write_table

from commonweal.intake.html import render_html

pytestmark = pytest.mark.functional


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A page with errors, warnings and notices, written where no network is needed."""
    folder = tmp_path / "batch"
    write_persons(folder, 1)
    rows = [valid_row("death", death_date="soon", person_id=str(n)) for n in range(1, 20)]
    write_table(folder, "death", rows)
    write_table(folder, "visit_occurrence", [valid_row("visit_occurrence", care_site_id="7")])
    file = tmp_path / "report.html"
    file.write_text(render_html(check(folder), "General Hospital, third try"), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [360, 1280])
def test_page_is_read_filtered_and_followed(report: Path, page: Page, width: int) -> None:
    page.goto(report.as_uri())
    check_page(page)
    page.set_viewport_size({"width": width, "height": 900})
    errors, warnings = page.locator(".finding.error"), page.locator(".finding.warning")
    expect(errors.first).to_have_attribute("open", "")
    expect(page.get_by_text("The first 10 of 19: lines 2, 3,")).to_be_visible()
    warnings.first.locator("summary").press("Enter")
    expect(warnings.first.get_by_text("What to do:")).to_be_visible()
    page.get_by_label("Errors").uncheck()
    expect(errors.first).to_be_hidden()
    expect(warnings.first).to_be_visible()
    page.get_by_label("Errors").check()
    page.get_by_role("link", name="visit_occurrence.csv").click()
    expect(page.get_by_role("heading", name="visit_occurrence.csv: accepted")).to_be_in_viewport()
