"""What each process is given and what it opens, while pages are really asked for."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.functional.conftest import Hub, find_free_ports
from tests.functional.visitor import Visitor

from commonweal.engine.settings import HubSettings, Settings
from commonweal.hub.server import list_processes, run_hub

pytestmark = pytest.mark.functional

SECRETS = ("a-configured-key", "a-password-of-the-shell", "a-key-in-the-file")
PAGES = ("/en/", "/es/data/?q=diabetes", "/en/data/condition/", "/en/data/concept/201826/", "/x")


def find_opened(hub: Hub, process: str) -> set[str]:
    """The folders right below the programme's folder that a process reached into."""
    home = hub.settings.home.absolute()
    listed = home.with_name(f"{home.name}.{process}.opened").read_text(encoding="utf-8")
    paths = {Path(line).relative_to(home) for line in listed.splitlines()}
    return {path.parts[0] if path.parts else "." for path in paths}


def test_the_public_process_opens_nothing_but_what_is_published(hub: Hub) -> None:
    visitor = Visitor(hub.public)
    assert [visitor.get(page).status for page in PAGES] == [200, 200, 200, 200, 404]
    assert find_opened(hub, "public") == {"publishing"}


def test_the_workbench_opens_its_own_folder_and_releases(hub: Hub) -> None:
    researcher = Visitor(hub.workbench)
    credential = hub.credentials[0]
    assert "Count a cohort" in researcher.sign_in(credential.email, credential.password).text
    assert researcher.post("/cohorts/", q="diabetes", search="1").status == 200
    counted = researcher.post("/cohorts/", line="include:condition:201826", count="1")
    assert "persons</span>" in counted.text
    opened = find_opened(hub, "workbench")
    assert {"hub", "releases"} <= opened <= {"hub", "publishing", "releases"}


def test_the_sites_process_opens_its_own_folder_the_registry_and_drop_areas(hub: Hub) -> None:
    curator = Visitor(hub.sites)
    credential = next(c for c in hub.credentials if c.email.startswith("curator@"))
    assert "Sites" in curator.sign_in(credential.email, credential.password).text
    pages = ("board/", "outbox/", "deadlines/", "audit/", "guide/", "guide/timeline/", "register/")
    assert {curator.get(f"/sites/{page}").status for page in pages} == {200}
    assert curator.get("/uploads/").status == 403
    opened = find_opened(hub, "sites")
    assert {"hub", "registry"} <= opened <= {"hub", "registry", "drop"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[tuple[int, int]]:
    """Process ids of a hub whose operator keeps secrets everywhere one can."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "key").write_text(SECRETS[2], encoding="ascii")
    public, workbench, sites = find_free_ports(3)
    hub = HubSettings(
        public_port=public,
        workbench_port=workbench,
        sites_port=sites,
        secret_key=SecretStr(SECRETS[0]),
        secret_key_file=folder / "key",
    )
    settings = Settings(home=folder / "home", hub=hub)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DATABASE_PASSWORD", SECRETS[1])
        with run_hub(settings, workers=1, processes=list_processes(settings)) as running:
            yield running[0].handle.pid, running[1].handle.pid


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_environment_of_the_public_process_holds_no_secret(served: tuple[int, int]) -> None:
    public, workbench = served
    for pid in find_family(public):
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode()
        assert "COMMONWEAL_HUB=" in environment
        assert [secret for secret in SECRETS if secret in environment] == []
    # The same look at the other process finds them, so the look itself is sound.
    environment = Path(f"/proc/{workbench}/environ").read_bytes().decode()
    assert all(secret in environment for secret in SECRETS[:2])


def find_family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    assert children
    return [pid, *map(int, children)]
