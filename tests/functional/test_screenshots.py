"""Takes the README's pictures when asked to: COMMONWEAL_SCREENSHOTS=1."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.functional.conftest import Hub
from tests.functional.test_workbench_journey import add_line, sign_in

pytestmark = [
    pytest.mark.functional,
    pytest.mark.skipif(
        "COMMONWEAL_SCREENSHOTS" not in os.environ, reason="set COMMONWEAL_SCREENSHOTS=1"
    ),
]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def take(page: Page, name: str) -> None:
    """Write a picture of what a visitor sees first."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")


def test_pictures_for_the_readme(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.public}/en/")
    take(page, "home")
    page.goto(f"{hub.public}/en/data/concept/201826/")
    take(page, "concept")
    sign_in(hub, page)
    add_line(page, "diabetes", "Must have Type 2 diabetes mellitus")
    page.get_by_role("button", name="Count", exact=True).click()
    page.get_by_role("status").wait_for()
    take(page, "cohort")
