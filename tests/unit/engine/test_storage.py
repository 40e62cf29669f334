"""Files that are written whole or not at all."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commonweal.engine.storage import (
    CHUNK_BYTES,
    ChangedError,
    Location,
    canonical_json,
    clear_scratch,
    digest_of,
    hold_lock,
    make_private,
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
    with pytest.raises(CommonwealError, match="ftp") as caught:
        Location.of("ftp://host/landing")
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
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with pytest.raises(FileExistsError, match="site"), whole_folder(tmp_path / "site"):
        pytest.fail("there is nothing to write")


def test_of_many_writers_of_a_folder_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    target = tmp_path / "new" / "site"

    def write(number: int) -> bool:
        try:
            with whole_folder(target) as scratch:
                for part in range(20):
                    (scratch / f"{part}.csv").write_text(str(number))
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert [path.name for path in target.parent.iterdir()] == ["site"]
    written = {path.read_text() for path in target.iterdir()}
    assert (len(list(target.iterdir())), written) == (20, {str(won.index(True))})


COUNTED = """
import sys
from pathlib import Path
from commonweal.engine.storage import hold_lock
file = Path(sys.argv[1])
for _ in range(200):
    with hold_lock(file.with_name(".lock")):
        file.write_text(str(int(file.read_text()) + 1))
"""


def test_a_lock_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    """Each counts up what the last one wrote; whoever got in between would lose counts."""
    file = tmp_path / "count"
    file.write_text("0")
    command = [sys.executable, "-c", COUNTED, str(file)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0, 0]
    assert file.read_text() == "800"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_a_lock_that_is_held_can_be_refused_at_once(tmp_path: Path) -> None:
    with hold_lock(tmp_path / ".lock"):
        with pytest.raises(BlockingIOError), hold_lock(tmp_path / ".lock", wait=False):
            pytest.fail("two hold it")
        assert (tmp_path / ".lock").exists()
    with hold_lock(tmp_path / ".lock", wait=False):
        pass


def test_a_folder_is_on_the_disk_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names in a folder are on the disk only when the folder was synced after them."""
    target = tmp_path / "landing" / "hospital" / "site"
    synced: list[tuple[int, bool]] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append((os.fstat(file).st_ino, target.exists()))
    )
    with whole_folder(target) as scratch:
        (scratch / "person.csv").write_bytes(b"rows")
    for folder in (tmp_path, tmp_path / "landing", target.parent):
        assert (folder.stat().st_ino, True) in synced
    for path in (target, target / "person.csv"):
        assert (path.stat().st_ino, False) in synced


def test_what_killed_writers_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".partial-old").mkdir()
    (tmp_path / ".partial-old" / "person.csv").write_text("rows")
    (tmp_path / ".partial-old.lock").touch()
    (tmp_path / "whole").mkdir()
    clear_scratch(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    for folder in (tmp_path / "open", tmp_path / "home" / "new"):
        make_private(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://key:secret@bucket/site", "holds more than a place"),
        ("s3://bucket/site?X-Amz-Signature=secret", "holds more than a place"),
        ("s3:///site", "names no bucket"),
    ],
)
def test_a_url_names_a_place_and_nothing_else(url: str, said: str) -> None:
    with pytest.raises(CommonwealError, match=said) as caught:
        Location.of(url)
    assert "secret" not in str(caught.value)


def test_a_bucket_has_no_path_on_this_machine() -> None:
    bucket = Location.of("gs://bucket/") / "site"
    assert bucket.url == "gs://bucket/site"
    with pytest.raises(CommonwealError, match="not a folder on this machine"):
        _ = bucket.path


def test_links_are_listed_and_never_followed(tmp_path: Path) -> None:
    """A site must not be able to hand in what lies elsewhere on our machine."""
    (tmp_path / "secret").write_text("of another site")
    drop = tmp_path / "drop"
    (drop / "sub").mkdir(parents=True)
    (drop / "person.csv").symlink_to(tmp_path / "secret")
    (drop / "folder").symlink_to(tmp_path)
    (drop / "sub" / "death.csv").write_text("x")
    place = Location.of(drop)
    listed = {file.name: file for file in place.list_files()}
    assert {name: file.is_plain for name, file in listed.items()} == {
        "folder": False,
        "person.csv": False,
        "sub/death.csv": True,
    }
    with pytest.raises(ChangedError):
        place.download(listed["person.csv"], tmp_path / "copy")
