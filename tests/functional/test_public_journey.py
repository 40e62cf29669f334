"""A member of the public finds out what is in the data, in English and in Spanish."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.functional.conftest import Hub, check_page

pytestmark = pytest.mark.functional


def test_a_visitor_finds_out_who_has_diabetes(hub: Hub, page: Page, tmp_path: Path) -> None:
    # The first page says what this is and how many people are in it.
    page.goto(hub.public)
    expect(page).to_have_url(f"{hub.public}/en/")
    expect(page.get_by_text("6,000 participants in this release")).to_be_visible()
    expect(page.get_by_label("About this release")).to_contain_text("R2026Q3R1")
    expect(page.get_by_label("About this release")).to_contain_text("Synthetic data")
    check_page(page)

    # A word leads to the kinds of record in which it occurs, and only to those.
    page.get_by_role("searchbox").fill("diabetes")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("2 concepts found for “diabetes”.")
    expect(page.get_by_role("link", name="Procedures", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Drugs", exact=True)).to_have_count(0)
    check_page(page)

    # In the list the counts are rounded, and other kinds of record are offered.
    page.get_by_role("link", name="Conditions", exact=True).click()
    row = page.get_by_role("row", name=re.compile("Type 2 diabetes"))
    expect(row).to_contain_text("2,000")
    expect(row).to_contain_text("35.3 %")
    expect(page.get_by_role("link", name="Procedures")).to_be_visible()
    check_page(page)

    # The concept's page draws ages and says the same in a table and in a file.
    page.get_by_role("link", name="Type 2 diabetes mellitus").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type 2 diabetes mellitus")
    expect(page.get_by_text("Adult-onset diabetes")).to_be_visible()
    chart = page.get_by_role("img", name="Participants by age at first record and sex at birth")
    expect(chart).to_be_visible()
    check_page(page)
    page.get_by_text("The same numbers as a table").click()
    shown = [
        [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
        for row in page.get_by_role("table").get_by_role("row").all()
    ]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    download.value.save_as(tmp_path / "ages.csv")
    with (tmp_path / "ages.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == shown
    counts = [cell.replace(",", "") for row in shown[1:] for cell in row[1:]]
    assert all(c in {"≤ 20", "not shown"} or int(c) % 20 == 0 for c in counts)
    assert "160" in counts
    bars = {title.strip() for title in chart.locator("rect title").all_text_contents()}
    assert bars == {
        f"{sex}, {row[0]}: {cell}"
        for row in shown[1:]
        for sex, cell in zip(shown[0][1:], row[1:], strict=True)
    }

    # Whoever wants to know why the numbers are round is told.
    page.get_by_role("link", name="About the numbers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("About the numbers")
    check_page(page)


def test_the_same_in_spanish(hub: Hub, browser: Browser) -> None:
    context = browser.new_context(locale="es-MX")
    page = context.new_page()
    page.goto(hub.public)
    expect(page).to_have_url(f"{hub.public}/es/")
    expect(page.get_by_text("6,000 participantes en esta edición")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Explorador de datos").click()
    check_page(page)
    page.get_by_role("link", name="Afecciones").click()
    expect(page.get_by_role("status")).to_have_text(
        "64 conceptos, registrados en 5,660 participantes."
    )
    check_page(page)
    page.get_by_role("link", name="Siguiente").click()
    expect(page).to_have_url(f"{hub.public}/es/data/condition/?page=2")
    page.get_by_role("link", name="Finding number 60").click()
    expect(page.get_by_text("30 de septiembre de 2026").first).to_be_visible()
    check_page(page)
    # The other language is the same page.
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Age at first record")).to_be_visible()
    assert page.url.startswith(f"{hub.public}/en/data/concept/")
    page.get_by_role("link", name="Español").click()
    page.get_by_role("link", name="Sobre los números").click()
    check_page(page)
    context.close()


def test_results_appear_while_typing_and_the_address_follows(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.public}/en/data/condition/")
    page.evaluate("window.cwSamePage = true")
    page.get_by_role("searchbox").press_sequentially("kidney")
    expect(page.get_by_role("status")).to_have_text("1 concept found for “kidney”.")
    expect(page).to_have_url(f"{hub.public}/en/data/condition/?q=kidney")
    assert page.evaluate("window.cwSamePage") is True
    check_page(page)
    page.reload()
    expect(page.get_by_role("link", name="Disease of kidney")).to_be_visible()


def test_a_search_without_a_hit_says_what_to_do(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.public}/en/data/condition/?q=metformin")
    expect(page.get_by_text("Nothing in the data matches these words.")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Drugs").click()
    expect(page.get_by_role("link", name="metformin")).to_be_visible()


def test_rare_concepts_do_not_tell_ages(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.public}/en/data/concept/4000610/")
    expect(page.get_by_text("So few people are in this group")).to_be_visible()
    expect(page.locator("figure svg")).to_have_count(0)
    check_page(page)


def test_everything_can_be_reached_with_the_keyboard(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.public}/en/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"
    page.keyboard.type("A1c")
    page.keyboard.press("Enter")
    tile = page.get_by_role("link", name="Labs and measurements")
    expect(tile).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if tile.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Labs and measurements")


@pytest.fixture
def plain_page(browser: Browser, context: BrowserContext) -> Page:
    """A browser that runs no scripts."""
    del context
    return browser.new_context(java_script_enabled=False, locale="en-US").new_page()


def test_it_all_works_without_javascript(hub: Hub, plain_page: Page) -> None:
    page = plain_page
    page.goto(f"{hub.public}/en/")
    page.get_by_role("searchbox").fill("hemorrhage")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Conditions", exact=True).click()
    page.get_by_role("link", name="Gastrointestinal hemorrhage").click()
    expect(page.locator("figure svg")).to_be_visible()
    page.goto(f"{hub.public}/en/data/condition/")
    page.get_by_role("searchbox").fill("finding")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(f"{hub.public}/en/data/condition/?q=finding&page=2")
    page.context.close()


def test_a_page_that_is_not_there_says_so(hub: Hub, context: BrowserContext) -> None:
    page = context.new_page()
    answer = page.goto(f"{hub.public}/en/data/concept/999/")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    check_page(page)
