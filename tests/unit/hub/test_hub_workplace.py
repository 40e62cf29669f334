"""The workplace of the workbench: one question at a time, and none for ever."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.protocol import InterruptedWorkError
from commonweal.engine.settings import EngineSettings, HubSettings, Settings
from commonweal.hub.workbench.data import MOST_WAITING, BusyError, Workplace, limit_time

ENDLESS = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3"


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(EngineSettings(threads=1)) as engine:
        yield engine


def test_work_that_takes_too_long_is_stopped_and_the_engine_goes_on(engine: DuckDBEngine) -> None:
    with pytest.raises(InterruptedWorkError), limit_time(engine, 0.2):
        engine.rows(ENDLESS)
    assert engine.value("SELECT 41 + 1") == 42


def test_a_limit_that_passes_between_two_queries_stops_the_next(engine: DuckDBEngine) -> None:
    with limit_time(engine, 0.05):
        engine.rows("SELECT 1")
        time.sleep(0.3)
        with pytest.raises(InterruptedWorkError):
            engine.rows(ENDLESS)


def test_work_in_time_is_left_alone(engine: DuckDBEngine) -> None:
    with limit_time(engine, 0.2):
        assert engine.value("SELECT 1") == 1
    time.sleep(0.4)
    assert engine.value("SELECT count(*) FROM range(100000)") == 100_000


def test_the_limit_is_a_setting() -> None:
    assert HubSettings().count_seconds == 30


def test_who_waits_too_long_is_told_that_it_is_busy(tmp_path: Path) -> None:
    workplace = Workplace(Settings(home=tmp_path), wait_seconds=0.2)
    with workplace.use(), ThreadPoolExecutor(1) as pool, pytest.raises(BusyError):
        pool.submit(use_once, workplace).result(timeout=5)
    use_once(workplace)


def test_when_many_wait_the_next_is_told_at_once(tmp_path: Path) -> None:
    workplace = Workplace(Settings(home=tmp_path), wait_seconds=30)
    with ThreadPoolExecutor(MOST_WAITING) as pool:
        with workplace.use():
            waiting = [pool.submit(use_once, workplace) for _ in range(MOST_WAITING)]
            with pytest.raises(BusyError):
                ask_again_and_again(workplace)
        assert [future.result(timeout=10) for future in waiting] == [None] * MOST_WAITING
    use_once(workplace)


def use_once(workplace: Workplace) -> None:
    """Take a turn and give it back."""
    with workplace.use():
        pass


def ask_again_and_again(workplace: Workplace) -> None:
    """Ask as one more than may wait; who comes before the others would wait longer than this."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        time.sleep(0.3)  # time for those that wait to come first
        use_once(workplace)
