"""Receiving from a drop area at ``gs://``, over the protocol of Google's buckets.

No emulator that can be installed answers all that obstore asks, which speaks Google's XML: one
knows the JSON form alone, another one lists and reads and refuses what is written. An S3 server
lists and reads in the same form too, so the site puts its files there in the words of S3 and
we receive in Google's. What we write, the receipt, finds no ear; that costs nothing else.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.command_line import Run
from tests.drop_areas import (
    HOSPITAL,
    declaration,
    events_of,
    history_of,
    make_home,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    today,
)
from tests.object_stores import ObjectStore, run_seaweedfs

from commonweal.engine.storage import Location, sha256_of
from commonweal.intake.landing import get_accepted, list_submissions
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.receive import receive_site


@dataclass(frozen=True)
class GoogleDrop:
    """A drop area: where the site puts files, and where we look for them."""

    site: Location
    centre: Location


def make_drop(server: ObjectStore, tmp_path: Path) -> GoogleDrop:
    url = server.make_bucket(f"site{uuid.uuid4().hex[:12]}")
    google = url.replace("s3://", "gs://")
    settings = server.google_settings(tmp_path / "google.json")
    return GoogleDrop(
        Location.of(url, server.settings()) / "hospital",
        Location.of(google, settings) / "hospital",
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with run_seaweedfs(tmp_path_factory.mktemp("weed"), is_open=True) as running:
        yield running


@pytest.fixture
def drop(server: ObjectStore, tmp_path: Path) -> GoogleDrop:
    return make_drop(server, tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def test_one_folder_from_upload_to_current(drop: GoogleDrop, home: Path) -> None:
    receiver = make_receiver(home, drop.centre)
    assert receive_site(receiver, HOSPITAL) == []
    put_declared(drop.site, today(1), 1, 2)
    (outcome,) = receive_site(receiver, HOSPITAL)
    assert (outcome.folder, outcome.state) == (today(1), "current")
    (submission,) = list_submissions(home)
    assert (submission.folder / "person.csv").read_bytes() == persons_csv(1, 2)
    announced = history_of(home, today(1)).last("announced")
    assert announced is not None
    assert announced.details["receipt"] is False
    assert receive_site(receiver, HOSPITAL) == []
    put_declared(drop.site, today(2), 1, 2, 3)
    states = {o.folder: o.state for o in receive_site(receiver, HOSPITAL)}
    assert states == {today(1): "superseded", today(2): "current"}


def test_a_folder_waits_for_its_declaration(drop: GoogleDrop, home: Path) -> None:
    receiver = make_receiver(home, drop.centre)
    put(drop.site, today(), {"person.csv": persons_csv(1)})
    (waiting,) = receive_site(receiver, HOSPITAL)
    assert waiting.state == "uploading"
    put(drop.site, today(), {DECLARATION: declaration()})
    (taken,) = receive_site(receiver, HOSPITAL)
    assert taken.state == "current"


def test_checksums_of_the_manifest_are_verified(drop: GoogleDrop, home: Path) -> None:
    receiver = make_receiver(home, drop.centre)
    good = {"person.csv": persons_csv(1, 2)}
    put(drop.site, today(), {"person.csv": persons_csv(1, 3), DECLARATION: declaration(good)})
    (held,) = receive_site(receiver, HOSPITAL)
    assert (held.state, "checksums differ" in held.said) == ("held", True)
    assert list_submissions(home) == []
    put(drop.site, today(), good | {DECLARATION: declaration(good)})
    assert receive_site(receiver, HOSPITAL)[-1].state == "current"


def test_a_large_file_arrives_whole(drop: GoogleDrop, home: Path, tmp_path: Path) -> None:
    """In pieces of a few megabytes each."""
    file = tmp_path / "note.csv"
    file.write_bytes(os.urandom(21_000_000))
    drop.site.write(f"{today()}/note.csv", file)
    drop.site.write(f"{today()}/{DECLARATION}", declaration(purpose="test"))
    receive_site(make_receiver(home, drop.centre), HOSPITAL)
    (submission,) = list_submissions(home)
    assert [f.sha256 for f in submission.files] == [sha256_of(file)]


def test_a_dead_bucket_leaves_the_previous_current(home: Path, tmp_path: Path) -> None:
    """The server is killed in the middle of a copy, and is away in the round after."""
    with run_seaweedfs(tmp_path / "weed", is_open=True) as server:
        drop = make_drop(server, tmp_path)
        put_declared(drop.site, today(1), 1)
        receive_site(make_receiver(home, drop.centre), HOSPITAL)
        before = get_accepted(home, "hospital")
        assert before is not None
        files = {"person.csv": persons_csv(1, 2), "death.csv": os.urandom(30_000_000)}
        put(drop.site, today(2), files | {DECLARATION: declaration(files)})

        def die_when_it_flows(name: str, done: int, size: int) -> None:
            if 0 < done < size:
                server.process.kill()
                server.process.wait()

        receiver = make_receiver(home, drop.centre, progress=die_when_it_flows)
        outcomes = receive_site(receiver, HOSPITAL)
    assert history_of(home, today(2)).state == "failed"
    assert any("does not answer" in outcome.said for outcome in outcomes)
    (away,) = receive_site(make_receiver(home, drop.centre), HOSPITAL)
    assert (away.folder, away.state) == ("", "unreachable")
    assert get_accepted(home, "hospital") == before
    assert events_of(home, today(1))[-1] == "announced"
    assert [p.name for p in (home / "landing").rglob(".*") if p.is_dir()] == []


def test_the_command_line_finds_the_key_in_the_settings(
    drop: GoogleDrop, run: Run, tmp_path: Path, server: ObjectStore
) -> None:
    assert run("sites", "register", "hospital", "--title", "H").returncode == 0
    assert run("sites", "drop", "hospital", drop.centre.url).returncode != 0
    assert run("sites", "step", "hospital", "stewards").returncode == 0
    assert run("sites", "drop", "hospital", drop.centre.url).returncode == 0
    (tmp_path / "commonweal.toml").write_text(
        f'[storage]\nendpoint = "{server.endpoint}"\ngoogle_key_file = "google.json"\nretries = 0\n'
    )
    put_declared(drop.site, today(), 1, purpose="test")
    told = run("receive")
    assert (told.returncode, "accepted" in told.stdout) == (0, True), told.stderr
