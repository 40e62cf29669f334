"""Files that are written whole or not at all."""

import hashlib
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commonweal.engine.storage import (
    CHUNK_BYTES,
    Location,
    canonical_json,
    digest_of,
    readable_json,
    sha256_of,
    whole_folder,
)
from commonweal.schema.errors import CommonwealError


def test_a_path_and_its_url_are_the_same_place(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with ünïcode"
    assert Location.of(folder).path == folder
    assert Location.of(Location.of(folder).url) == Location.of(folder)


def test_locations_nest(tmp_path: Path) -> None:
    assert (Location.of(tmp_path) / "sites").path == tmp_path / "sites"


def test_another_kind_of_storage_is_named() -> None:
    with pytest.raises(CommonwealError, match="s3") as caught:
        Location.of("s3://bucket/landing")
    assert "file://" in caught.value.expected


def test_create_writes_once(tmp_path: Path) -> None:
    place = Location.of(tmp_path / "new")
    assert place.create("event.json", b"first")
    assert not place.create("event.json", b"second")
    assert place.read("event.json") == b"first"


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    place = Location.of(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: place.create("event.json", bytes([n])), range(8)))
    assert won.count(True) == 1
    assert place.read("event.json") == bytes([won.index(True)])


def test_hash_of_a_file_longer_than_a_piece(tmp_path: Path) -> None:
    content = b"measurement" * (CHUNK_BYTES // 5)
    (tmp_path / "f").write_bytes(content)
    assert sha256_of(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_json_has_one_spelling() -> None:
    assert canonical_json({"b": 1, "a": "ü"}) == canonical_json({"a": "ü", "b": 1})
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()
    assert digest_of({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert readable_json({"b": 1, "a": 2}) == b'{\n  "a": 2,\n  "b": 1\n}\n'


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "stages" / "site"
    with whole_folder(target) as scratch:
        (scratch / "evidence").mkdir()
        (scratch / "evidence" / "person.parquet").write_bytes(b"rows")
        assert not target.exists()
    assert (target / "evidence" / "person.parquet").read_bytes() == b"rows"
    assert [path.name for path in target.parent.iterdir()] == ["site"]


def test_a_failed_folder_never_appears(tmp_path: Path) -> None:
    target = tmp_path / "site"
    with pytest.raises(FileNotFoundError), whole_folder(target) as scratch:
        (scratch / "half.parquet").write_bytes((scratch / "missing.parquet").read_bytes())
    assert not target.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from commonweal.engine.storage import whole_folder
with whole_folder(Path(sys.argv[1])) as scratch:
    (scratch / "half.parquet").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_nothing_that_counts(tmp_path: Path) -> None:
    target = tmp_path / "site"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    with whole_folder(target) as scratch:
        assert list(scratch.iterdir()) == []
        (scratch / "whole.parquet").write_bytes(b"whole")
    assert [path.name for path in target.iterdir()] == ["whole.parquet"]
