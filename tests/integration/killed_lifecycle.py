"""Kills an act of the lifecycle at one touch of the home's files after the other.

Run as a program: ``killed_lifecycle.py HOME TARGET ACT FIRST STEP``. HOME is copied to TARGET
for each moment. The act runs in a child that dies by SIGKILL at that touch; the next child does
the act whole, and what is then there has to be what an undisturbed act leaves. Prints how many
moments there were. Children are forked before anything has started a thread.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.drop_areas import HOSPITAL, make_receiver
from tests.intake_folders import SETTINGS

from commonweal.engine.storage import Location
from commonweal.intake.landing import get_accepted, list_submissions
from commonweal.intake.lifecycle.history import list_histories
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.lifecycle.verify import verify_site

TOUCHES = {
    "open", "os.rename", "os.mkdir", "os.link", "os.remove", "os.rmdir", "os.scandir",
    "os.listdir", "shutil.rmtree", "os.chmod",
}  # fmt: skip
Act = Callable[[Path], None]


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


def receive(home: Path) -> None:
    outcomes = receive_site(make_receiver(home), HOSPITAL)
    assert not [o for o in outcomes if o.state == "failed"], outcomes


def retract_persons(home: Path) -> None:
    """From both submissions and their folders; nothing when an earlier run got to the end."""
    if not all(submission.replaces for submission in list_submissions(home)):
        _retract(home, frozenset({1}))


def retract_all(home: Path) -> None:
    """The same for all of a submission."""
    if len(list_submissions(home)) > 1:
        _retract(home, None)


def _retract(home: Path, persons: frozenset[int] | None) -> None:
    drop = Location.of(home / "drop" / "hospital")
    order = Retraction(list_submissions(home)[-1], "asked for", "curator", persons, drop)
    retract(home, order, now=datetime.now(tz=UTC), engine=SETTINGS)


ACTS: dict[str, Act] = {
    "receive": receive,
    "retract_persons": retract_persons,
    "retract_all": retract_all,
}


def in_child(work: Callable[[], None]) -> int:
    """Do something in a process of its own: 0, 1 for an error, or minus the signal it died by."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
    except BaseException:  # noqa: BLE001  (the child has nobody to raise to)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def act_killed(act: Act, home: Path, touch: int) -> int:
    def work() -> None:
        sys.addaudithook(die_at(touch, str(home)))
        act(home)

    return in_child(work)


def act_whole(act: Act, home: Path) -> None:
    """The act, and whatever comes next at a site: a round over its drop area."""

    def work() -> None:
        act(home)
        receive(home)

    assert in_child(work) == 0


def describe(home: Path) -> dict[str, object]:
    """What counts afterwards, without times and numbers of attempts."""
    histories = list_histories(home, "hospital")
    landed = list_submissions(home)
    return {
        "current": describe_current(home),
        "landed": [(s.key, s.verdict, bool(s.replaces)) for s in landed],
        "states": {h.key: h.state for h in histories},
        "damaged": verify_site(home, "hospital"),
        "dropped": sorted(p.name for p in (home / "drop").rglob("*") if p.is_file()),
        "left over": sorted(p.name for p in (home / "landing").rglob(".*")),
    }


def describe_current(home: Path) -> object:
    current = get_accepted(home, "hospital")
    return [(f.name, f.sha256) for f in current.files] if current else None


def copy_home(home: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(home, target)
    return target


def main(start: Path, target: Path, act: Act, first: int, step: int) -> int:
    """Kill and finish, moment by moment, until the act ends before it is killed."""
    before = describe_current(start)
    act_whole(act, copy_home(start, target))
    expected = describe(target)
    assert before
    assert expected["current"] not in (None, before)
    for number, touch in enumerate(count(first, step)):
        code = act_killed(act, copy_home(start, target), touch)
        if code == 0:
            return number
        assert code == -signal.SIGKILL, (touch, code)
        assert describe_current(target) in (before, expected["current"]), touch
        act_whole(act, target)
        assert describe(target) == expected, (touch, describe(target), expected)
    raise AssertionError("an act without an end")


if __name__ == "__main__":
    home, target, name, first, step = sys.argv[1:]
    sys.stdout.write(f"{main(Path(home), Path(target), ACTS[name], int(first), int(step))}\n")
