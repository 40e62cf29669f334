"""Names of releases, such as R2026Q4R1: tier letter, year and quarter of the cut-off, revision."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import total_ordering

from commonweal.schema.errors import CommonwealError

_PATTERN = re.compile(r"([A-Z])(\d{4})Q([1-4])R([1-9]\d{0,4})")


@total_ordering
@dataclass(frozen=True)
class ReleaseId:
    """The parts of a release's name; newer releases of a tier compare as greater."""

    letter: str
    year: int
    quarter: int
    revision: int

    def __str__(self) -> str:
        return f"{self.letter}{self.year:04d}Q{self.quarter}R{self.revision}"

    def __lt__(self, other: "ReleaseId") -> bool:
        return self._order < other._order

    @property
    def series(self) -> tuple[str, int, int]:
        """What the revisions of one release share."""
        return (self.letter, self.year, self.quarter)

    @property
    def _order(self) -> tuple[int, int, int, str]:
        return (self.year, self.quarter, self.revision, self.letter)


def find_id(text: str) -> ReleaseId | None:
    """The id written in ``text``, or None when it is not one."""
    match = _PATTERN.fullmatch(text)
    if not match:
        return None
    letter, year, quarter, revision = match.groups()
    return ReleaseId(letter, int(year), int(quarter), int(revision))


def parse_id(text: str) -> ReleaseId:
    """Read a release id.

    Raises:
        CommonwealError: the text has not the shape of one.
    """
    found = find_id(text)
    if found is None:
        raise CommonwealError(
            f"{text!r} is not the id of a release.",
            expected="tier letter, year, quarter and revision, such as R2026Q4R1",
            fix="`commonweal release list` shows the releases there are.",
        )
    return found


def next_id(letter: str, cutoff: date, existing: Iterable[ReleaseId]) -> ReleaseId:
    """The first unused revision for a tier and the quarter of its cut-off."""
    first = ReleaseId(letter, cutoff.year, (cutoff.month + 2) // 3, 1)
    taken = [known.revision for known in existing if known.series == first.series]
    return ReleaseId(*first.series, revision=max(taken, default=0) + 1)
