"""What is compiled is kept, made anew when what it was made of changes, and never in the way."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commonweal.intake.check import compiled
from commonweal.intake.check.loops import choose_loops, load_compiled

SOURCE = Path(compiled.__file__).parents[3]
PROGRAM = """
import sys
from pathlib import Path
from commonweal.intake.check import compiled
compiled.HERE = Path(sys.argv[1])
from commonweal.intake.check.loops import load_compiled
print(load_compiled().__name__)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the sources, beside which the loops are kept."""
    for name in compiled.SOURCES:
        shutil.copy(compiled.HERE / name, tmp_path)
    return tmp_path


def load_in_process(place: Path, *, no_room: bool = False) -> str:
    """Load the loops as a new process does; what it says."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(place)],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "XDG_CACHE_HOME": str(place / "cache")},
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))) if no_room else None,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or done.stderr


def kept(place: Path) -> list[Path]:
    return sorted(place.rglob("*.nbi"))


def test_what_was_kept_is_damaged_and_is_made_anew(place: Path) -> None:
    assert load_in_process(place) == compiled.LOOPS
    assert kept(place)
    for file in kept(place):
        file.write_bytes(b"")
    assert load_in_process(place) == compiled.LOOPS
    assert kept(place)
    assert all(file.stat().st_size for file in kept(place))


def test_without_room_the_loops_run_all_the_same(place: Path) -> None:
    assert load_in_process(place, no_room=True) == compiled.LOOPS
    assert kept(place) == []


@pytest.mark.parametrize("name", compiled.SOURCES)
def test_it_is_another_one_when_any_source_changes(place: Path, name: str) -> None:
    before = compiled.digest_sources(place)
    assert before == compiled.digest_sources(compiled.HERE)
    (place / name).write_text((place / name).read_text("utf-8") + "\n", "utf-8")
    assert compiled.digest_sources(place) != before


def test_more_text_than_a_little_goes_to_the_compiled_loops() -> None:
    assert choose_loops(2 << 20) is load_compiled()
    assert choose_loops(0) is load_compiled()
