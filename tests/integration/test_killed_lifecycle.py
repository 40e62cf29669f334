"""Killed at any moment, an act is finished by the next run, and in between all is in force.

The moments are every touch of a file in the home; `make test` tries some, `make test-all` all.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.drop_areas import HOSPITAL, make_home, make_receiver, put_declared, today
from tests.integration.killed_lifecycle import ACTS, copy_home

from commonweal.engine.storage import Location
from commonweal.intake.lifecycle.receive import receive_site

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one current submission, and a second one waiting to be taken."""
    home = make_home(tmp_path_factory.mktemp("prepared"))
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1, days=1), 1, 4)
    receive_site(make_receiver(home), HOSPITAL)
    put_declared(drop, today(), 1, 2, 3)
    return home


@pytest.fixture(scope="module")
def landed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home when both are taken."""
    home = copy_home(prepared, tmp_path_factory.mktemp("landed") / "home")
    receive_site(make_receiver(home), HOSPITAL)
    return home


def count_moments(start: Path, target: Path, act: str, *, step: int) -> int:
    """How many moments the act was killed at; each of them ended well."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integration.killed_lifecycle",
            *map(str, (start, target / "home", act, step // 2 + 1, step)),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_some_moments(prepared: Path, landed: Path, tmp_path: Path, act: str) -> None:
    start = prepared if act == "receive" else landed
    assert count_moments(start, tmp_path, act, step=23) >= 3


@pytest.mark.heavy
@pytest.mark.parametrize("act", ACTS)
def test_killed_at_every_moment(prepared: Path, landed: Path, tmp_path: Path, act: str) -> None:
    start = prepared if act == "receive" else landed
    assert count_moments(start, tmp_path, act, step=1) >= 50
