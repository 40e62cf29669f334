"""From the rows a reader gives back to the records and physical lines of the file."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator


class LineMap:
    """Where the n-th row that was read stands in the file.

    Rows, records and lines mostly run in step, so only the points where the distance
    changes are kept: a line break inside a value, or records that were left out.
    """

    def __init__(self, header_lines: int) -> None:
        self._rows = array("q", [1])
        self._record_shifts = array("q", [0])
        self._line_shifts = array("q", [header_lines])

    def shift_from(self, row: int, *, records: int, lines: int) -> None:
        """From ``row`` on, the record is ``records`` and the line ``lines`` past its record."""
        if records == self._record_shifts[-1] and lines == self._line_shifts[-1]:
            return
        self._rows.append(row)
        self._record_shifts.append(records)
        self._line_shifts.append(lines)

    def line_shifts(self) -> Iterator[tuple[int, int]]:
        """Each row from which on lines are further ahead of records, and how far."""
        return zip(self._rows[1:], self._line_shifts[1:], strict=True)

    @property
    def lines_past_record(self) -> int:
        """How far lines are ahead of records at the end of what is known so far."""
        return self._line_shifts[-1]

    def place(self, row: int) -> tuple[int, int]:
        """The record number and the physical line of a row; all count from 1."""
        at = bisect_right(self._rows, row) - 1
        record = row + self._record_shifts[at]
        return record, record + self._line_shifts[at]
