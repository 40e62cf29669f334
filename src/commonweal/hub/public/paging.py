"""Links to the pages of a long list."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A page number, or a gap when there is no address."""

    label: str
    address: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pages:
    """The row of links under a list; empty when everything fits on one page."""

    entries: tuple[Entry, ...] = ()
    previous: str = ""
    following: str = ""


def build_pages(current: int, last: int, address: Callable[[int], str]) -> Pages:
    """First, last and the neighbours of the current page, with gaps between."""
    if last <= 1:
        return Pages()
    wanted = sorted({1, last, *(n for n in range(current - 1, current + 2) if 1 <= n <= last)})
    entries: list[Entry] = []
    before = 0
    for number in wanted:
        if number > before + 1:
            entries.append(Entry("…"))
        entries.append(Entry(str(number), address(number), current=number == current))
        before = number
    return Pages(
        entries=tuple(entries),
        previous=address(current - 1) if current > 1 else "",
        following=address(current + 1) if current < last else "",
    )
