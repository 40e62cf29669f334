"""The one thing the public process opens: the publishing store of the current release."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from django.conf import settings

from commonweal.publish.pointer import find_current
from commonweal.publish.reader import PublishingStore

POINTER = Path("publishing") / "current.json"

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Opened:
    """A store that is open, and the state of the pointer it was found through."""

    stamp: Stamp
    store: PublishingStore
    release_hash: str


class CurrentStore:
    """Follows the pointer: opens another store as soon as another one is current.

    Stores are immutable, so a request that still reads the one before is answered correctly.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._opened: Opened | None = None
        self._lock = Lock()

    def find(self) -> Opened | None:
        """The current store, or None before the first release."""
        stamp = self._read_stamp()
        if stamp is None:
            return None
        with self._lock:
            if self._opened is None or self._opened.stamp != stamp:
                self._opened = self._open(stamp)
            return self._opened

    def _read_stamp(self) -> Stamp | None:
        try:
            found = (self._home / POINTER).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _open(self, stamp: Stamp) -> Opened | None:
        path = find_current(self._home)
        if path is None:
            return None
        store = PublishingStore(path)
        return Opened(stamp, store, store.release().content_hash)


@cache
def _get_current() -> CurrentStore:
    """One for the whole process."""
    return CurrentStore(settings.COMMONWEAL.home)


def find_store() -> PublishingStore | None:
    """The publishing store of the current release, or None before the first release."""
    opened = _get_current().find()
    return opened.store if opened else None


def find_current_hash() -> str | None:
    """What the current release's content hashes to: half of every cached answer's name."""
    opened = _get_current().find()
    return opened.release_hash if opened else None
