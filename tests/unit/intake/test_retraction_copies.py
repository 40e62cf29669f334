"""What is erased goes from everything its site sent: older submissions, copies, and uploads."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
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
    shifted,
    today,
)
from tests.intake_folders import SETTINGS, csv_text, valid_row, write_persons

from commonweal.engine.settings import StorageSettings
from commonweal.engine.storage import Location
from commonweal.intake.check import check_folder
from commonweal.intake.drop_area import OWNER, PART
from commonweal.intake.landing import get_accepted, list_submissions, submit_folder
from commonweal.intake.lifecycle.copies import names_any
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.retract import Retraction, plan_retraction, retract
from commonweal.intake.lifecycle.tombstones import add_returned
from commonweal.intake.sites import Purpose
from commonweal.intake.submission import Submission
from commonweal.schema.errors import CommonwealError

NOW = datetime.now(tz=UTC)
DRAFT = f"{PART}{'a' * 32}"
UPLOAD = f"{PART}{'b' * 32}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


@pytest.fixture
def drop(home: Path) -> Location:
    return Location.of(home / "drop" / "hospital")


def take_in(home: Path) -> None:
    receive_site(make_receiver(home), HOSPITAL)


def erase(
    home: Path, submission: Submission, *persons: int, **options: object
) -> dict[str, object]:
    order = Retraction(submission, "asked for", "curator", frozenset(persons) or None, **options)
    return retract(home, order, now=NOW + timedelta(hours=1), engine=SETTINGS)


def hand_in(home: Path, folder: Path, purpose: Purpose, *ids: int, hours: int = 0) -> Submission:
    write_persons(folder, *ids)
    return submit_folder(
        folder,
        home=home,
        site="hospital",
        purpose=purpose,
        synthetic=True,
        now=NOW + timedelta(hours=hours),
        report=check_folder(folder, dialect="programme", settings=SETTINGS),
    )


def find_left(home: Path, person: int) -> list[str]:
    """Files of the home with a row of a person, whatever they are called."""
    start = f"\n{person},".encode()
    files = (file for file in home.rglob("*") if file.is_file())
    return sorted(f.relative_to(home).as_posix() for f in files if start in f.read_bytes())


def list_dropped(drop: Location) -> list[str]:
    return [file.name for file in drop.list_files()]


def test_a_folder_that_repeated_the_submission_goes_with_it(home: Path, drop: Location) -> None:
    for version in (1, 2):
        put_declared(drop, today(version), 1, 2)
        take_in(home)
    assert history_of(home, today(2)).state == "repeated"
    certificate = erase(home, list_submissions(home)[0], drop=drop)
    assert list_dropped(drop) == []
    assert certificate["drop_folders"] == [today(1), today(2)]
    assert certificate["drop_area"] == "6 files erased"


def test_persons_go_from_older_submissions_and_from_folders_that_were_never_read(
    home: Path, drop: Location
) -> None:
    """Of two that wait at once the later is taken, the other is superseded."""
    for waiting in ({1: (1, 9), 2: (1, 2)}, {3: (7, 8), 4: (2, 3)}, {5: (1, 2, 3)}):
        for version, persons in waiting.items():
            put_declared(drop, today(version), *persons)
        take_in(home)
    assert history_of(home, today(1)).state == "superseded"
    current = list_submissions(home)[-1]
    certificate = erase(home, current, 1, drop=drop)
    assert find_left(home, 1) == []
    assert certificate["drop_folders"] == [today(1), today(2), today(5)]
    assert {name.partition("/")[0] for name in list_dropped(drop)} == {today(3), today(4)}
    first, second, third = list_submissions(home)
    assert [s.rows for s in (first, second, third)] == [1, 2, 2]
    assert certificate["certificates"] == [third.id, first.id]
    assert get_accepted(home, "hospital") == third


def test_a_narrowed_order_says_where_the_persons_are_left(home: Path, drop: Location) -> None:
    for version, persons in ((1, (1, 2)), (2, (1, 2, 3))):
        put_declared(drop, today(version), *persons)
        take_in(home)
    older, current = list_submissions(home)
    certificate = erase(home, current, 1, 2, drop=drop, only_this=True)
    assert f"{older.id}, which holds 2 of these persons" in certificate["not_covered"]
    assert certificate["drop_folders"] == [today(2)]
    assert list_submissions(home)[0] == older


def test_uploads_in_the_middle_go_as_well(home: Path, drop: Location) -> None:
    """From a browser a whole file and half of one, and by SFTP half of one."""
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    half = persons_csv(2, 3)[:-5]
    put(drop, DRAFT, {f"{PART}draft": declaration(), UPLOAD: half, f"{UPLOAD}.json": b"{}"})
    put(drop, f"{PART}{'c' * 32}", {"person.csv": persons_csv(4)})
    put(drop, today(2), {f"{PART}person.csv": half, OWNER: b"steward"})
    put(drop, "misnamed", {"person.csv": persons_csv(2)})
    drop.write("person.csv", persons_csv(2))
    certificate = erase(home, list_submissions(home)[0], 2, drop=drop)
    assert find_left(home, 2) == []
    assert list_dropped(drop) == [f"{PART}{'c' * 32}/person.csv"]
    assert not (drop.path / DRAFT).exists()
    assert set(certificate["drop_folders"]) == {
        DRAFT, today(1), today(2), "misnamed", "person.csv",
    }  # fmt: skip


def test_an_upload_of_the_same_files_goes_with_the_whole(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    put(drop, DRAFT, {UPLOAD: persons_csv(1, 2)[:-7], f"{UPLOAD}.json": b"{}"})
    put(drop, f"{PART}{'c' * 32}", {UPLOAD: persons_csv(5)})
    erase(home, list_submissions(home)[0], drop=drop)
    assert list_dropped(drop) == [f"{PART}{'c' * 32}/{UPLOAD}"]


def test_a_folder_with_other_files_besides_stays_and_is_named(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    death = csv_text("death", [valid_row("death", person_id="1")]).encode()
    put(drop, today(2), {"person.csv": persons_csv(1, 2), "death.csv": death})
    certificate = erase(home, list_submissions(home)[0], drop=drop)
    assert len(list_dropped(drop)) == 2
    (left,) = [said for said in certificate["not_covered"] if today(2) in said]
    assert left.endswith("holds other files besides copies of these: person.csv")


def test_what_came_in_for_another_purpose_stays_and_is_named(home: Path, drop: Location) -> None:
    for version, purpose in ((1, "test"), (2, "production")):
        put_declared(drop, today(version), 1, 2, purpose=purpose)
        take_in(home)
    test, production = list_submissions(home)
    certificate = erase(home, production, drop=drop)
    assert list_submissions(home) == [test]
    assert (
        f"{today(1)} in the drop area: it came in as {test.id}, which stands"
        in (certificate["not_covered"])
    )


@pytest.mark.parametrize(
    ("content", "is_named"),
    [
        (persons_csv(2).decode().encode("utf-16"), True),
        (b"PK\x03\x04\0\0", True),
        (persons_csv(3) + b"torn,2\n", True),
        (persons_csv(3) + b"torn,4\n", False),
        (csv_text("location", [valid_row("location", location_id="2")]).encode(), False),
    ],
    ids=["utf-16", "zip", "torn and theirs", "torn and not theirs", "without persons"],
)
def test_what_may_hold_them_stays_and_is_named(
    home: Path, drop: Location, content: bytes, *, is_named: bool
) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    put(drop, "misnamed", {"any.csv": content})
    certificate = erase(home, list_submissions(home)[0], 2, drop=drop)
    assert list_dropped(drop) == ["misnamed/any.csv"]
    named = "misnamed in the drop area: may hold them, but cannot be read: any.csv"
    assert (named in certificate["not_covered"]) == is_named


def test_a_drop_area_that_is_away_is_named(home: Path, tmp_path: Path) -> None:
    sent = hand_in(home, tmp_path / "in", Purpose.PRODUCTION, 1, 2)
    storage = StorageSettings(
        endpoint="http://127.0.0.1:9", retries=0, access_key="key", secret_key="secret"
    )
    certificate = erase(home, sent, 2, drop=Location.of("s3://site/drop", storage))
    (said,) = [said for said in certificate["not_covered"] if "the drop area" in said]
    assert "does not answer" in said
    assert find_left(home, 2) == []


def test_an_emptied_folder_waits_for_files_and_is_taken_when_they_come(
    home: Path, drop: Location
) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    put(drop, today(2), {"person.csv": persons_csv(1, 2, 3)})
    receive_site(make_receiver(home, clock=shifted(timedelta(hours=4))), HOSPITAL)
    assert history_of(home, today(2)).state == "held"
    erase(home, list_submissions(home)[0], 2, drop=drop)
    assert events_of(home, today(2))[-1] == "reopened"
    put_declared(drop, today(2), 1, 3)
    take_in(home)
    assert history_of(home, today(2)).state == "current"


def test_ids_that_are_the_sites_own_are_nobody_elses(home: Path, tmp_path: Path) -> None:
    """Number 1 in the files of a sprint is not participant 1."""
    sprint = hand_in(home, tmp_path / "a", Purpose.SPRINT, 1, 2)
    sent = hand_in(home, tmp_path / "b", Purpose.PRODUCTION, 1, 2, hours=1)
    certificate = erase(home, sent, 1)
    assert list_submissions(home)[0] == sprint
    assert (
        f"{sprint.id}, which is for sprint and has ids of its own" in (certificate["not_covered"])
    )


def test_nobody_anywhere_and_nothing_changes(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    put(drop, today(2), {"person.csv": persons_csv(77)})
    (sent,) = list_submissions(home)
    before = sorted(path for path in home.rglob("*"))
    with pytest.raises(CommonwealError, match=f"the folder {today(2)} of the drop area"):
        erase(home, sent, 77, drop=drop)
    assert sorted(path for path in home.rglob("*")) == before


def test_a_plan_changes_nothing(home: Path, drop: Location) -> None:
    for version in (1, 2):
        put_declared(drop, today(version), 1, version + 1)
        take_in(home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    sent = list_submissions(home)[-1]
    order = Retraction(sent, "asked for", "me", frozenset({1}), drop)
    plan = plan_retraction(home, order)
    assert [erased.removed for _, erased in plan.erasures if erased] == [1, 1]
    assert [copy.name for copy in plan.copies] == [today(1), today(2)]
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_interrupted_between_two_submissions_the_same_order_finishes_both(
    home: Path, drop: Location
) -> None:
    for version, persons in ((1, (1, 2)), (2, (1, 2, 3))):
        put_declared(drop, today(version), *persons)
        take_in(home)
    older, current = list_submissions(home)
    blocked = older.folder.with_name(f"{older.id}-r1")
    blocked.touch()
    with pytest.raises(FileExistsError):
        erase(home, current, 2, drop=drop)
    blocked.unlink()
    assert find_left(home, 2) == [f"landing/hospital/{older.id}/person.csv"]
    erase(home, current, 2, drop=drop)
    assert find_left(home, 2) == []
    assert [s.replaces for s in list_submissions(home)] == [older.id, current.id]
    again = erase(home, current, 2, drop=drop)
    assert again["replacement"] == f"{current.id}-r1"


def test_who_comes_again_is_warned_of_and_stands_on_no_list(home: Path, tmp_path: Path) -> None:
    person, other = 987654321, 123456789
    sent = hand_in(home, tmp_path / "a", Purpose.PRODUCTION, person, other)
    certificate = erase(home, sent, person)
    assert "consent.retracted" in str(certificate["follow_up"])
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(str(person).encode() in content for content in kept)
    clean = hand_in(home, tmp_path / "b", Purpose.PRODUCTION, other, hours=2)
    assert warned_of(clean) == []
    again = hand_in(home, tmp_path / "a", Purpose.PRODUCTION, person, other, hours=3)
    assert warned_of(again) == [1]
    assert "1 person whose records were retracted" in (again.folder / "report.html").read_text()
    assert again.is_accepted
    assert again.id not in (sent.id, f"{sent.id}-r1")
    assert get_accepted(home, "hospital") == again


def test_the_warning_is_given_once_however_often_it_is_asked_for(
    home: Path, tmp_path: Path
) -> None:
    erase(home, hand_in(home, tmp_path / "a", Purpose.PRODUCTION, 1, 2), 1)
    report = check_folder(tmp_path / "a", dialect="programme", settings=SETTINGS)
    for _ in range(2):
        report = add_returned(
            report, tmp_path / "a", home=home, site="hospital", purpose=Purpose.TEST
        )
    assert [f.count for f in report.findings if f.code == "consent.retracted"] == [1]


def test_files_with_ids_of_the_sites_own_are_not_taken_for_them(home: Path, tmp_path: Path) -> None:
    erase(home, hand_in(home, tmp_path / "a", Purpose.PRODUCTION, 1, 2), 1)
    assert warned_of(hand_in(home, tmp_path / "b", Purpose.SPRINT, 1, hours=2)) == []


def test_without_the_key_nothing_is_taken_in_by_mistake(home: Path, tmp_path: Path) -> None:
    sent = hand_in(home, tmp_path / "a", Purpose.PRODUCTION, 1, 2)
    erase(home, sent, 1)
    key = home / "keys" / "retracted-persons.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    with pytest.raises(CommonwealError, match="nobody can say who was retracted"):
        hand_in(home, tmp_path / "b", Purpose.PRODUCTION, 1, hours=2)


def warned_of(submission: Submission) -> list[int]:
    report = json.loads((submission.folder / "report.json").read_bytes())
    return [f["count"] for f in report["findings"] if f["code"] == "consent.retracted"]


def test_the_declaration_of_a_folder_says_whose_ids_it_holds(home: Path, drop: Location) -> None:
    put_declared(drop, today(1), 1, 2)
    take_in(home)
    put(drop, "for the sprint", {"person.csv": persons_csv(1)})
    drop.write(f"for the sprint/{DECLARATION}", declaration(purpose="sprint"))
    erase(home, list_submissions(home)[0], 1, drop=drop)
    assert len(list_dropped(drop)) == 2


CR_ONLY = b"person_id,gender_concept_id\r4711001,8507\r"
QUOTED_CR = b'"person_id","gender_concept_id"\r"4711001","8507"\r'


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("person.csv", b"person_id,gender_concept_id\n4711001,8507\n", True),
        ("person.csv", b"person_id,gender_concept_id\n4711002,8507\n", False),
        ("person.csv", CR_ONLY, None),
        ("person.csv", QUOTED_CR, None),
        ("person.csv", b"person_id,gender_concept_id\r4711001,8507\n4711002,8507\n", None),
        ("person.csv", b"personid,gender_concept_id\n4711001,8507\n", None),
        ("person.csv", b"person_id,gender_concept_id\n4.711001E+06,8507\n", None),
        ("person.csv", b'person_id,gender_concept_id\n"4,711,001",8507\n', None),
        ("person.csv.gz", gzip.compress(CR_ONLY), None),
        ("person.csv", "person_id\n4711001\n".encode("utf-16"), None),
        ("care_site.csv", b"care_site_id,care_site_name\n4711001,Ward\n", False),
        ("ward.csv", b"ward_id,ward_name\n4711001,Ward\n", None),
    ],
)
def test_a_file_that_may_hold_a_person_is_never_called_free_of_them(
    tmp_path: Path, name: str, content: bytes, *, found: bool | None
) -> None:
    """True where it surely does, None where nobody can tell: such a folder is named."""
    (tmp_path / name).write_bytes(content)
    assert names_any(tmp_path / name, {"4711001"}) is found


@pytest.mark.parametrize("content", [CR_ONLY, QUOTED_CR])
def test_a_landed_file_of_one_record_goes_whole_where_the_person_is(
    home: Path, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "person.csv").write_bytes(content)
    report = check_folder(folder, dialect="programme", settings=SETTINGS)
    sent = submit_folder(
        folder,
        home=home,
        site="hospital",
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=NOW,
        report=report,
    )
    erase(home, sent, 4711001)
    assert b"4711001" not in b"".join(
        file.read_bytes() for file in (home / "landing").rglob("*.csv")
    )
