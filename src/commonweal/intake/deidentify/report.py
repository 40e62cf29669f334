"""What de-identification did, in counts: the report holds no value of any cell."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class TableReport:
    """Rows of one table: those read are those written and those removed by reason.

    ``emptied`` counts, by column, the source values that named somebody; ``columns_emptied``
    are the columns that numbered their rows.
    """

    table: str
    rows_read: int
    removed: Mapping[str, int]
    rows_written: int
    emptied: Mapping[str, int]
    columns_emptied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows_read != self.rows_written + sum(self.removed.values()):
            raise AssertionError(f"rows of {self.table} went missing")


@dataclass(frozen=True)
class LeftOut:
    """A table that stayed at the site, and why."""

    table: str
    reason: str


@dataclass(frozen=True)
class IdCounts:
    """How many ids of a table the key had numbers for, and how many it got now."""

    ids: str
    known: int
    new: int


@dataclass(frozen=True)
class Deidentification:
    """The whole of it. ``as_of`` is the day whose year ages are counted at."""

    dialect: str
    as_of: date
    oldest: int
    tables: tuple[TableReport, ...]
    left_out: tuple[LeftOut, ...]
    ids: tuple[IdCounts, ...]
    dry_run: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"as_of": self.as_of.isoformat()}
