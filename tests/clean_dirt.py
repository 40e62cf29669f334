"""A site that makes no fault."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.people.people import People


class Clean:
    """The ``Dirt`` of a site whose files are as they should be."""

    def extra_patients(self, people: People) -> Flags:
        """Nobody."""
        return np.zeros(len(people), dtype=np.bool_)

    def find_empty(self, table: str) -> Fault | None:
        """No file is."""
        del table
        return None

    def change_header(self, table: str, names: Sequence[str]) -> tuple[list[str], list[Fault]]:
        """The names as they are."""
        del table
        return list(names), []

    def change_rows(
        self, table: str, rows: pa.Table, people: People
    ) -> tuple[pa.Table, list[Fault]]:
        """The rows as they are."""
        del table, people
        return rows, []

    def change_text(
        self, table: str, rows: pa.Table, text: bytes, people: People
    ) -> tuple[bytes, list[Fault]]:
        """The text as it is."""
        del table, rows, people
        return text, []
