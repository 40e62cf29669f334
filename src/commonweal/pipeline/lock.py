"""One pipeline at a time in one programme: two would clear each other's scratch folders."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commonweal.schema.errors import CommonwealError


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the programme's lock; the system lets go of it even when the process is killed.

    Raises:
        CommonwealError: another process holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommonwealError(
                f"Another process is building in {home}.",
                fix="Wait until it is done, or stop it.",
            ) from error
        yield
