"""Where the fields of a block are separated, whatever its size."""

import numpy as np
import pytest

from commonweal.intake.check.block import PAD, Split, new_buffer, room_behind
from commonweal.intake.check.records import split_records

LINE = b'1,"a,b",\n'
EDGES = np.array([-1, 1, 7, 8])


def split(text: bytes, width: int) -> Split | None:
    data = new_buffer(len(text))
    room_behind(data, 0)[: len(text)] = text
    return split_records(data, len(text), width, allow_nul=False)


@pytest.mark.parametrize("rows", [1, 7, 8, 1000, 300_000])
def test_fields_are_separated_in_blocks_of_any_size(rows: int) -> None:
    found = split(LINE * rows, 3)
    assert found is not None
    starts = PAD + len(LINE) * np.arange(rows)
    assert (found.edges == EDGES[:, np.newaxis] + starts).all()
    assert (found.rows, found.stop, found.crlf) == (rows, PAD + rows * len(LINE), 0)


def test_line_breaks_in_values_are_found_wherever_they_are() -> None:
    text = b"1,2\n" * 300_000 + b'3,"x\ny"\n'
    found = split(text, 2)
    assert found is not None
    assert found.breaks.tolist() == [PAD + text.index(b"x\n") + 1]


@pytest.mark.parametrize("rest", [b"", b"1", b"1,", b'1,"', b'1,"2', b'1,"2\n', b'1,"2"', b"1,2\r"])
def test_a_record_that_is_not_whole_is_left(rest: bytes) -> None:
    found = split(b"1,2\n" + rest, 2)
    assert found is not None
    assert (found.rows, found.stop, found.breaks.size) == (1, PAD + 4, 0)


@pytest.mark.parametrize(
    "odd",
    [
        b"1\n", b"1,2,3\n", b"\n", b'1,a"\n', b'1,"a"b\n', b'1,"a" \n', b"1,2\r3\n",
        b'"1"",2\n"\n', b"\xff,2\n", b"\0,2\n",
    ],
)  # fmt: skip
def test_nothing_odd_is_split(odd: bytes) -> None:
    assert split(b"1,2\n" + odd, 2) is None


def test_a_value_is_found_without_its_quotes_and_line_end() -> None:
    found = split(b'1,"a"\r\n,\r\n"2",b\r\n', 2)
    assert found is not None
    rows = np.arange(3, dtype=np.int32)
    cells = []
    for place in range(2):
        starts, ends = found.bounds(place, rows)
        cells.append([found.data[a:b].tobytes() for a, b in zip(starts, ends, strict=True)])
    assert (cells, found.crlf) == ([[b"1", b"", b"2"], [b"a", b"", b"b"]], 3)
