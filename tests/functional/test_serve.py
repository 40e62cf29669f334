"""``commonweal serve`` as an operator meets it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.functional.conftest import find_free_ports

pytestmark = pytest.mark.functional


COMMONWEAL = [sys.executable, "-c", "from commonweal.cli.main import main; main()"]


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    return subprocess.run(
        [*COMMONWEAL, *arguments],
        env=os.environ | {"COMMONWEAL_HOME": str(home), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``serve`` in the background and stop it as an operator would."""
    process = subprocess.Popen(
        [*COMMONWEAL, "serve", *arguments],
        env=os.environ | {"COMMONWEAL_HOME": str(home), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path, front_end: None) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run(tmp_path, "serve", "--public-port", str(port))
    assert result.returncode == 2
    assert f"Port {port} of 127.0.0.1 is taken by another program." in result.stderr
    assert "--public-port" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("verb", [["serve"], ["manage", "check"]])
def test_a_mistyped_home_is_refused_and_not_made(tmp_path: Path, verb: list[str]) -> None:
    home = tmp_path / "mistyped"
    result = run(home, *verb)
    assert result.returncode == 2
    assert f"There is no programme at {home}." in result.stderr
    assert "COMMONWEAL_HOME" in result.stderr
    assert not home.exists()


def test_an_odd_host_is_one_line_on_the_console(tmp_path: Path, front_end: None) -> None:
    public, workbench, sites = find_free_ports(3)
    ports = ["--public-port", str(public), "--workbench-port", str(workbench)]
    ports += ["--sites-port", str(sites), "--workers", "1"]
    with serving(tmp_path, *ports) as process:
        assert process.stdout is not None
        process.stdout.readline(), process.stdout.readline(), process.stdout.readline()
        for port in (public, workbench, sites):
            connection = http.client.HTTPConnection(f"127.0.0.1:{port}", timeout=20)
            connection.request("GET", "/en/", headers={"Host": "elsewhere.example"})
            assert connection.getresponse().status == 400
            connection.close()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    lines = [line for line in told.splitlines() if "elsewhere.example" in line]
    assert len(lines) == 3
    assert "Traceback" not in told


def test_before_the_first_release_it_says_so_and_stops_when_told(
    tmp_path: Path, front_end: None
) -> None:
    public, workbench, sites = find_free_ports(3)
    ports = ["--public-port", str(public), "--workbench-port", str(workbench)]
    ports += ["--sites-port", str(sites), "--workers", "1"]
    with serving(tmp_path, *ports) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(3)]
        assert lines == [
            ["Public", f"http://127.0.0.1:{public}/"],
            ["Workbench", f"http://127.0.0.1:{workbench}/"],
            ["Sites", f"http://127.0.0.1:{sites}/"],
        ]
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(f"http://127.0.0.1:{public}/en/", timeout=10)
        with failure.value as answer:
            assert answer.status == 503
            assert b"Nothing published yet" in answer.read()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "No release has been published" in told
    for port in (public, workbench, sites):
        _wait_until_closed(port)


def _wait_until_closed(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail(f"port {port} is still open")


def test_manage_runs_djangos_commands(tmp_path: Path) -> None:
    result = run(tmp_path, "manage", "check", "--fail-level", "WARNING")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues" in result.stdout


def test_no_migration_is_missing(tmp_path: Path) -> None:
    result = run(tmp_path, "manage", "makemigrations", "--check", "--dry-run")
    assert result.returncode == 0, result.stdout
