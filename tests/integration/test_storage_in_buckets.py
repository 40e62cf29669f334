"""Locations on a disk and in two S3 servers: the same words, the same meaning."""

import hashlib
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.object_stores import (
    READER_KEY,
    READER_SECRET,
    SECRET,
    ObjectStore,
    slow_line,
)

from commonweal.engine.buckets import StorageError
from commonweal.engine.settings import StorageSettings
from commonweal.engine.storage import ChangedError, Location


@pytest.fixture(params=["seaweedfs", "moto"])
def server(request: pytest.FixtureRequest) -> ObjectStore:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["disk", "seaweedfs", "moto"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    if request.param == "disk":
        return Location.of(tmp_path / "drop")
    server: ObjectStore = request.getfixturevalue(request.param)
    bucket = server.make_bucket(f"site-{uuid.uuid4().hex[:12]}")
    return Location.of(bucket, server.settings()) / "site a" / "ünïcode"


def test_files_are_written_listed_read_and_removed(place: Location, tmp_path: Path) -> None:
    assert place.list_files() == []
    place.write("2026-03-01-v1/person.csv", b"person_id\n1\n")
    place.write("2026-03-01-v1/a b+c~d%20.csv", b"")
    place.write("root.txt", b"x")
    listed = {file.name: file for file in place.list_files()}
    assert sorted(listed) == [
        "2026-03-01-v1/a b+c~d%20.csv",
        "2026-03-01-v1/person.csv",
        "root.txt",
    ]
    person = listed["2026-03-01-v1/person.csv"]
    assert (person.bytes, person.is_plain, person.modified_at.tzinfo is not None) == (
        12,
        True,
        True,
    )
    assert place.read("2026-03-01-v1/person.csv") == b"person_id\n1\n"
    within = place / "2026-03-01-v1"
    assert [file.name for file in within.list_files()] == ["a b+c~d%20.csv", "person.csv"]
    assert within.download(replace(person, name="person.csv"), tmp_path / "copy") == (
        hashlib.sha256(b"person_id\n1\n").hexdigest()
    )
    assert (tmp_path / "copy").read_bytes() == b"person_id\n1\n"
    place.delete(["root.txt", "never-there.txt", "2026-03-01-v1/a b+c~d%20.csv"])
    assert [file.name for file in place.list_files()] == ["2026-03-01-v1/person.csv"]
    with pytest.raises(FileNotFoundError):
        place.read("root.txt")


def test_a_large_file_goes_up_in_parts_and_comes_down_in_pieces(
    place: Location, tmp_path: Path
) -> None:
    content = os.urandom(23_000_000)
    (tmp_path / "large").write_bytes(content)
    place.write("large.csv", tmp_path / "large")
    (file,) = place.list_files()
    assert file.bytes == len(content)
    assert place.download(file, tmp_path / "back") == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "back").read_bytes() == content


@pytest.mark.heavy
def test_a_slow_line_brings_a_file_that_takes_longer_than_any_request(
    moto: ObjectStore, tmp_path: Path
) -> None:
    """Sixty megabytes in eight seconds, where no request may take longer than four."""
    content = os.urandom(60_000_000)
    url = moto.make_bucket("slow")
    Location.of(url, moto.settings()).write("large.csv", content)
    with slow_line(moto.endpoint, 8_000_000) as endpoint:
        settings = moto.settings().model_copy(
            update={"endpoint": endpoint, "timeout_seconds": 4, "retries": 0}
        )
        place = Location.of(url, settings)
        (file,) = place.list_files()
        assert place.download(file, tmp_path / "copy") == hashlib.sha256(content).hexdigest()


def test_of_many_who_create_one_wins(place: Location) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: place.create("event.json", bytes([n])), range(8)))
    assert won.count(True) == 1
    assert place.read("event.json") == bytes([won.index(True)])


def test_a_file_that_changed_since_it_was_listed_is_not_taken(
    place: Location, tmp_path: Path
) -> None:
    place.write("person.csv", b"first")
    (file,) = place.list_files()
    place.write("person.csv", b"second, and longer")
    with pytest.raises(ChangedError):
        place.download(file, tmp_path / "copy")
    place.delete(["person.csv"])
    with pytest.raises(ChangedError):
        place.download(file, tmp_path / "copy")


def test_a_bucket_that_is_not_there(server: ObjectStore, tmp_path: Path) -> None:
    missing = Location.of("s3://not-there/site", server.settings())
    for work in (
        missing.list_files,
        lambda: missing.read("x"),
        lambda: missing.create("x", b""),
    ):
        with pytest.raises(StorageError, match="no bucket at s3://not-there/site"):
            work()


def test_names_that_no_disk_holds_are_told(seaweedfs: ObjectStore) -> None:
    url = seaweedfs.make_bucket("odd-names", "2026-03-01-v1/per\nson.csv")
    with pytest.raises(StorageError, match="has a name that cannot be used"):
        Location.of(url, seaweedfs.settings()).list_files()


def test_keys_that_are_wrong_or_may_not_write(seaweedfs: ObjectStore) -> None:
    url = seaweedfs.make_bucket("guarded")
    Location.of(url, seaweedfs.settings()).write("a.csv", b"1")
    reader = Location.of(url, seaweedfs.settings(READER_KEY, READER_SECRET))
    assert [file.name for file in reader.list_files()] == ["a.csv"]
    wrong: list[Callable[[], object]] = [
        lambda: reader.write("b.csv", b"2"),
        lambda: reader.delete(["a.csv"]),
        Location.of(url, seaweedfs.settings(secret="wrong-secret")).list_files,
        Location.of(url, seaweedfs.settings(key="nobody")).list_files,
    ]
    for work in wrong:
        with pytest.raises(StorageError, match=r"refuses the work on s3://guarded") as caught:
            work()
        told = str(caught.value) + repr(caught.value.__cause__) + repr(reader)
        assert not any(secret in told for secret in (SECRET, READER_SECRET, "wrong-secret"))
    assert [file.name for file in reader.list_files()] == ["a.csv"]


def test_a_store_that_does_not_answer() -> None:
    dead = StorageSettings(endpoint="http://127.0.0.1:9", access_key="k", secret_key="s", retries=0)
    with pytest.raises(StorageError, match=r"s3://site/drop does not answer") as caught:
        Location.of("s3://site/drop", dead).list_files()
    assert "storage.endpoint" in caught.value.fix


def test_google_buckets_are_read_by_their_own_protocol(moto: ObjectStore, tmp_path: Path) -> None:
    """No emulator serves all of it, so this is not Google: its listing and reading only."""
    s3 = Location.of(moto.make_bucket("google"), moto.settings()) / "site"
    content = os.urandom(9_000_000)
    s3.write("2026-03-01-v1/person.csv", content)
    settings = moto.google_settings(tmp_path / "google.json")
    place = Location.of("gs://google/site", settings)
    (file,) = place.list_files()
    assert (file.name, file.bytes) == ("2026-03-01-v1/person.csv", len(content))
    assert place.download(file, tmp_path / "copy") == hashlib.sha256(content).hexdigest()
    s3.write("2026-03-01-v1/person.csv", content[:-1])
    with pytest.raises(ChangedError):
        place.download(file, tmp_path / "copy")
    with pytest.raises(FileNotFoundError):
        place.read("death.csv")
    with pytest.raises(StorageError, match="no bucket at gs://not-there"):
        Location.of("gs://not-there/site", settings).list_files()


def test_a_google_key_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "google.json").write_text('{"private_key": "that-must-not-leak"}')
    for file in ("google.json", "nowhere.json"):
        place = Location.of("gs://site", StorageSettings(google_key_file=tmp_path / file))
        with pytest.raises(StorageError, match="make no store of gs://site") as caught:
            place.list_files()
        assert "leak" not in str(caught.value)
