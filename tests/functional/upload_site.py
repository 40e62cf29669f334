"""The sites process with two sites and their stewards, and one of them at a keyboard."""

import hashlib
import http.cookiejar
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.functional.conftest import HERE, find_free_ports
from tests.functional.visitor import TOKEN, Visitor

from commonweal.engine.settings import DropSettings, HubSettings, Settings
from commonweal.hub.commands import SETTINGS_MODULE
from commonweal.hub.environment import build_environment
from commonweal.hub.provision import prepare_hub
from commonweal.hub.server import Process, run_hub
from commonweal.intake.sites import Site, register_site

STEWARDS = {
    "anna@general.example": ("general", "primary"),
    "ben@general.example": ("general", "backup"),
    "carl@county.example": ("county", "primary"),
}
PASSWORD = "correct horse battery staple"
MAKE_STEWARDS = f"""
from datetime import date
from commonweal.hub.accounts.models import User
from commonweal.hub.sites.models import Steward
day = date(2026, 1, 1)
for email, (site, position) in {STEWARDS!r}.items():
    user = User.objects.create_user(
        email=email, name=email.split("@")[0].title(), password={PASSWORD!r}, role="steward")
    Steward.objects.create(user=user, site=site, position=position, rules_of_behaviour_on=day,
        training_on=day, started_on=day)
"""


@dataclass(frozen=True)
class UploadSite:
    """The process that is being served, and the programme's folder."""

    address: str
    home: Path
    pid: int

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    def area(self, site: str) -> Path:
        return self.home / "drop" / site


@contextmanager
def serve_uploads(home: Path, drop: DropSettings | None = None) -> Iterator[UploadSite]:
    """Serve the pages for sites on a free port."""
    (port,) = find_free_ports(1)
    home.mkdir(exist_ok=True)
    for site in ("general", "county"):
        register_site(home, Site(site, f"{site.title()} Hospital"))
    hub = HubSettings(sites_port=port)
    settings = Settings(home=home, hub=hub, drop=drop or DropSettings(reserve=0))
    prepare_hub(settings, demo_accounts=False)
    environment = build_environment(settings, django_settings=SETTINGS_MODULE)
    command = [sys.executable, "-m", "django", "shell", "-v0", "-c", MAKE_STEWARDS]
    subprocess.run(command, env=environment, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
        patch.setenv("PYTHONWARNINGS", "error")
        processes = [Process("sites", "strict_sites", port, holds_secrets=True)]
        with run_hub(settings, workers=2, processes=processes) as running:
            address = running[0].address.rstrip("/")
            yield UploadSite(address, home, running[0].handle.pid)


class StewardVisitor:
    """A steward who has begun a submission, seen from outside a browser."""

    def __init__(self, served: UploadSite, email: str) -> None:
        self._jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._jar)
        self.visitor = Visitor(served.address, urllib.request.build_opener(cookies))
        answer = self.visitor.sign_in(email, PASSWORD)
        assert answer.status == 200, answer.text
        self._address = served.address

    def begin(self, **said: str) -> "Sending":
        """Declare a submission."""
        words = {"purpose": "test", "kind": "synthetic", "dialect": ""} | said
        page = self.visitor.post("/uploads/", page="/uploads/", **words)
        assert "Send files" in page.text, page.text
        endpoint = page.text.split('data-endpoint="')[1].split('"')[0]
        return Sending(self, endpoint.removesuffix("files/"), self._find_headers(page.text))

    def _find_headers(self, page: str) -> dict[str, str]:
        token = TOKEN.search(page)
        assert token
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)
        return {"Cookie": cookies, "X-CSRFToken": token[1]}


@dataclass(frozen=True)
class Sending:
    """A submission that was begun: where its pages are and what a client has to send along."""

    steward: StewardVisitor
    path: str
    headers: dict[str, str]

    def finish(self, **sha256: str) -> tuple[int, str]:
        """Hand in; the status and the page."""
        stated = {name.replace("_csv", ".csv"): digest for name, digest in sha256.items()}
        answer = self.steward.visitor.post(
            f"{self.path}finish/", page=self.path, checksums=json.dumps(stated)
        )
        return answer.status, answer.text


def write_file(file: Path, size: int) -> str:
    """Write so many bytes, no two blocks alike, and return their hex SHA-256."""
    digest, block = hashlib.sha256(), os.urandom(1 << 20)
    with file.open("wb") as stream:
        for number in range(0, size, len(block)):
            piece = (number.to_bytes(8, "big") + block)[: min(len(block), size - number)]
            stream.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def read_peak_memory(parent: int) -> int:
    """The most memory that any worker of a server has held, in bytes."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    lines = [
        line
        for child in children
        for line in Path(f"/proc/{child}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(int(line.split()[1]) * 1024 for line in lines)
