"""The sealed release researchers work on, open in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.conf import settings

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings
from commonweal.release.catalogue import Release, find_latest
from commonweal.release.cdm import Cdm, open_cdm

REGISTERED = "R"
"""Letter of the tier that every signed-in researcher works on."""


@dataclass(frozen=True)
class OpenRelease:
    """A release with its tables open as views."""

    release: Release
    engine: Engine
    cdm: Cdm


class Workplace:
    """Keeps the newest release open; one question at a time, so that memory stays capped."""

    def __init__(self, configured: Settings) -> None:
        self._settings = configured
        self._lock = Lock()
        self._opened: OpenRelease | None = None

    @contextmanager
    def use(self) -> Iterator[OpenRelease | None]:
        """The newest release while the block runs, or None before there is one."""
        with self._lock:
            release = find_latest(self._settings.home, REGISTERED)
            if release is None:
                yield None
                return
            opened = self._opened
            if opened is None or opened.release.content_hash != release.content_hash:
                opened = self._opened = self._open(release)
            yield opened

    def _open(self, release: Release) -> OpenRelease:
        if self._opened is not None:
            self._opened.engine.close()
            self._opened = None
        # The programme's spill folder belongs to the identifiable zone; the engine makes its own.
        limits = self._settings.engine.model_copy(update={"spill_folder": None})
        engine = DuckDBEngine(limits)
        return OpenRelease(release, engine, open_cdm(engine, release.folder))


@cache
def get_workplace() -> Workplace:
    """One for the whole process."""
    return Workplace(settings.COMMONWEAL)
