"""The sealed release researchers work on, open in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore, Event, Lock, Thread

from django.conf import settings

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings
from commonweal.release.catalogue import Release, find_latest
from commonweal.release.cdm import Cdm, open_cdm
from commonweal.schema.errors import CommonwealError

REGISTERED = "R"
"""Letter of the tier that every signed-in researcher works on."""
TRAINING = "S"
"""Letter of the tier of made-up people, to learn on until there is a release of real ones."""
WAIT_SECONDS = 5.0
"""How long a request waits for the one before it."""
MOST_WAITING = 2
"""One works and these wait; of four threads one stays free for sign-in and supervisors."""
INSIST_SECONDS = 0.1
"""Between two queries nothing can be stopped, so stopping is repeated until it is heard."""


class BusyError(CommonwealError):
    """Somebody else's question is being answered, and has been for a while."""


@dataclass(frozen=True)
class OpenRelease:
    """A release with its tables open as views."""

    release: Release
    engine: Engine
    cdm: Cdm


class Workplace:
    """Keeps the newest release open; one question at a time, so that memory stays capped."""

    def __init__(self, configured: Settings, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._settings = configured
        self._wait_seconds = wait_seconds
        self._lock = Lock()
        self._places = BoundedSemaphore(1 + MOST_WAITING)
        self._opened: OpenRelease | None = None

    @contextmanager
    def use(self) -> Iterator[OpenRelease | None]:
        """The newest release while the block runs, or None before there is one.

        Raises:
            BusyError: others are at work, or too many wait already.
        """
        with self._take_turn():
            home = self._settings.home
            release = find_latest(home, REGISTERED) or find_latest(home, TRAINING)
            if release is None:
                yield None
                return
            opened = self._opened
            if opened is None or opened.release.content_hash != release.content_hash:
                opened = self._opened = self._open(release)
            yield opened

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise BusyError("Too many questions are waiting.")
        try:
            if not self._lock.acquire(timeout=self._wait_seconds):
                raise BusyError("Another question takes long.")
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._places.release()

    def _open(self, release: Release) -> OpenRelease:
        if self._opened is not None:
            self._opened.engine.close()
            self._opened = None
        # The programme's spill folder belongs to the identifiable zone; the engine makes its own.
        limits = self._settings.engine.model_copy(update={"spill_folder": None})
        engine = DuckDBEngine(limits)
        return OpenRelease(release, engine, open_cdm(engine, release.folder))


@contextmanager
def limit_time(engine: Engine, seconds: float) -> Iterator[None]:
    """Stop the engine when the block takes longer than ``seconds``.

    Raises:
        InterruptedWorkError: it did; the engine goes on working.
    """
    done = Event()
    watcher = Thread(target=_interrupt_later, args=(engine, seconds, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _interrupt_later(engine: Engine, seconds: float, done: Event) -> None:
    pause = seconds
    while not done.wait(pause):
        engine.interrupt()
        pause = INSIST_SECONDS


@cache
def get_workplace() -> Workplace:
    """One for the whole process."""
    return Workplace(settings.COMMONWEAL, wait_seconds=WAIT_SECONDS)
