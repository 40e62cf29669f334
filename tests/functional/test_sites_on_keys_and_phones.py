"""The pages for sites with a keyboard alone, on a narrow screen, and in the other language."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from tests.functional.conftest import HERE, check_page, find_free_ports
from tests.functional.visitor import Visitor
from tests.intake_folders import SETTINGS, write_persons
from tests.ready_sites import register_as

from commonweal.engine.settings import HubSettings, Settings
from commonweal.hub.provision import prepare_hub
from commonweal.hub.server import Process, run_hub
from commonweal.hub.worker import index_sites
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.sites import Purpose, Site

pytestmark = pytest.mark.functional

HOSPITAL = Site("hospital", "The hospital", "MA")
CLINIC = Site("clinic", "The clinic", "OH")

CURATOR = ("board/", "register/", "deadlines/", "of/hospital/onboarding/", "of/hospital/people/")
FORMS = ("register/", "deadlines/", "of/hospital/close/", "of/hospital/people/")
FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const place = element.getBoundingClientRect();
    return {
        words: `${element.tagName} ${element.textContent || element.name}`.trim(),
        isSeen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
        isThere: place.width > 0 && place.height > 0 && place.left >= 0,
        order: element.tabIndex,
    };
}"""
GAPS = """() => [...document.querySelectorAll("form.usa-form button.usa-button")].map((button) => {
    const field = button.previousElementSibling;
    return button.getBoundingClientRect().top - field.getBoundingClientRect().bottom;
})"""


@dataclass(frozen=True)
class Served:
    """Where the pages are, and who may sign in."""

    address: str
    password: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[Served]:
    """A programme with two sites, one of which has sent something; a curator may sign in."""
    home = tmp_path_factory.mktemp("keys")
    for site in (HOSPITAL, CLINIC):
        register_as(home, site)
    folder = home.parent / f"{home.name}-in"
    write_persons(folder, 1, 2)
    submit_folder(
        folder,
        home=home,
        site=HOSPITAL.name,
        purpose=Purpose.TEST,
        synthetic=True,
        now=datetime(2026, 3, 1, 9, tzinfo=UTC),
        report=check_folder(folder, dialect="programme", settings=SETTINGS),
    )
    (port,) = find_free_ports(1)
    settings = Settings(home=home, hub=HubSettings(sites_port=port), engine=SETTINGS)
    passwords = {c.email: c.password for c in prepare_hub(settings)}
    index_sites(settings)
    process = Process("sites", "strict_sites", port, holds_secrets=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
        patch.setenv("PYTHONWARNINGS", "error")
        with run_hub(settings, workers=1, processes=[process]) as running:
            password = str(passwords["curator@demo.example"])
            yield Served(running[0].address.rstrip("/"), password)


@pytest.fixture
def address(served: Served) -> str:
    return served.address


@pytest.fixture
def curator(served: Served, page: Page) -> Page:
    page.goto(f"{served.address}/")
    page.get_by_label("Email").fill("curator@demo.example")
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.mark.parametrize("path", CURATOR)
def test_a_keyboard_reaches_everything_and_is_seen_where_it_is(
    address: str, curator: Page, path: str
) -> None:
    curator.goto(f"{address}/sites/{path}")
    curator.keyboard.press("Tab")
    assert curator.evaluate(FOCUS)["words"] == "A Skip to main content"
    for _ in range(200):
        curator.keyboard.press("Tab")
        focus = curator.evaluate(FOCUS)
        if focus is None or "Skip to" in focus["words"]:
            break
        assert (focus["isSeen"], focus["isThere"], focus["order"]) == (True, True, 0), focus
    curator.goto(f"{address}/sites/{path}")
    curator.keyboard.press("Tab")
    curator.keyboard.press("Enter")
    expect(curator.locator("#main-content")).to_be_focused()


def test_a_narrow_screen_hides_nothing_of_the_lists(address: str, curator: Page) -> None:
    curator.set_viewport_size({"width": 360, "height": 900})
    curator.goto(f"{address}/sites/of/hospital/submissions/")
    for words in ("Test", "2", "0"):
        expect(curator.locator("tbody td", has_text=words).first).to_be_visible()
    row = curator.locator("tbody tr").first
    labels = row.locator("td[data-label]").evaluate_all("all => all.map(one => one.dataset.label)")
    assert labels == ["Purpose", "Rows", "Errors", "Warnings"]
    curator.goto(f"{address}/sites/board/")
    for label in ("Latest", "Onboarding", "Open issues", "Credit"):
        cell = curator.locator(f"tbody td[data-label='{label}']").first
        expect(cell).to_be_visible()
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


@pytest.mark.parametrize("path", FORMS)
def test_no_button_sticks_to_the_field_above_it(address: str, curator: Page, path: str) -> None:
    curator.set_viewport_size({"width": 360, "height": 900})
    curator.goto(f"{address}/sites/{path}")
    gaps = curator.evaluate(GAPS)
    assert gaps
    assert min(gaps) >= 16


def test_the_other_language_is_one_button_away_and_stays(address: str, curator: Page) -> None:
    curator.goto(f"{address}/sites/of/hospital/onboarding/")
    curator.get_by_role("button", name="Español").press("Enter")
    expect(curator.get_by_role("heading", level=1)).to_have_text("Incorporación")
    assert curator.url == f"{address}/sites/of/hospital/onboarding/"
    expect(curator.get_by_role("heading", name="Carga de prueba superada")).to_be_visible()
    check_page(curator)
    curator.goto(f"{address}/sites/board/")
    expect(curator.get_by_role("heading", level=1)).to_have_text("Sitios")
    check_page(curator)
    curator.get_by_role("button", name="English").click()
    expect(curator.get_by_role("heading", level=1)).to_have_text("Sites")


def test_the_switch_takes_forms_of_this_site_alone(address: str) -> None:
    visitor = Visitor(address)
    answer = visitor.post("/language/", page="/sites/guide/overview/", language="es", next="/")
    assert answer.status == 200
    assert 'lang="es"' in answer.text
