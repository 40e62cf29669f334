"""The sites process of a programme, being served, with a worker at hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page
from tests.functional.conftest import HERE

from commonweal.engine.settings import Settings
from commonweal.hub.manage import run_manage
from commonweal.hub.provision import Credential, prepare_hub
from commonweal.hub.server import Process, run_hub
from commonweal.hub.worker import index_sites
from commonweal.intake.lifecycle.receive import receive_sites
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.sites import list_sites


@dataclass(frozen=True)
class SitesHub:
    """Where the pages are, whose they are, and what receives for them."""

    address: str
    settings: Settings
    credentials: dict[str, Credential]
    receiver: Receiver

    def work(self) -> None:
        """One round of the worker: receive, index, remind, send."""
        receive_sites(self.receiver, list_sites(self.settings.home))
        index_sites(self.settings)
        for command in ("remind", "send_notices"):
            assert run_manage(self.settings, [command]) == 0

    def sign_in(self, page: Page, email: str, password: str = "") -> None:
        """Sign in, with the password of a demo account or the one given."""
        page.goto(f"{self.address}/")
        page.get_by_label("Email").fill(email)
        known = self.credentials.get(email)
        page.get_by_label("Password").fill(password or (known.password if known else "") or "")
        page.get_by_role("button", name="Sign in").click()


@contextmanager
def serve_sites(settings: Settings, receiver: Receiver) -> Iterator[SitesHub]:
    """Serve the pages of the sites that are registered, with the demo's accounts."""
    credentials = {c.email: c for c in prepare_hub(settings)}
    index_sites(settings)
    process = Process("sites", "strict_sites", settings.hub.sites_port, holds_secrets=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
        patch.setenv("PYTHONWARNINGS", "error")
        with run_hub(settings, workers=1, processes=[process]) as running:
            yield SitesHub(running[0].address.rstrip("/"), settings, credentials, receiver)
