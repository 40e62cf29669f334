"""Uploads on the disk: what expires, what a killed server leaves, what a full disk keeps."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commonweal.engine.settings import DropSettings
from commonweal.engine.storage import hold_lock
from commonweal.hub.sites.uploads.drafts import (
    Draft,
    add_upload,
    discard_draft,
    find_draft,
    finish_draft,
    list_drafts,
    remove_expired,
    start_draft,
)
from commonweal.hub.sites.uploads.protocol import Creation, RefusedError
from commonweal.hub.sites.uploads.storage import Upload, append, complete, get_file
from commonweal.intake.drop_area import hand_over, make_area
from commonweal.intake.sites import Purpose, Site, get_site, register_site
from commonweal.schema.errors import CommonwealError

NOW = datetime.now(tz=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    register_site(tmp_path, Site("general", "General"))
    return tmp_path


@pytest.fixture
def draft(home: Path) -> Draft:
    return begin(home)


def begin(home: Path, steward: str = "1") -> Draft:
    return start_draft(
        make_area(home, get_site(home, "general")),
        steward=steward,
        purpose=Purpose.TEST,
        synthetic=True,
        dialect="programme",
        now=NOW,
    )


def create(home: Path, draft: Draft, length: int, name: str = "person.csv", **more: str) -> Upload:
    wanted = Creation(length, {"filename": name, **more})
    return add_upload(draft, wanted, settings=DropSettings(reserve=0), home=home, now=NOW)


def send(upload: Upload, content: bytes) -> None:
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(upload.offset),
        "Content-Length": str(len(content)),
    }
    append(upload, headers, [content])


def grow_old(folder: Path, days: int) -> None:
    moment = (NOW - days * DAY).timestamp()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (moment, moment))


def test_a_checksum_that_was_stated_is_verified(home: Path, draft: Draft) -> None:
    good = create(home, draft, 3, sha256=hashlib.sha256(b"abc").hexdigest().upper())
    send(good, b"abc")
    assert get_file(good).sha256 == hashlib.sha256(b"abc").hexdigest()
    bad = create(home, draft, 3, "death.csv", sha256=hashlib.sha256(b"abd").hexdigest())
    with pytest.raises(RefusedError, match="not the file") as refused:
        send(bad, b"abc")
    assert refused.value.status == 460
    assert not (draft.folder / "death.csv").exists()
    with pytest.raises(RefusedError, match="64 hex digits"):
        create(home, draft, 3, "death.csv", sha256="short")


def test_what_a_killed_server_left_is_finished(home: Path, draft: Draft) -> None:
    upload = create(home, draft, 3)
    upload.part.write_bytes(b"abc")
    assert not upload.is_whole
    complete(upload)
    assert upload.is_whole
    assert (draft.folder / "person.csv").read_bytes() == b"abc"
    # Killed between the checksum and the name.
    other = create(home, draft, 3, "death.csv")
    other.checksum_file.write_text("old", encoding="ascii")
    other.part.write_bytes(b"abc")
    folder = finish_draft(draft, {}, now=NOW)
    assert (folder / "death.csv").read_bytes() == b"abc"


def test_a_new_file_of_a_name_replaces_the_old_one(home: Path, draft: Draft) -> None:
    send(create(home, draft, 3), b"abc")
    again = create(home, draft, 2, "Person.csv")
    send(again, b"de")
    assert sorted(p.name for p in draft.folder.glob("[!.]*")) == ["Person.csv"]
    with hold_lock(again.lock), pytest.raises(RefusedError) as refused:
        create(home, draft, 1)
    assert refused.value.status == 423


def test_two_requests_never_write_one_upload(home: Path, draft: Draft) -> None:
    upload = create(home, draft, 3)
    with hold_lock(upload.lock), pytest.raises(RefusedError) as refused:
        send(upload, b"abc")
    assert refused.value.status == 423
    assert upload.offset == 0


def test_a_draft_belongs_to_one_steward(home: Path, draft: Draft) -> None:
    area = draft.folder.parent
    assert find_draft(area, steward="1", draft_id=draft.id) == draft
    assert find_draft(area, steward="2", draft_id=draft.id) is None
    assert find_draft(area, steward="1", draft_id="../general") is None
    assert [list_drafts(area, steward=name) for name in "12"] == [[draft], []]


def test_a_discarded_draft_is_gone_and_takes_nothing_more(home: Path, draft: Draft) -> None:
    upload = create(home, draft, 3)
    discard_draft(draft)
    assert list(draft.folder.parent.iterdir()) == []
    for late in (lambda: send(upload, b"abc"), lambda: create(home, draft, 1)):
        with pytest.raises(RefusedError) as refused:
            late()
        assert refused.value.status == 404


def test_a_number_that_is_taken_is_passed_over(home: Path, draft: Draft) -> None:
    area = draft.folder.parent
    (area / f"{NOW:%Y-%m-%d}-v1").mkdir()
    send(create(home, draft, 3), b"abc")
    assert finish_draft(draft, {}, now=NOW).name == f"{NOW:%Y-%m-%d}-v2"
    staged = area / ".part-x"
    staged.mkdir()
    assert hand_over(staged, area, NOW.date()).name == f"{NOW:%Y-%m-%d}-v3"


def test_an_upload_is_named_after_all_that_is_there_or_remembered(home: Path, draft: Draft) -> None:
    """It came last, so it is the latest by name as well, and is not passed over for another."""
    area = draft.folder.parent
    (area / f"{NOW:%Y-%m-%d}-v5").mkdir()
    send(create(home, draft, 3), b"abc")
    known = [f"{NOW:%Y-%m-%d}-v7", f"{NOW - DAY:%Y-%m-%d}-v80", "2999-01-01-v90", "misnamed-0"]
    assert finish_draft(draft, {}, now=NOW, known=known).name == f"{NOW:%Y-%m-%d}-v8"
    tomorrow = f"{NOW + DAY:%Y-%m-%d}"
    for taken, given in ((f"{tomorrow}-v2", "v3"), (f"{tomorrow}-v9999", "v1")):
        (area / taken).mkdir()
        (area / ".part-x").mkdir()
        assert hand_over(area / ".part-x", area, NOW.date()).name == f"{tomorrow}-{given}"


def test_only_what_nobody_went_on_with_expires(home: Path) -> None:
    old, young, handed_in = (begin(home, steward) for steward in "123")
    for draft in (old, young, handed_in):
        send(create(home, draft, 3), b"abc")
    create(home, young, 3, "death.csv")
    folder = finish_draft(handed_in, {}, now=NOW)
    (folder / ".part-note.csv").write_bytes(b"half")
    (folder / ".part-owner").write_text("anna", encoding="utf-8")
    for place in (old.folder, folder):
        grow_old(place, 8)
    gone = remove_expired(home, keep=7 * DAY, now=NOW)
    assert sorted(gone) == [
        f"general: a submission begun {NOW:%Y-%m-%d}",
        f"general: an unfinished file in {folder.name}",
    ]
    assert not old.folder.exists()
    assert young.folder.exists()
    assert sorted(p.name for p in folder.iterdir()) == [
        ".part-owner",
        "_SUBMISSION.json",
        "person.csv",
    ]
    assert remove_expired(home, keep=7 * DAY, now=NOW) == []


def test_room_is_promised_once(home: Path) -> None:
    settings = DropSettings(reserve=0, site_quota=10_000_000)

    def want(draft: Draft, length: int, name: str) -> Upload:
        wanted = Creation(length, {"filename": name})
        return add_upload(draft, wanted, settings=settings, home=home, now=NOW)

    first, second = begin(home, "1"), begin(home, "2")
    want(first, 3_000_000, "person.csv")
    with pytest.raises(RefusedError, match="may hold") as refused:
        want(second, 7_000_000, "person.csv")
    assert refused.value.status == 507
    want(second, 2_000_000, "person.csv")
    want(second, 1_000_000, "person.csv")


@pytest.mark.parametrize(
    "changes", [{"drop_url": "s3://bucket/general"}], ids=["a bucket of its own"]
)
def test_a_site_with_a_bucket_has_no_drop_here(tmp_path: Path, changes: dict[str, str]) -> None:
    register_site(tmp_path, Site("general", "General", **changes))
    with pytest.raises(CommonwealError, match="through its bucket"):
        make_area(tmp_path, get_site(tmp_path, "general"))


FILLED = """
import resource, signal, sys
from pathlib import Path
from commonweal.hub.sites.uploads.protocol import RefusedError
from commonweal.hub.sites.uploads.storage import append, get_upload
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
upload = get_upload(Path(sys.argv[1]), sys.argv[2])
headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0",
    "Content-Length": "100000"}
try:
    append(upload, headers, [b"x" * 30_000, b"x" * 30_000, b"x" * 40_000])
except RefusedError as refused:
    print(refused.status, upload.offset)
"""


def test_a_disk_that_fills_up_keeps_what_fitted(home: Path, draft: Draft) -> None:
    before = begin(home, "2")
    send(create(home, before, 3), b"abc")
    current = finish_draft(before, {}, now=NOW)
    upload = create(home, draft, 100_000)
    ended = subprocess.run(
        [sys.executable, "-c", FILLED, str(draft.folder), upload.id],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["507", "50000"]
    assert (current / "person.csv").read_bytes() == b"abc"
    send(upload, b"y" * 50_000)
    assert finish_draft(draft, {}, now=NOW).joinpath("person.csv").stat().st_size == 100_000
