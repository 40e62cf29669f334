"""Start and stop the web processes."""

import errno
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from urllib.parse import urlsplit

from commonweal.engine.settings import Settings
from commonweal.hub.environment import build_environment, build_public_environment
from commonweal.schema.errors import CommonwealError

PUBLIC = "commonweal.hub.settings.public"
WORKBENCH = "commonweal.hub.settings.workbench"
SITES = "commonweal.hub.settings.sites"
START_SECONDS = 60
STOP_SECONDS = 15


@dataclass(frozen=True)
class Process:
    """A web process to be started."""

    name: str
    django_settings: str
    port: int
    holds_secrets: bool


@dataclass(frozen=True)
class Running:
    """A web process that answers."""

    name: str
    address: str
    handle: subprocess.Popen[bytes]


def list_processes(settings: Settings) -> tuple[Process, ...]:
    """The processes of a hub, the public one first."""
    return (
        Process("public", PUBLIC, settings.hub.public_port, holds_secrets=False),
        Process("workbench", WORKBENCH, settings.hub.workbench_port, holds_secrets=True),
        Process("sites", SITES, settings.hub.sites_port, holds_secrets=True),
    )


def check_port_is_free(host: str, port: int) -> None:
    """Find out before starting, so that the user hears it in plain words.

    Raises:
        CommonwealError: another program listens there, or it may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise CommonwealError(
                f"Port {port} of {host} "
                + (
                    "is taken by another program."
                    if taken
                    else f"cannot be used: {error.strerror}."
                ),
                fix="Stop that program, or choose with --public-port, --workbench-port and "
                "--sites-port.",
            ) from error


@contextmanager
def run_hub(
    settings: Settings, *, workers: int, processes: Sequence[Process] | None = None
) -> Iterator[tuple[Running, ...]]:
    """Start the processes, wait until they answer, and stop them at the end.

    They are those of ``list_processes`` unless others are named.

    Raises:
        CommonwealError: a port is taken, or a process does not start.
    """
    wanted = processes if processes is not None else list_processes(settings)
    for process in wanted:
        check_port_is_free(settings.hub.host, process.port)
    running: list[Running] = []
    try:
        # One by one, so that those that started are stopped when a later one does not.
        running.extend(_start(settings, process, workers) for process in wanted)
        for started in running:
            _wait_until_it_answers(started)
        yield tuple(running)
    finally:
        _stop(running)


def wait_for_end(running: Sequence[Running]) -> None:
    """Wait until the user stops the hub or a process ends by itself.

    Raises:
        CommonwealError: a process ended by itself.
    """
    stopped = threading.Event()

    def note(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        stopped.set()

    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, note)
    while not stopped.wait(timeout=0.5):
        for process in running:
            if process.handle.poll() is not None:
                raise CommonwealError(
                    f"The {process.name} process has ended by itself.",
                    fix="Its last words stand above; mend what they name and start again.",
                )


def _start(settings: Settings, process: Process, workers: int) -> Running:
    host = f"[{settings.hub.host}]" if ":" in settings.hub.host else settings.hub.host
    bind = f"{host}:{process.port}"
    command = [
        *(sys.executable, "-m", "gunicorn", "commonweal.hub.wsgi:application"),
        *("--bind", bind, "--workers", str(workers), "--worker-class", "gthread"),
        *("--threads", "4", "--log-level", "warning", "--graceful-timeout", "5"),
        *("--no-control-socket",),
    ]
    build = build_environment if process.holds_secrets else build_public_environment
    environment = build(settings, django_settings=process.django_settings)
    # A group of its own: Ctrl-C reaches us alone, and we stop the processes in order.
    handle = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  (our own command)
    return Running(process.name, f"http://{bind}/", handle)


def _wait_until_it_answers(process: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.handle.poll() is None:
        if _answers(process.address):
            return
        time.sleep(0.1)
    raise CommonwealError(
        f"The {process.name} process does not start.",
        fix="Its last words stand above; mend what they name and start again.",
    )


def _answers(address: str) -> bool:
    target = urlsplit(address)._replace(path="/healthz").geturl()
    try:
        with urllib.request.urlopen(target, timeout=2) as answer:  # noqa: S310  (our own http address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(running: Sequence[Running]) -> None:
    for process in running:
        if process.handle.poll() is None:
            process.handle.terminate()
    for process in running:
        try:
            process.handle.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.handle.kill()
            process.handle.wait()
