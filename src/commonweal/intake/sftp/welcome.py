"""Whether somebody who has connected may still be there, asked at each request."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from commonweal.intake.drop_area import area_of
from commonweal.intake.sftp.keys import StewardKey, find_key, list_places
from commonweal.intake.sites import get_site
from commonweal.schema.errors import CommonwealError

SETTLED = 1_000_000_000
"""Nanoseconds after which a folder's time tells that nothing was added to it meanwhile."""


class Welcome:
    """One key at the door of one site."""

    def __init__(self, home: Path, site: str, blob: bytes) -> None:
        self._home = home
        self._site = site
        self._blob = blob
        self._found_at: tuple[int, ...] = ()

    def find(self) -> StewardKey | None:
        """The key, if it opens the site now and the site has a drop here."""
        with suppress(CommonwealError):
            area_of(self._home, get_site(self._home, self._site))
            return find_key(self._home, self._site, self._blob)
        return None

    def lasts(self) -> bool:
        """Whether key, account and site are still open.

        A block that is written asks too, thousands of times for a file. The registry, which
        only grows, is read again when one of its folders has changed, or has just changed.
        """
        changed_at = tuple(self._read_times())
        if changed_at and changed_at == self._found_at:
            return True
        is_welcome = self.find() is not None
        is_settled = all(time.time_ns() - at > SETTLED for at in changed_at)
        self._found_at = changed_at if is_welcome and is_settled else ()
        return is_welcome

    def _read_times(self) -> Iterator[int]:
        for place in list_places(self._home, self._site):
            with suppress(FileNotFoundError):
                yield place.stat().st_mtime_ns
