"""The verb ``worker``, run as an operator runs it: what sites sent, and what the pages show."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.drop_areas import put_declared
from tests.ready_sites import open_drop_area

from commonweal.engine.storage import Location
from commonweal.intake.sites import Site, get_site, register_site

FOLDER = "2026-11-25-v1"
COMMAND = [sys.executable, "-c", "from commonweal.cli.main import main; main()", "worker"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A programme of one site that has put a test load into its drop area."""
    site = Site("hospital", "The hospital")
    register_site(tmp_path, site)
    open_drop_area(tmp_path, site)
    put_declared(Location.of(tmp_path / "drop" / "hospital"), FOLDER, 1, 2, purpose="test")
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    return os.environ | {
        "COMMONWEAL_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def work(home: Path) -> dict[str, list[dict[str, str]] | dict[str, int]]:
    done = subprocess.run(
        [*COMMAND, "--once", "--json"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, list[dict[str, str]] | dict[str, int]] = json.loads(done.stdout)
    return said


def test_a_round_takes_in_and_tells_and_the_next_one_has_nothing_to_do(home: Path) -> None:
    first = work(home)
    (received,) = first["received"]
    assert isinstance(received, dict)
    assert (received["folder"], received["state"]) == (FOLDER, "accepted")
    indexed = first["index_submissions"]
    assert isinstance(indexed, dict)
    assert (indexed["rows"], indexed["unchanged"]) == (1, 0)
    assert get_site(home, "hospital").test_load
    second = work(home)
    assert second["received"] == []
    again = second["index_submissions"]
    assert isinstance(again, dict)
    assert (again["rows"], again["unchanged"]) == (0, 1)
    receipt = json.loads((home / "drop" / "hospital" / FOLDER / "_RECEIPT.json").read_bytes())
    assert (receipt["persons_and_consent"], receipt["not_compared"]) == (None, "no_feeds")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_works_until_it_is_stopped(home: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        assert said["received"][0]["state"] == "accepted"
        child.send_signal(how)
        _, told = child.communicate(timeout=60)
    assert child.returncode == 0
    assert told.rstrip().endswith("Stopped.")


def test_there_is_no_worker_without_a_programme(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--once"],
        env=environment(tmp_path / "nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no programme at" in done.stderr
