"""Takes the README's pictures when asked to: SCREENSHOTS_OF=commonweal-demo.

The variable names the folder of a demonstration that has been built; its releases are copied
and served, and nothing is changed in it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.functional.conftest import Hub, find_free_ports
from tests.functional.test_workbench_journey import add_line, sign_in

from commonweal.engine.settings import HubSettings, ProgrammeSettings, Settings
from commonweal.hub.provision import prepare_hub
from commonweal.hub.server import run_hub

DEMO = os.environ.get("SCREENSHOTS_OF", "")
pytestmark = [
    pytest.mark.functional,
    pytest.mark.skipif(not DEMO, reason="set SCREENSHOTS_OF to the folder of a demo"),
]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
CONCEPT = 192671


@pytest.fixture
def demo(tmp_path: Path, front_end: None) -> Iterator[Hub]:
    """A hub that serves the releases of the demonstration."""
    for folder in ("publishing", "releases"):
        shutil.copytree(Path(DEMO) / folder, tmp_path / folder)
    public, workbench, sites = find_free_ports(3)
    settings = Settings(
        home=tmp_path,
        programme=ProgrammeSettings(name="Commonweal demonstration", synthetic=True),
        hub=HubSettings(public_port=public, workbench_port=workbench, sites_port=sites),
    )
    credentials = tuple(prepare_hub(settings))
    with run_hub(settings, workers=1) as running:
        addresses = [process.address.rstrip("/") for process in running]
        pids = tuple(process.handle.pid for process in running)
        yield Hub(*addresses, settings=settings, credentials=credentials, pids=pids)


def take(page: Page, name: str) -> None:
    """Write a picture of what a visitor sees first."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")


def test_pictures_for_the_readme(demo: Hub, page: Page) -> None:
    page.goto(f"{demo.public}/en/")
    take(page, "home")
    page.goto(f"{demo.public}/en/data/concept/{CONCEPT}/")
    take(page, "concept")
    sign_in(demo, page)
    add_line(page, str(CONCEPT), "Must have Gastrointestinal hemorrhage")
    page.get_by_role("button", name="Count", exact=True).click()
    page.get_by_role("status").wait_for()
    take(page, "cohort")
