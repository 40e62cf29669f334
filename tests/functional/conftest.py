"""A tiny programme served by the real processes, and a browser that notices every fault."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tests.functional.tiny_programme import build_programme

from commonweal.engine.settings import HubSettings, Settings
from commonweal.hub.frontend import find_missing_files
from commonweal.hub.provision import Credential, prepare_hub
from commonweal.hub.server import Process, run_hub
from commonweal.intake.sites import Site, register_site

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Keeps Chromium from calling its maker."""


@dataclass(frozen=True)
class Hub:
    """A hub that is being served."""

    public: str
    workbench: str
    sites: str
    settings: Settings
    credentials: tuple[Credential, ...]
    pids: tuple[int, ...]


def find_free_ports(how_many: int) -> list[int]:
    """Ports nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(how_many)]
    try:
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
    finally:
        for probe in sockets:
            probe.close()


@pytest.fixture(scope="session")
def front_end() -> None:
    """The packages the pages need; `make test` builds them first."""
    missing = find_missing_files()
    if missing:
        pytest.fail(f"{missing} missing: run scripts/build_frontend.py first")


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[Hub]:
    """All processes of a hub on free ports, with accounts."""
    home = tmp_path_factory.mktemp("programme")
    build_programme(home)
    register_site(home, Site("hospital", "The hospital"))
    public, workbench, sites = find_free_ports(3)
    ports = HubSettings(public_port=public, workbench_port=workbench, sites_port=sites)
    settings = Settings(home=home, hub=ports)
    credentials = prepare_hub(settings)
    processes = [Process("public", "strict_public", public, holds_secrets=False)]
    processes.append(Process("workbench", "strict_workbench", workbench, holds_secrets=True))
    processes.append(Process("sites", "strict_sites", sites, holds_secrets=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
        patch.setenv("PYTHONWARNINGS", "error")
        with run_hub(settings, workers=1, processes=processes) as running:
            yield Hub(
                public=running[0].address.rstrip("/"),
                workbench=running[1].address.rstrip("/"),
                sites=running[2].address.rstrip("/"),
                settings=settings,
                credentials=tuple(credentials),
                pids=tuple(process.handle.pid for process in running),
            )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the one CHROMIUM names, else one that is installed.

    It runs an event loop of its own until it ends, so it ends with the file.
    """
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no Chromium: run scripts/ensure_chromium.py first, or set CHROMIUM")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=[*QUIET, *root])


@contextmanager
def visit(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor with an empty history, who reads English."""
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The visitor of a test."""
    with visit(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of which every error in the console fails the test."""
    with watch(context) as page:
        yield page


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    """A page of somebody else, who is there at the same time."""
    with visit(browser) as context, watch(context) as page:
        yield page


@contextmanager
def watch(context: BrowserContext) -> Iterator[Page]:
    """A page whose errors in the console are collected; at the end there must be none."""
    page = context.new_page()
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A page that says what is wrong with a form has a status that Chromium notes as well.
        if message.type in {"error", "warning"} and "status of 422" not in message.text:
            faults.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


WIDTHS = (1280, 360)


def check_page(page: Page) -> None:
    """What holds of every page: accessible, nothing missing, fits wide and narrow screens."""
    assert "[[missing" not in page.content()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()
        surplus = page.evaluate("document.body.scrollWidth - window.innerWidth")
        assert surplus <= 0, f"{page.url} is {surplus} px too wide at {width}"
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
