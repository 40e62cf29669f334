"""A fault that was planted, and the places where the files of a site can be made dirty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Fault:
    """One planted fault: a row of the truth table."""

    site: str
    file: str
    line: int | None
    """Physical line, the header being line 1; None where the whole file is at fault."""
    column: str
    """Empty where no single column is at fault."""
    recipe: str


class Dirt(Protocol):
    """What happens to a table of one site on its way into a file, in the order of the methods.

    Every method gives what is to be written and the faults that were planted in it. A choice
    is drawn by the row's key, so that it is the same in any batch. ``first_line`` is the
    physical line at which the first of the rows will stand.
    """

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        """The column names as they are written; a column that is left out is not written."""

    def change_rows(
        self, table: str, rows: pa.Table, first_line: int
    ) -> tuple[pa.Table, list[Fault]]:
        """Rows with other cells, or with rows added; the declared columns and types stay."""

    def change_text(self, table: str, text: bytes, first_line: int) -> tuple[bytes, list[Fault]]:
        """The rows as they stand in the file, one on each line, without a header."""

    def is_empty(self, table: str) -> bool:
        """Whether the file is left with no byte at all."""
