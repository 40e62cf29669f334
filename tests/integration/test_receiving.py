"""Receiving from a disk and from two S3 servers, on the command line, and what may go wrong."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.command_line import Run
from tests.drop_areas import (
    HOSPITAL,
    declaration,
    history_of,
    make_home,
    make_receiver,
    persons_csv,
    put,
    put_declared,
    today,
)
from tests.intake_folders import SETTINGS, write_persons
from tests.object_stores import (
    KEY,
    READER_KEY,
    READER_SECRET,
    SECRET,
    ObjectStore,
    run_seaweedfs,
)
from tests.ready_sites import open_drop_area

from commonweal.engine.settings import StorageSettings
from commonweal.engine.storage import Location, sha256_of
from commonweal.intake.landing import find_metrics, get_accepted, list_submissions
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import RECEIPT, RECEIPT_PAGE
from commonweal.intake.lifecycle.receive import receive_site, receive_sites
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.sites import Purpose, Site, get_site, list_sites

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
PROGRAM = "from commonweal.cli.main import main; main()"
SETTINGS_OF_RUN = {"COMMONWEAL_ENGINE__MEMORY_LIMIT": "200MB", "COLUMNS": "200"}


def new_bucket(server: ObjectStore) -> Location:
    return Location.of(server.make_bucket(f"site{uuid.uuid4().hex[:12]}"), server.settings())


@pytest.fixture(params=["disk", "seaweedfs", "moto"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    if request.param == "disk":
        return Location.of(tmp_path / "drop")
    return new_bucket(request.getfixturevalue(request.param)) / "hospital"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def test_one_folder_from_upload_to_current(drop: Location, home: Path) -> None:
    put_declared(drop, today(1), 1, 2)
    receiver = make_receiver(home, drop)
    (outcome,) = receive_site(receiver, HOSPITAL)
    assert (outcome.folder, outcome.state) == (today(1), "current")
    (submission,) = list_submissions(home)
    assert (submission.folder / "person.csv").read_bytes() == persons_csv(1, 2)
    assert json.loads(drop.read(f"{today(1)}/{RECEIPT}"))["id"] == submission.id
    assert b"<html" in drop.read(f"{today(1)}/{RECEIPT_PAGE}")
    assert receive_site(receiver, HOSPITAL) == []
    put_declared(drop, today(2), 1, 2, 3)
    states = {o.folder: o.state for o in receive_site(receiver, HOSPITAL)}
    assert states == {today(1): "superseded", today(2): "current"}


def test_persons_are_erased_from_every_folder_of_a_store(drop: Location, home: Path) -> None:
    """Taken in, repeated, and never read; nobody else's."""
    receiver = make_receiver(home, drop)
    for version in (2, 3):
        put_declared(drop, today(version), 1, 2)
        receive_site(receiver, HOSPITAL)
    put_declared(drop, today(1), 1, 9)
    put_declared(drop, today(4), 7, purpose="test")
    (submission,) = list_submissions(home)
    order = Retraction(submission, "asked for", "curator", frozenset({1}), drop)
    certificate = retract(home, order, now=datetime.now(tz=UTC), engine=SETTINGS)
    assert {file.name.partition("/")[0] for file in drop.list_files()} == {today(4)}
    assert certificate["drop_folders"] == [today(1), today(2), today(3)]
    assert not list((home / "landing").rglob(".*"))


def test_a_large_file_arrives_whole(drop: Location, home: Path, tmp_path: Path) -> None:
    """Forty megabytes: in parts on the way up, in pieces on the way down."""
    header, row = persons_csv(1).decode().splitlines()
    with (tmp_path / "person.csv").open("w") as out:
        out.write(header + "\n")
        out.writelines(row.replace("1", str(number), 1) + "\n" for number in range(300_000))
    folder = drop / today()
    folder.write("person.csv", tmp_path / "person.csv")
    folder.write(DECLARATION, declaration())
    (outcome,) = receive_site(make_receiver(home, drop), HOSPITAL)
    assert outcome.state == "current"
    (submission,) = list_submissions(home)
    assert submission.files[0].sha256 == sha256_of(tmp_path / "person.csv")
    assert submission.rows == 300_000


def test_a_dead_bucket_leaves_the_previous_current_and_stops_nobody_else(
    tmp_path: Path, moto: ObjectStore
) -> None:
    bucket = new_bucket(moto)
    clinic = Site("clinic", "The clinic")
    home = make_home(tmp_path, HOSPITAL, clinic)
    put_declared(bucket, today(1), 1)
    receive_site(make_receiver(home, bucket), HOSPITAL)
    before = get_accepted(home, "hospital")
    assert before is not None
    put_declared(bucket, today(2), 1, 2)
    put_declared(Location.of(home / "drop" / "clinic"), today(1), 1)
    dead = StorageSettings(endpoint="http://127.0.0.1:9", access_key="k", secret_key="s", retries=0)
    areas = {"hospital": bucket.url, "clinic": str(home / "drop" / "clinic")}
    receiver = make_receiver(home, storage=dead, locate=lambda _, site: areas[site.name])
    outcomes = receive_sites(receiver, [HOSPITAL, clinic])
    assert [(o.site, o.state) for o in outcomes] == [
        ("hospital", "unreachable"),
        ("clinic", "current"),
    ]
    assert get_accepted(home, "hospital") == before
    assert receive_site(make_receiver(home, bucket), HOSPITAL)[-1].state == "current"


def test_a_bucket_that_dies_in_the_middle_of_a_copy(tmp_path: Path) -> None:
    """The server is killed while it sends; the folder is taken when it is back."""
    home = make_home(tmp_path)
    with run_seaweedfs(tmp_path / "weed") as server:
        bucket = new_bucket(server)
        put_declared(bucket, today(1), 1)
        receive_site(make_receiver(home, bucket), HOSPITAL)
        before = get_accepted(home, "hospital")
        files = {"person.csv": persons_csv(1, 2), "death.csv": os.urandom(30_000_000)}
        put(bucket, today(2), files | {DECLARATION: declaration(files)})

        def die_when_it_flows(name: str, done: int, size: int) -> None:
            if 0 < done < size:
                server.process.kill()
                server.process.wait()

        receiver = make_receiver(home, bucket, progress=die_when_it_flows)
        outcomes = receive_site(receiver, HOSPITAL)
    assert history_of(home, today(2)).state == "failed"
    assert any("does not answer" in outcome.said for outcome in outcomes)
    assert get_accepted(home, "hospital") == before
    assert [p.name for p in (home / "landing").rglob(".*")] == []


def test_a_bucket_we_may_only_read_is_received_from(seaweedfs: ObjectStore, home: Path) -> None:
    """The receipt cannot be written, which costs nothing else."""
    bucket = new_bucket(seaweedfs)
    put_declared(bucket, today(), 1)
    reader = Location.of(bucket.url, seaweedfs.settings(READER_KEY, READER_SECRET))
    (outcome,) = receive_site(make_receiver(home, reader), HOSPITAL)
    assert outcome.state == "current"
    announced = history_of(home, today()).last("announced")
    assert announced is not None
    assert announced.details["receipt"] is False


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only an administrator can mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk but for some bytes."""
    status = os.statvfs(disk)
    file = disk / "filler"
    file.write_bytes(b"\0" * (status.f_bavail * status.f_frsize - leave))
    return file


LEFT_FREE = {
    "nothing": lambda size: 0,
    "room for some events": lambda size: 20_000,
    "room for half of the copy": lambda size: size // 2,
    "room for the copy alone": lambda size: size + 20_000,
}


@pytest.mark.parametrize("left", LEFT_FREE)
def test_a_full_disk_leaves_the_previous_current(
    small_disk: Path, tmp_path: Path, left: str
) -> None:
    home = make_home(small_disk)
    drop = Location.of(tmp_path / "drop")
    put_declared(drop, today(1), 1)
    receiver = make_receiver(home, drop)
    receive_site(receiver, HOSPITAL)
    before = get_accepted(home, "hospital")
    assert before is not None
    put_declared(drop, today(2), *range(1, 20_000))
    filler = fill(small_disk, LEFT_FREE[left](len(persons_csv(*range(1, 20_000)))))
    outcomes = receive_site(receiver, HOSPITAL)
    assert [o.state for o in outcomes] == ["failed"]
    assert "room" in outcomes[0].said or "space" in outcomes[0].said
    assert get_accepted(home, "hospital") == before
    assert [s.id for s in list_submissions(home)] == [before.id]
    events = list((home / "history").rglob("*.json"))
    receive_site(receiver, HOSPITAL)
    receive_site(receiver, HOSPITAL)
    if left != "room for the copy alone":
        assert list((home / "history").rglob("*.json")) == events
    assert list((home / "landing").rglob(".receiving-*")) == []
    filler.unlink()
    assert receive_site(receiver, HOSPITAL)[-1].state == "current"
    current = get_accepted(home, "hospital")
    assert current is not None
    assert current.rows == 19_999


LIMITS = {
    "nothing": lambda size: 0,
    "room for half of an event": lambda size: 100,
    "room for half of the copy": lambda size: size // 2,
    "room for all but a line of the copy": lambda size: size - 10,
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_disk_that_takes_no_more_leaves_the_previous_current(tmp_path: Path, limit: str) -> None:
    """For anybody, not for administrators alone: a process whose files may not grow any further
    meets the same refusal of the system in the middle of a write.
    """
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1), 1)
    assert receive_with_limit(home, resource.RLIM_INFINITY) == ["current"]
    before = get_accepted(home, "hospital")
    put_declared(drop, today(2), *range(1, 20_000))
    most = LIMITS[limit](len(persons_csv(*range(1, 20_000))))
    for _ in range(2):
        assert receive_with_limit(home, most) in ([], ["failed"])
        assert get_accepted(home, "hospital") == before
        assert [s.id for s in list_submissions(home)] == [before.id if before else ""]
        assert list((home / "landing").rglob(".receiving-*")) == []
    assert receive_with_limit(home, resource.RLIM_INFINITY)[-1] == "current"
    current = get_accepted(home, "hospital")
    assert current is not None
    assert current.rows == 19_999


def receive_with_limit(home: Path, most: int) -> list[str]:
    """States told by a round of which no file may grow beyond so many bytes."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, "receive", "--json"],
        env=os.environ | SETTINGS_OF_RUN | {"PYTHONPATH": SOURCE, "COMMONWEAL_HOME": str(home)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    outcomes = json.loads(done.stdout)
    assert (done.returncode == 2) == any(o["state"] == "failed" for o in outcomes)
    assert all(o["said"] for o in outcomes if o["state"] == "failed")
    return [outcome["state"] for outcome in outcomes]


def test_the_journey_on_the_command_line(run: Run, seaweedfs: ObjectStore, tmp_path: Path) -> None:
    bucket = new_bucket(seaweedfs)
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "commonweal.toml").write_text(
        f'[storage]\nendpoint = "{seaweedfs.endpoint}"\n'
        'access_key_file = "key"\nsecret_key_file = "secret"\n'
    )
    assert "No site is registered" in run("receive").stderr
    make_home(tmp_path, replace(HOSPITAL, drop_url=bucket.url))
    assert "nothing new" in run("receive").stdout
    put(bucket, today(1), {"person.csv": persons_csv(1, 2)})
    put(bucket, "March", {"person.csv": persons_csv(1)})
    told = run("receive", "--json")
    assert told.returncode == 0, told.stderr
    assert {o["folder"]: o["state"] for o in json.loads(told.stdout)} == {
        "March": "misnamed",
        today(1): "uploading",
    }
    waiting = json.loads(run("submissions", "--state", "uploading", "--json").stdout)
    assert [entry["id"] for entry in waiting] == [f"hospital/{today(1)}"]
    put(bucket, today(1), {DECLARATION: declaration()})
    assert today(1) in run("receive").stdout
    put_declared(bucket, today(2), 2, 3)
    run("receive")
    current, _ = reversed(
        json.loads(run("submissions", "--purpose", "production", "--json").stdout)
    )
    assert (current["state"], current["history"]) == ("current", today(2))
    compared = json.loads(run("submissions", "compare", current["id"], "--json").stdout)
    assert compared["persons"] == {"before": 2, "after": 2, "lost": 1, "gained": 1}
    assert run("submissions", "compare", current["id"], "--ids", "ids.csv").returncode == 0
    assert (tmp_path / "ids.csv").read_text().split() == ["person_id,change", "1,lost", "3,gained"]
    landed = get_accepted(tmp_path / "home", "hospital")
    assert landed is not None
    measured = find_metrics(landed)
    assert measured is not None
    assert "Metrics" in (landed.folder / "report.html").read_text()
    assert "Report 2" in run("submissions", "rerun", current["id"]).stdout
    measured = json.loads(run("submissions", "metrics", current["id"], "--json").stdout)
    assert {value["metric"] for value in measured["values"]} >= {"gc_1_standard", "duplicates"}
    shown = json.loads(run("submissions", "show", f"hospital/{today(2)}", "--json").stdout)
    assert (shown["id"], shown["reports"]) == (current["id"], ["report.json", "report-2.json"])
    events = json.loads(run("submissions", "history", current["id"], "--json").stdout)
    assert [event["event"] for event in events][-3:] == ["made_current", "announced", "rerun"]
    excluded = run("submissions", "exclude", current["id"], "--reason", "units")
    assert "is excluded" in excluded.stdout
    assert get_accepted(tmp_path / "home", "hospital") is None
    assert "is current" in run("submissions", "include", current["id"], "--reason", "ok").stdout


def test_an_erasure_on_the_command_line(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(), 1, 2)
    run("receive")
    (submission,) = list_submissions(home)
    (tmp_path / "list.txt").write_text("2\n")
    erase = ["submissions", "retract", submission.id, "--reason", "withdrawal"]
    assert "not said what to erase" in run(*erase).stderr
    dry = json.loads(run(*erase, "--persons", "list.txt", "--dry-run", "--json").stdout)
    assert dry["submissions"][0]["files"] == [
        {"name": "person.csv", "rows": 2, "removed": 1, "whole": False, "doubtful": 0}
    ]
    assert dry["drop_area"] == [
        {"where": "the drop area", "folder": today(), "files": 4, "stays": None}
    ]
    assert "add --yes" in run(*erase, "--persons", "list.txt").stderr
    assert list_submissions(home) == [submission]
    done = run(*erase, "--persons", "list.txt", "--yes", "--by", "curator", "--json")
    (certificate,) = json.loads(done.stdout)
    assert (certificate["ordered_by"], certificate["rows"]) == ("curator", 1)
    (new,) = list_submissions(home)
    assert new.id == certificate["replacement"]
    assert run("submissions", "show", submission.id).stdout.startswith(new.id)
    gone = run("submissions", "retract", new.id, "--reason", "in error", "--all", "--yes")
    assert "Certificate: " in gone.stdout
    (entry,) = json.loads(run("submissions", "--json").stdout)
    assert (entry["state"], entry["verdict"]) == ("retracted", None)
    assert "nothing of it is in the landing area" in run("submissions", "rerun", new.id).stderr


def test_an_erasure_from_all_that_a_site_sent(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    for version, persons in enumerate([(1, 2), (1, 3), (1, 2, 3)], start=1):
        put_declared(drop, today(version), *persons)
        run("receive")
    (tmp_path / "list.txt").write_text("2\n")
    current = get_accepted(home, "hospital")
    assert current is not None
    erase = ["submissions", "retract", current.id, "--persons", "list.txt", "--reason", "x"]
    narrow = json.loads(run(*erase, "--only-this", "--dry-run", "--json").stdout)
    assert [plan["submission"] for plan in narrow["submissions"]] == [current.id]
    assert any("which holds 1 of these persons" in left for left in narrow["not_covered"])
    dry = json.loads(run(*erase, "--dry-run", "--json").stdout)
    assert [plan["files"][0]["removed"] for plan in dry["submissions"]] == [1, 1]
    assert [copy["folder"] for copy in dry["drop_area"]] == [today(1), today(3)]
    shown = run(*erase, "--dry-run").stdout
    assert shown.count("Would go from") == 2
    assert f"In the drop area, {today(1)}: 4 files would go." in shown
    done = json.loads(run(*erase, "--yes", "--json").stdout)
    assert [certificate["rows"] for certificate in done] == [1, 1]
    assert [s.rows for s in list_submissions(home)] == [1, 2, 2]
    left = [p.read_bytes() for p in home.rglob("person.csv")]
    assert len(left) == 4
    assert not any(b"\n2," in content for content in left)
    put_declared(drop, today(4), 1, 2, 3)
    assert "current" in run("receive").stdout
    assert "1 person whose records were retracted" in (
        (list_submissions(home)[-1].folder / "report.html").read_text()
    )


def test_what_is_kept_is_verified(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    put_declared(Location.of(home / "drop" / "hospital"), today(), 1, purpose="test")
    run("receive")
    assert "of 1 site is what was written" in run("submissions", "verify").stdout
    (submission,) = list_submissions(home)
    (submission.folder / "person.csv").write_bytes(b"other")
    step = next((home / "history" / "hospital").rglob("000002.json"))
    step.write_text(step.read_text().replace("commonweal", "nobody"))
    told = run("submissions", "verify", "--site", "hospital", "--json")
    damaged = json.loads(told.stdout)["damaged"]
    assert (told.returncode, [damage["place"] for damage in damaged]) == (
        1,
        [f"history of hospital/{today()}", submission.id],
    )
    assert "Event 2 is missing, was changed" in damaged[0]["said"]
    assert run("submissions", "verify").stdout.count("\n") == 2
    assert run("submissions", "verify", "--site", "nowhere").returncode == 2
    (home / "registry" / "events" / "hospital" / "000001.json").write_text("{}")
    told = run("submissions", "verify", "--site", "hospital")
    assert (told.returncode, "The registry of hospital is not whole" in told.stdout) == (1, True)


def test_an_undeclared_folder_is_declared_by_the_data_centre(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    put(drop, today(), {"person.csv": persons_csv(1)})
    os.utime(drop.path / today() / "person.csv", (time.time() - 4 * 3600,) * 2)
    assert "never declared" in run("receive").stdout
    declared = run("submissions", "declare", f"hospital/{today()}", "--purpose", "test")
    assert declared.returncode == 0, declared.stderr
    run("receive")
    (submission,) = list_submissions(home)
    assert (submission.purpose, submission.verdict) == ("test", "accepted")


def test_a_store_that_is_away_is_told_with_an_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_home(tmp_path, replace(HOSPITAL, drop_url="s3://site/drop"))
    monkeypatch.setenv("COMMONWEAL_STORAGE__ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("COMMONWEAL_STORAGE__RETRIES", "0")
    monkeypatch.setenv("COMMONWEAL_STORAGE__ACCESS_KEY", "key-that-must-not-leak")
    monkeypatch.setenv("COMMONWEAL_STORAGE__SECRET_KEY", "secret-that-must-not-leak")
    told = run("receive")
    assert told.returncode == 2
    assert "does not answer" in told.stdout
    assert "must-not-leak" not in told.stdout + told.stderr


def test_watching_takes_what_comes_and_stops_when_asked(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    watcher = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "receive", "--watch", "1", "--json"],
        cwd=tmp_path,
        env=os.environ | SETTINGS_OF_RUN | {"PYTHONPATH": SOURCE, "COMMONWEAL_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watcher.stdout is not None
    try:
        put_declared(drop, today(1), 1)
        first = json.loads(watcher.stdout.readline())
        put_declared(drop, today(2), 1, 2)
        rest = [json.loads(watcher.stdout.readline()) for _ in range(2)]
    finally:
        watcher.send_signal(signal.SIGTERM)
        code = watcher.wait(30)
        watcher.stdout.close()
    assert (first["folder"], first["state"]) == (today(1), "current")
    assert {o["folder"]: o["state"] for o in rest} == {today(1): "superseded", today(2): "current"}
    assert code == 128 + signal.SIGTERM


def test_what_waits_says_why_where_it_is_shown(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    drop = Location.of(home / "drop" / "hospital")
    put(drop, "[red]March", {"person.csv": persons_csv(1)})
    put(drop, today(), {"person.csv": persons_csv(1), DECLARATION: b"{"})
    run("receive")
    listed = json.loads(run("submissions", "--site", "hospital", "--json").stdout)
    told = {one["state"]: run("submissions", "show", one["id"]).stdout for one in listed}
    assert "[red]March" in told["misnamed"]
    assert "not JSON" in told["held"]
    assert "upload it again" in told["held"]
    unknown = run("submissions", "--site", "hospitol")
    assert (unknown.returncode, "a registered site (hospital)" in unknown.stderr) == (2, True)


NO_AGREEMENT, NO_TEST_LOAD = "no executed information security", "test load of the site hospital"
WAY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("There is no site", ("register", "hospital", "--title", "The hospital")),
    (NO_AGREEMENT, ("isa", "hospital", "--on", "2026-01-31")),
    (NO_TEST_LOAD, ("step", "hospital", "stewards")),
    (NO_TEST_LOAD, ("drop", "hospital")),
    (NO_TEST_LOAD, ("step", "hospital", "notice")),
    (NO_TEST_LOAD, ()),
    ("not authorised to send production", ("authorise", "hospital", *Purpose)),
)
"""What is said of real production data before each step; the test load is sent where none is."""


def test_the_whole_way_to_production_and_no_step_earlier(run: Run, tmp_path: Path) -> None:
    """Neither the drop area nor the data centre's own desk takes real data before the last step."""
    home = tmp_path / "home"
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1), 1, synthetic=False)
    write_persons(tmp_path / "in", 1)
    hand_in = ["submit", tmp_path / "in", "--site", "hospital", "--purpose", "production"]
    for refusal, step in WAY:
        refused = run(*hand_in)
        assert (refused.returncode, refusal in refused.stderr) == (2, True), refused.stderr
        if list_sites(home):
            run("receive")
            held = run("submissions", "show", f"hospital/{today(1)}").stdout
            assert refusal in held
            assert history_of(home, today(1)).state == "held"
        assert all(submission.synthetic for submission in list_submissions(home))
        if step:
            assert run("sites", *step).returncode == 0
        else:
            put_declared(drop, today(2), 1, purpose="test")
            assert "accepted" in run("receive").stdout
    run("receive")
    assert history_of(home, today(1)).state == "current"
    current = get_accepted(home, "hospital")
    assert current is not None
    assert not current.synthetic


def test_a_test_handed_in_by_hand_says_that_it_is_no_test_load(run: Run, tmp_path: Path) -> None:
    home = make_home(tmp_path, Site("hospital", "The hospital"))
    open_drop_area(home, get_site(home, "hospital"))
    write_persons(tmp_path / "in", 1)
    hand_in = ["submit", tmp_path / "in", "--site", "hospital", "--purpose", "test", "--synthetic"]
    told = run(*hand_in)
    assert (told.returncode, "does not count as the test load" in told.stdout) == (0, True)
    (reason,) = json.loads(run(*hand_in, "--json").stdout)["not_counted"]
    assert "handed in at the data centre" in reason
    (landed,) = list_submissions(home)
    assert reason in " ".join(run("submissions", "show", landed.id).stdout.split())
    assert not get_site(home, "hospital").test_load


def test_a_test_load_counts_though_nobody_was_left_to_record_it(run: Run, tmp_path: Path) -> None:
    """As after a kill between the landing and the registry: the next round makes up for it."""
    home = make_home(tmp_path, Site("hospital", "The hospital"))
    open_drop_area(home, get_site(home, "hospital"))
    drop = Location.of(home / "drop" / "hospital")
    put_declared(drop, today(1), 1, purpose="test")
    receive_site(make_receiver(home), get_site(home, "hospital"))
    (home / "registry" / "events" / "hospital" / "000003.json").unlink()
    assert not get_site(home, "hospital").test_load
    history = home / "history" / "hospital" / today(1)
    announced = [f for f in history.glob("*.json") if '"announced"' in f.read_text()]
    for file in announced:
        file.unlink()
    run("receive")
    assert get_site(home, "hospital").test_load
