"""Keys that come again are counted as a set would count them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonweal.intake.check import repeats
from commonweal.intake.check.repeats import count_repeats

KEYS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5), max_size=40)


def write(folder: Path, keys: list[int | None]) -> Path:
    file = folder / "keys.parquet"
    pq.write_table(pa.table({"key": pa.array(keys, pa.int64())}), file, row_group_size=3)
    return file


@given(KEYS, st.sampled_from([1, 4, 100]), st.sampled_from([1, 3, 100]))
@settings(max_examples=80, deadline=None)
@example([1, 2, None, 3, 4], 2, 100)
@example([1, 2, 2, 3], 2, 100)
def test_repeats_are_the_keys_less_the_different_ones(
    keys: list[int | None], batch: int, most: int
) -> None:
    known = [key for key in keys if key is not None]
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "BATCH_ROWS", batch)
        patch.setattr(repeats, "MOST_SORTED", most)
        counted = count_repeats(write(Path(name), keys), "key")
    assert counted in (len(known) - len(set(known)), None)
    assert counted is not None or most < 100


def test_parts_add_up_and_too_many_of_one_key_are_left_to_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "MOST_SORTED", 50)
    many = [key * 7919 % 211 for key in range(300)]
    assert count_repeats(write(tmp_path, many), "key") == 300 - 211
    assert count_repeats(write(tmp_path, [1] * 300), "key") is None
    assert count_repeats(write(tmp_path, list(range(300))), "key") == 0
