"""One pipeline at a time in one programme: two would do the same work twice."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from commonweal.engine.storage import hold_lock
from commonweal.schema.errors import CommonwealError


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the programme's lock; the system lets go of it even when the process is killed.

    Raises:
        CommonwealError: another process holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(home / ".lock", wait=False))
        except BlockingIOError as error:
            raise CommonwealError(
                f"Another process is building in {home}.",
                fix="Wait until it is done, or stop it.",
            ) from error
        yield
