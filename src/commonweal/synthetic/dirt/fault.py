"""A fault that was planted, and the places where the files of a site can be made dirty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from commonweal.synthetic.draws import Flags
from commonweal.synthetic.people.people import People


@dataclass(frozen=True)
class Fault:
    """One planted fault: a row of the truth table."""

    site: str
    file: str
    line: int | None
    """Physical line, the header being line 1; None where the whole file is at fault."""
    column: str
    """The column at fault, or the first of several; empty where it is no single cell."""
    recipe: str


class Dirt(Protocol):
    """What happens to a site's submission on its way into files, in the order of the methods.

    ``extra_patients`` is asked once for each batch of people, ``find_empty`` and
    ``change_header`` once for each file, the others for each batch of its rows. Each gives
    what is to be written and the faults that were planted in it. A choice is drawn by the
    row's key, so that it is the same in any batch. ``people`` are those whom the rows are
    about, in the order of their ids. The line of a fault in rows is the position of its row
    among those that are given back, from 0; the writer knows where that comes to stand.
    """

    def extra_patients(self, people: People) -> Flags:
        """Who is sent although the site should not send them."""

    def find_empty(self, table: str) -> Fault | None:
        """The fault of a file that is left without a byte; nothing else happens to it."""

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        """The names as they are written: each in its place, or all but one as they were.

        A column whose name is left out is not written.
        """

    def change_rows(
        self, table: str, rows: pa.Table, people: People
    ) -> tuple[pa.Table, list[Fault]]:
        """Rows with other cells, or with rows added; the declared columns and types stay."""

    def change_text(
        self, table: str, rows: pa.Table, text: bytes, people: People
    ) -> tuple[bytes, list[Fault]]:
        """``rows``, as ``change_rows`` gave them, in CSV without a header, one on each line.

        Of JSON Lines the text stays as it is.
        """
