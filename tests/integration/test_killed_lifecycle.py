"""Killed at any moment, an act is finished by the next run, and in between all is in force.

The moments are every touch of a file in the home; `make test` tries some, `make test-all` all.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.drop_areas import HOSPITAL, make_home, make_receiver, put_declared, today
from tests.integration.killed_lifecycle import ACTS

from commonweal.engine.storage import Location
from commonweal.intake.landing import get_accepted, list_submissions, verify_submission
from commonweal.intake.lifecycle.history import list_histories, verify_history
from commonweal.intake.lifecycle.receive import receive_site

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_TOUCHES = 2000


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one current submission, and a second one waiting to be taken."""
    home = make_home(tmp_path_factory.mktemp("prepared"))
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1, days=1), 1)
    receive_site(make_receiver(home), HOSPITAL)
    put_declared(drop, today(), 1, 2, 3)
    return home


@pytest.fixture(scope="module")
def landed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home when both are taken."""
    home = copy_home(prepared, tmp_path_factory.mktemp("landed"))
    receive_site(make_receiver(home), HOSPITAL)
    return home


def copy_home(home: Path, target: Path) -> Path:
    shutil.rmtree(target / "home", ignore_errors=True)
    shutil.copytree(home, target / "home")
    return target / "home"


def run(home: Path, act: str, touch: int) -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.killed_lifecycle", str(home), act, str(touch)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"},
        check=False,
        timeout=120,
    ).returncode


def finish(home: Path, act: str) -> int:
    """The act once more, and whatever comes next at a site: a round over its drop area."""
    code = run(home, act, 0)
    receive_site(make_receiver(home), HOSPITAL)
    return code


def describe(home: Path) -> dict[str, object]:
    """What counts afterwards, without times and numbers of attempts."""
    current = get_accepted(home, "hospital")
    return {
        "current": [(f.name, f.sha256) for f in current.files] if current else None,
        "landed": [(s.key, s.verdict, bool(s.replaces)) for s in list_submissions(home)],
        "states": {h.key: h.state for h in list_histories(home, "hospital")},
        "intact": all(verify_submission(s) == [] for s in list_submissions(home)),
        "chained": all(
            verify_history(home, "hospital", h.key) for h in list_histories(home, "hospital")
        ),
        "left over": sorted(p.name for p in (home / "landing").rglob(".*")),
    }


def kill_in_turn(
    start: Path, target: Path, act: str, touches: Iterator[int]
) -> Iterator[tuple[int, Path]]:
    """A home for each moment that the act was killed at; ends when it is not killed any more."""
    for touch in touches:
        home = copy_home(start, target)
        code = run(home, act, touch)
        if code == 0:
            return
        assert code == -signal.SIGKILL, (touch, code)
        yield touch, home


def check_every_kill(start: Path, target: Path, act: str, touches: Iterator[int]) -> int:
    """Kill and finish, moment by moment; returns how many moments there were."""
    whole = copy_home(start, target)
    before = describe(whole)["current"]
    assert finish(whole, act) == 0
    expected = describe(whole)
    count = 0
    for touch, home in kill_in_turn(start, target, act, touches):
        assert get_accepted(home, "hospital") is not None, touch
        assert describe(home)["current"] in (before, expected["current"]), touch
        assert finish(home, act) == 0, touch
        assert describe(home) == expected, touch
        count += 1
    return count


def spread(step: int) -> Callable[[], Iterator[int]]:
    return lambda: iter(range(step // 2 + 1, MOST_TOUCHES, step))


@pytest.mark.parametrize(
    ("act", "step"), [("receive", 37), ("retract_persons", 37), ("retract_all", 23)]
)
def test_killed_at_some_moments(
    prepared: Path, landed: Path, tmp_path: Path, act: str, step: int
) -> None:
    start = prepared if act == "receive" else landed
    assert check_every_kill(start, tmp_path, act, spread(step)()) >= 3


@pytest.mark.heavy
@pytest.mark.parametrize("act", ACTS)
def test_killed_at_every_moment(prepared: Path, landed: Path, tmp_path: Path, act: str) -> None:
    start = prepared if act == "receive" else landed
    assert check_every_kill(start, tmp_path, act, spread(1)()) >= 50
