"""Does one act of the lifecycle and dies by SIGKILL at the n-th touch of the home's files.

Run as a program: ``killed_lifecycle.py HOME ACT N``. Ends with 0 when there were fewer touches.
The acts are those of ``ACTS``; the same program without a kill (N = 0) does the act whole.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.drop_areas import HOSPITAL, make_receiver
from tests.intake_folders import SETTINGS

from commonweal.intake.landing import list_submissions
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.retract import Retraction, retract

TOUCHES = {
    "open", "os.rename", "os.mkdir", "os.link", "os.remove", "os.rmdir", "os.scandir",
    "os.listdir", "shutil.rmtree", "os.chmod",
}  # fmt: skip


def die_at(touch: int, home: str) -> Callable[[str, tuple[object, ...]], None]:
    """An audit hook that counts what is done to files below a folder."""
    seen = 0

    def look(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in TOUCHES and args and str(args[0]).startswith(home):
            seen += 1
            if seen == touch:
                os.kill(os.getpid(), signal.SIGKILL)

    return look


def do_receive(home: Path) -> None:
    outcomes = receive_site(make_receiver(home), HOSPITAL)
    assert not [o for o in outcomes if o.state == "failed"], outcomes


def do_retract_persons(home: Path) -> None:
    """Does nothing when an earlier run got to the end of it."""
    latest = list_submissions(home)[-1]
    if not latest.replaces:
        _retract(home, frozenset({2}))


def do_retract_all(home: Path) -> None:
    if len(list_submissions(home)) > 1:
        _retract(home, None)


def _retract(home: Path, persons: frozenset[int] | None) -> None:
    order = Retraction(list_submissions(home)[-1], "asked for", "curator", persons)
    retract(home, order, now=datetime.now(tz=UTC), engine=SETTINGS)


ACTS: dict[str, Callable[[Path], None]] = {
    "receive": do_receive,
    "retract_persons": do_retract_persons,
    "retract_all": do_retract_all,
}

if __name__ == "__main__":
    home, act, touch = Path(sys.argv[1]), ACTS[sys.argv[2]], int(sys.argv[3])
    if touch:
        sys.addaudithook(die_at(touch, str(home)))
    act(home)
