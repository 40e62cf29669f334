"""A count that would never end, on the real workbench process."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.functional.conftest import Hub, find_free_ports
from tests.functional.visitor import Visitor

from commonweal.hub.server import Process, run_hub

pytestmark = pytest.mark.functional

COUNT_SECONDS = 4
STOPPED = f"The count took longer than {COUNT_SECONDS} seconds and was stopped."


@pytest.fixture(scope="module")
def workbench(hub: Hub) -> Iterator[str]:
    """Address of a second workbench of the same programme, one process whose counts never end."""
    (port,) = find_free_ports(1)
    limits = {"count_seconds": COUNT_SECONDS, "workbench_port": port}
    settings = hub.settings.model_copy(
        update={"hub": hub.settings.hub.model_copy(update=limits)},
    )
    process = Process("workbench", "slow_workbench", port, holds_secrets=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent))
        with run_hub(settings, workers=1, processes=[process]) as running:
            yield running[0].address.rstrip("/")


def test_a_slow_count_is_stopped_and_stops_nobody_else(hub: Hub, workbench: str) -> None:
    credential = hub.credentials[0]
    slow, other = Visitor(workbench), Visitor(workbench)
    for visitor in (slow, other):
        assert visitor.sign_in(credential.email, credential.password).status == 200
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        counting = pool.submit(slow.post, "/cohorts/", count="1")
        time.sleep(1)
        # Others hear that it is busy, well before the count is over; supervisors hear "ok".
        busy = other.get("/cohorts/")
        assert other.get("/healthz").text == "ok\n"
        found = other.post("/cohorts/concepts/", page="/accounts/password/change/", q="diab")
        assert time.monotonic() - started < COUNT_SECONDS
        stopped = counting.result(timeout=60)
    assert (busy.status, busy.headers["Retry-After"]) == (503, "10")
    assert "The workbench is busy" in busy.text
    assert (found.status, "busy with another question" in found.text) == (200, True)
    assert stopped.status == 503
    assert STOPPED in stopped.text
    # The engine goes on working.
    counted = slow.post("/cohorts/", sex="8507", count="1")
    assert (counted.status, "persons</span>" in counted.text) == (200, True)
