"""Counts of people in a table whose cells add up to a published total.

**Story.** Each person is in exactly one cell. A published non-zero count stands for an
interval of exactly 20 true counts, so a table that narrows any of them at all breaks the
promise that at least 20 stay possible.

**Criterion.** Let the non-zero cells have the intervals [l, h], with sums L and H, and the
total [T − 19, T]. What follows for one cell is [l, h] cut with [T − 19 − (H − h), T − (L − l)].
Since h = l + 19 nothing is cut off exactly when H ≥ T and L ≤ T − 19; nothing is cut off the
total, which lies in [L, H], under the same two conditions. H ≥ T always holds, because H is a
multiple of 20 that is not below the true total, and T is the least such. So a table may be
shown when **L ≤ T − 19**. Several tables with one total do not help each other: each
admits every total of [T − 19, T] whatever its cell is.

**Why all or nothing.** Whoever reads this code learns from a suppressed cell too. Hiding only
the smallest cells says that they are not 0, that they are below those shown, and that
L > T − 19, hence that the true total is not T − 19. So the decision is taken on published
numbers only; a table that fails is hidden whole, zeros included; and it is hidden already at
L = T − 19 (a single non-zero cell, say), so that a hidden table leaves every total possible:
all people may be in one cell.

**Releases.** Two values of one cell shown in different releases are equal or at least two
steps apart: one step could be the doing of a single person, whom somebody may know to have
joined or left. Such a cell is held back, on published numbers again, whether 1 or 39 people
changed. That a count is held back says that it moved by a step, but not which way. Holding back
cells of a table that could be shown whole takes nothing from the others.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from commonweal.disclosure.counts import PUBLIC, PublishedCount, publish_count

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class PublishedTable(Generic[K]):
    """A table as it may be shown; ``None`` stands where a count is not shown.

    A sum over some cells (a margin) may be shown as the sum of the published cells, which
    says nothing new; it is never counted and rounded on its own.
    """

    cells: Mapping[K, PublishedCount | None]
    total: PublishedCount | None

    @property
    def suppressed(self) -> int:
        """How many cells are not shown."""
        return sum(count is None for count in self.cells.values())

    def hidden(self) -> "PublishedTable[K]":
        """The table with none of its cells shown."""
        return PublishedTable(dict.fromkeys(self.cells), self.total)


def publish_table(
    cells: Mapping[K, int], total: int, *, earlier: Iterable[PublishedTable[K]] = ()
) -> PublishedTable[K]:
    """Turn a table of people, each in one cell, into one that may be published.

    ``earlier`` are all the tables with the same meaning that were published before.

    Raises:
        ValueError: a count is negative, or the cells do not add up to the total.
    """
    if sum(cells.values()) != total:
        raise ValueError("the cells of a table must add up to its total")
    published = {key: publish_count(n) for key, n in cells.items()}
    past = tuple(earlier)
    shown_total = hold_back(publish_count(total), [table.total for table in past])
    if shown_total is None or not _can_show(published.values(), shown_total):
        return PublishedTable(published, shown_total).hidden()
    held = {key: hold_back(c, [t.cells.get(key) for t in past]) for key, c in published.items()}
    return PublishedTable(held, shown_total)


def hold_back(
    count: PublishedCount, earlier: Iterable[PublishedCount | None]
) -> PublishedCount | None:
    """The count, or None where it is one step away from one that was shown before."""
    steps = {abs(count.value - before.value) for before in earlier if before is not None}
    return None if PUBLIC.base in steps else count


def _can_show(cells: Iterable[PublishedCount], total: PublishedCount) -> bool:
    return total.value == 0 or sum(count.low for count in cells) < total.low
