"""The ways in end where receiving begins; and the SFTP verbs as an operator types them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest
from tests.drop_areas import HOSPITAL, make_home, make_receiver, persons_csv

from commonweal.engine.settings import DropSettings
from commonweal.hub.sites.uploads.drafts import Draft, add_upload, finish_draft, start_draft
from commonweal.hub.sites.uploads.protocol import Creation
from commonweal.hub.sites.uploads.storage import fill
from commonweal.intake.drop_area import make_area
from commonweal.intake.landing import get_accepted
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.sites import Purpose
from commonweal.intake.stewards import record_account_opened

COMMONWEAL = [sys.executable, "-c", "from commonweal.cli.main import main; main()"]
WITHOUT_LIBRARY = "import sys; sys.modules['asyncssh'] = None; "
FREE = DropSettings(reserve=0)


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, sys.path))
    return os.environ | {"COMMONWEAL_HOME": str(home), "COLUMNS": "200", "PYTHONPATH": path}


def open_account(home: Path) -> list[str]:
    """A steward of the hospital, as options of the verbs name one."""
    now = datetime.now(tz=UTC)
    email = "anna@hospital.example"
    record_account_opened(home, "hospital", email=email, by="curator", now=now)
    return ["--site", "hospital", "--steward", email]


def run(home: Path, *arguments: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    command = [COMMONWEAL[0], "-c", first + COMMONWEAL[2], *arguments]
    return subprocess.run(
        command, env=environment(home), capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run ``sftp serve`` on a free port and stop it as an operator would."""
    asked = [*COMMONWEAL, "sftp", "serve", *arguments]
    process = subprocess.Popen(asked, env=environment(home), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        told = ""
        while "SFTP: port" not in told:
            told = process.stderr.readline()
            assert told, "the server has ended"
        yield process, int(told.split("SFTP: port ")[1].split()[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def upload(home: Path, draft: Draft, name: str, content: bytes) -> None:
    creation = Creation(len(content), {"filename": name})
    now = datetime.now(tz=UTC)
    fill(add_upload(draft, creation, settings=FREE, home=home, now=now), [content])


def begin(home: Path) -> Draft:
    return start_draft(
        make_area(home, HOSPITAL),
        steward="1",
        purpose=Purpose.PRODUCTION,
        synthetic=False,
        dialect="programme",
        now=datetime.now(tz=UTC),
    )


def test_an_upload_is_received_once_it_is_handed_in_and_not_before(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    first = begin(home)
    upload(home, first, "person.csv", persons_csv(1, 2))
    assert receive_site(make_receiver(home), HOSPITAL) == []
    folder = finish_draft(first, {}, now=datetime.now(tz=UTC))
    (outcome,) = receive_site(make_receiver(home), HOSPITAL)
    assert (outcome.folder, outcome.state) == (folder.name, "current")
    accepted = get_accepted(home, HOSPITAL.name)
    assert accepted is not None
    # One that is still being sent, or was given up, leaves the previous one current.
    second = begin(home)
    upload(home, second, "person.csv", persons_csv(3))
    add_upload(
        second,
        Creation(10**6, {"filename": "death.csv"}),
        settings=FREE,
        home=home,
        now=datetime.now(tz=UTC),
    )
    assert receive_site(make_receiver(home), HOSPITAL) == []
    assert get_accepted(home, HOSPITAL.name) == accepted


def test_a_folder_put_by_sftp_is_received_and_its_receipt_fetched(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    private = asyncssh.generate_private_key("ssh-ed25519")
    public = tmp_path / "anna.pub"
    private.write_public_key(public)
    named = open_account(home)
    assert run(home, "sftp", "key", "add", str(public), *named).returncode == 0
    files = {
        "person.csv": persons_csv(1, 2),
        "_SUBMISSION.json": json.dumps({"purpose": "production", "synthetic": False}).encode(),
    }
    folder = f"{datetime.now(tz=UTC):%Y-%m-%d}-v1"

    async def visit(port: int, *, puts: bool) -> bytes:
        async with (
            asyncssh.connect(
                "127.0.0.1",
                port,
                username="hospital",
                client_keys=[private],
                known_hosts=None,
                config=None,
                agent_path=None,
            ) as connection,
            connection.start_sftp_client() as client,
        ):
            if puts:
                await client.mkdir(folder)
                for name, content in files.items():
                    async with client.open(f"{folder}/{name}", "wb") as file:
                        await file.write(content)
                return b""
            async with client.open(f"{folder}/_RECEIPT.json", "rb") as file:
                return bytes(await file.read())

    with serving(home, "--port", "0") as (process, port):
        asyncio.run(visit(port, puts=True))
        (outcome,) = receive_site(make_receiver(home), HOSPITAL)
        assert (outcome.folder, outcome.state) == (folder, "current")
        receipt = json.loads(asyncio.run(visit(port, puts=False)))
        assert receipt["verdict"] == "accepted"
    assert process.returncode == 0


def test_keys_are_listed_and_removed(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    empty = run(home, "sftp", "key", "list", "--site", "hospital")
    assert "No key opens the drop of hospital" in empty.stdout
    public = tmp_path / "anna.pub"
    asyncssh.generate_private_key("ssh-ed25519").write_public_key(public)
    nobody = ["--site", "hospital", "--steward", "anna@hospital.example"]
    refused = run(home, "sftp", "key", "add", str(public), *nobody)
    assert (refused.returncode, "whose account is open" in refused.stderr) == (2, True)
    named = open_account(home)
    added = run(home, "sftp", "key", "add", str(public), *named)
    fingerprint = added.stdout.split()[0]
    listed = run(home, "sftp", "key", "list", "--site", "hospital", "--json")
    assert [key["fingerprint"] for key in json.loads(listed.stdout)] == [fingerprint]
    assert "anna" in run(home, "sftp", "key", "list", "--site", "hospital").stdout
    assert run(home, "sftp", "key", "remove", fingerprint, "--site", "hospital").returncode == 0
    assert json.loads(run(home, "sftp", "key", "list", "--site", "hospital", "--json").stdout) == []
    wrong = run(home, "sftp", "key", "remove", "SHA256:x", "--site", "hospital")
    assert (wrong.returncode, "has no key" in wrong.stderr) == (2, True)


def test_without_the_library_only_serving_is_refused(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    listed = run(home, "sftp", "key", "list", "--site", "hospital", first=WITHOUT_LIBRARY)
    assert listed.returncode == 0
    blocked = "import importlib.util as u; u.find_spec = lambda *_: None; "
    refused = run(home, "sftp", "serve", first=WITHOUT_LIBRARY + blocked)
    assert refused.returncode == 2
    assert "pip install 'commonweal[sftp]'" in refused.stderr


def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    with serving(home, "--port", "0") as (_, port):
        refused = run(home, "sftp", "serve", "--port", str(port))
    assert refused.returncode != 0
    assert f"Port {port} of 127.0.0.1 cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("verb", [["serve"], ["key", "list", "--site", "hospital"]])
def test_a_mistyped_home_or_site_is_told(tmp_path: Path, verb: list[str]) -> None:
    refused = run(tmp_path / "mistyped", "sftp", *verb)
    assert refused.returncode == 2
    assert "There is no" in refused.stderr
