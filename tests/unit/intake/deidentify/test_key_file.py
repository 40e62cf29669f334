"""The key: private, whole, the same numbers again, and no number for two."""

import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.intake.deidentify.key_file import (
    draw,
    extend_key,
    read_key,
    write_key,
)
from commonweal.schema.errors import CommonwealError


def as_ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_a_key_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert read_key(tmp_path / "none.csv") == {}


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    key = extend_key({}, "person", as_ids(5, 7))
    write_key(tmp_path / "key.csv", key)
    found = read_key(tmp_path / "key.csv")
    assert found.keys() == {"person"}
    assert found["person"].sort("source").equals(key["person"].sort("source"))
    assert [path.name for path in tmp_path.iterdir()] == ["key.csv"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "key.csv"
    file.write_text("ids,source,new\n")
    file.chmod(0o644)
    write_key(file, extend_key(read_key(file), "person", as_ids(1)))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lines_do_not_stand_in_the_order_of_the_site(tmp_path: Path) -> None:
    write_key(
        tmp_path / "key.csv",
        extend_key({}, "person", np.arange(1, 200, dtype=np.int64)),
    )
    key = read_key(tmp_path / "key.csv")["person"]
    assert key["new"].is_sorted()
    assert not key["source"].is_sorted()


def test_known_ids_keep_their_numbers_and_new_ones_are_added() -> None:
    first = extend_key({}, "person", as_ids(5))
    second = extend_key(first, "person", as_ids(6))
    assert second["person"].head(1).equals(first["person"])
    assert second["person"]["new"].n_unique() == 2


@given(st.sets(st.integers(1, 5000), max_size=200))
def test_numbers_are_different_and_never_those_of_the_site(sources: set[int]) -> None:
    found = draw(len(sources), as_ids(*sources), bits=16)
    assert len(set(found.tolist())) == len(sources)
    assert not set(found.tolist()) & sources
    assert all(0 < number < 1 << 16 for number in found.tolist())


@pytest.mark.parametrize("taken", [as_ids(), np.arange(1, 57, dtype=np.int64)])
def test_numbers_that_meet_are_drawn_again(taken: np.ndarray) -> None:
    """Of 200 numbers below 1,024 some are equal all but surely, and some of those taken."""
    found = draw(200, taken, bits=10)
    assert len(set(found.tolist()) - set(taken.tolist())) == 200
    assert found.min() > 0


def test_nothing_is_drawn_for_nobody() -> None:
    assert draw(0, as_ids(3, 4), bits=10).tolist() == []


def test_too_many_ids_for_the_room_are_refused() -> None:
    with pytest.raises(CommonwealError, match="too many"):
        draw(1 << 10, as_ids(), bits=10)


@pytest.mark.parametrize(
    "content",
    [
        b"ids,source,new\nperson,abc,1\n",
        b"ids,source,new\nperson,1,\n",
        b"ids,source,new\nMaria,1,2\n",
        b"ids,source,new\nperson,1,2\nperson,1,3\n",
        b"ids,source,new\nperson,1,3\nperson,2,3\n",
        b"name\nMaria\n",
        b"\xff\xfe\x00",
    ],
    ids=[
        "text",
        "not whole",
        "no table",
        "source twice",
        "number twice",
        "another file",
        "not text",
    ],
)
def test_a_damaged_key_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key.csv"
    file.write_bytes(content)
    with pytest.raises(CommonwealError, match="cannot be used as a key") as refused:
        read_key(file)
    assert "Maria" not in str(refused.value)
    assert "abc" not in str(refused.value)
