"""Where the fields of a block end, whatever its size."""

import numpy as np
import pytest

from commonweal.intake.check.records import PAD, STRETCH, new_buffer, room_behind, split_records

LINE = b'1,"a,b",\n'
ENDS = np.array([1, 7, 8])


@pytest.mark.parametrize("size", [len(LINE), STRETCH - PAD, STRETCH, 2 * STRETCH + 1, 3 * STRETCH])
def test_fields_end_at_their_separators_in_blocks_of_any_size(size: int) -> None:
    rows = -(-size // len(LINE))
    text = LINE * rows
    data = new_buffer(len(text))
    room_behind(data, 0)[: len(text)] = text
    split = split_records(data, len(text), len(ENDS), allow_nul=False)
    assert split is not None
    starts = PAD + len(LINE) * np.arange(rows)
    assert (split.ends == ENDS[:, np.newaxis] + starts).all()
    assert (split.rows, split.stop, split.crlf) == (rows, PAD + len(text), 0)


def test_line_breaks_in_values_are_found_past_the_first_stretch() -> None:
    text = b"1,2\n" * (STRETCH // 4) + b'3,"x\ny"\n'
    data = new_buffer(len(text))
    room_behind(data, 0)[: len(text)] = text
    split = split_records(data, len(text), 2, allow_nul=False)
    assert split is not None
    assert split.breaks.tolist() == [PAD + text.index(b"x\n") + 1]
