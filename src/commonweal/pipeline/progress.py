"""How long work tells where it is; the command line draws it, tests stay silent."""

from typing import Protocol


class Progress(Protocol):
    """Told of each piece of long work as it begins, moves on and ends."""

    def begin(self, title: str, total: int) -> None:
        """A piece of work of ``total`` parts begins."""

    def advance(self, part: str) -> None:
        """One part is done; ``part`` names it."""

    def end(self) -> None:
        """The piece of work is done."""


class Silent:
    """Tells nobody."""

    def begin(self, title: str, total: int) -> None: ...

    def advance(self, part: str) -> None: ...

    def end(self) -> None: ...
