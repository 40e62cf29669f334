"""Erasing persons, and whole submissions: everything of theirs, nothing of others."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drop_areas import (
    HOSPITAL,
    declaration,
    events_of,
    history_of,
    make_home,
    make_receiver,
    put,
    today,
)
from tests.intake_folders import SETTINGS, csv_text, valid_row

from commonweal.engine.storage import Location
from commonweal.intake.check import check_folder
from commonweal.intake.landing import (
    Submission,
    get_accepted,
    list_submissions,
    read_report,
    submit_folder,
    verify_submission,
)
from commonweal.intake.lifecycle import erase as eraser
from commonweal.intake.lifecycle import records
from commonweal.intake.lifecycle.current import list_switches
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.erase import Eraser, ErasurePlan
from commonweal.intake.lifecycle.lookup import get_entry
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.records import find_numbers_in, read_records
from commonweal.intake.lifecycle.retract import (
    Retraction,
    read_person_list,
    retract,
)
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MARK = "withdrawn-person"
"""Stands in every row of person 2, so that any that is left can be seen."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def everything() -> dict[str, bytes]:
    """Two persons in files of many kinds; what is of the second carries the mark."""

    def rows(table: str, key: str, **other: str) -> list[dict[str, str]]:
        return [
            valid_row(table, **{key: str(10 + person), "person_id": str(person)}, **cells)
            for person in (1, 2)
            for cells in [{name: cell if person == 1 else MARK for name, cell in other.items()}]
        ]

    notes = [
        {**valid_row("note", note_id=str(10 + p)), "person_id": p, "note_title": title}
        for p, title in ((1, "visit"), (2, MARK))
    ]
    visits = rows("visit_occurrence", "visit_occurrence_id", visit_source_value='two\n"lines"')
    details = [
        row | {"visit_occurrence_id": str(10 + person)}
        for person, row in enumerate(
            rows("visit_detail", "visit_detail_id", visit_detail_source_value="x"), start=1
        )
    ]
    locations = [
        valid_row("location", location_id="1", city="of the first"),
        valid_row("location", location_id="2", city=MARK),
        valid_row("location", location_id="3", city="of both"),
    ]
    addresses = [
        {"person_id": person, "location_id": location}
        for person, location in (("1", "1"), ("1", "3"), ("2", "2"), ("2", "3"))
    ]
    facts = [
        ("56", "1", "56", "3"),
        ("56", "2", "56", "1"),
        ("8", "12", "8", "11"),
        ("8", "11", "8", "11"),
        ("19", "12", "19", "11"),
    ]
    names = ("domain_concept_id_1", "fact_id_1", "domain_concept_id_2", "fact_id_2")
    links = [
        dict(zip(names, fact, strict=True)) | {"relationship_concept_id": "1"} for fact in facts
    ]
    return {
        "person.csv": csv_text(
            "person", rows("person", "care_site_id", person_source_value="one"), line_end="\r\n"
        ).encode(),
        "visit_occurrence.csv": csv_text("visit_occurrence", visits).encode(),
        "visit_detail.csv": csv_text("visit_detail", details).encode(),
        "note.jsonl": "".join(json.dumps(note) + "\n" for note in notes).encode(),
        "location.csv": csv_text("location", locations).encode(),
        "pii_address.csv": csv_text("pii_address", addresses).encode(),
        "fact_relationship.csv": csv_text("fact_relationship", links).encode(),
    }


def hand_in(folder: Path, home: Path, files: dict[str, bytes], **options: object) -> Submission:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    values: dict[str, object] = {"purpose": Purpose.PRODUCTION, "now": NOW} | options
    return submit_folder(
        folder,
        home=home,
        site="hospital",
        synthetic=True,
        report=check_folder(folder, dialect="programme", settings=SETTINGS),
        **values,
    )


def plan_for(submission: Submission, *persons: int) -> ErasurePlan:
    """What would go from the submission itself."""
    return Eraser(submission, frozenset(persons)).plan()


def erase(
    home: Path, submission: Submission, *persons: int, **options: object
) -> dict[str, object]:
    chosen = frozenset(persons) if persons else None
    order = Retraction(submission, "asked for", "curator", chosen, **options)
    return retract(home, order, now=NOW + timedelta(days=1), engine=SETTINGS)


def test_all_of_a_person_goes_and_nothing_of_others(tmp_path: Path, home: Path) -> None:
    files = everything()
    old = hand_in(tmp_path / "in", home, files)
    assert old.is_accepted, [f.code for f in read_report(old).all_findings]
    certificate = erase(home, old, 2, 99)
    (new,) = list_submissions(home)
    assert not old.folder.exists()
    assert (new.id, new.key, new.received_at) == (f"{old.id}-r1", old.key, old.received_at)
    assert get_accepted(home, "hospital") == new
    assert verify_submission(new) == []
    kept = {name: (new.folder / name).read_bytes() for name in files}
    assert not any(MARK.encode() in content for content in kept.values())
    lines = {name: content.splitlines(keepends=True) for name, content in files.items()}
    assert kept["person.csv"] == b"".join(lines["person.csv"][:2])
    assert kept["note.jsonl"] == lines["note.jsonl"][0]
    assert kept["visit_occurrence.csv"] == b"".join(lines["visit_occurrence.csv"][:3])
    assert kept["location.csv"] == b"".join(lines["location.csv"][i] for i in (0, 1, 3))
    assert kept["pii_address.csv"] == b"".join(lines["pii_address.csv"][:3])
    assert kept["fact_relationship.csv"] == b"".join(
        lines["fact_relationship.csv"][i] for i in (0, 1, 4, 5)
    )
    assert (certificate["persons"], certificate["persons_found"]) == (2, 1)
    assert certificate["rows"] == sum(certificate["removed"].values()) == 9
    assert {f["name"] for f in certificate["after"]} == set(files)


def test_no_paper_that_is_left_names_the_person_or_a_value(tmp_path: Path, home: Path) -> None:
    row = valid_row("person", person_id="987654321", person_source_value=MARK)
    other = valid_row("person", person_id="1")
    old = hand_in(tmp_path / "in", home, {"person.csv": csv_text("person", [other, row]).encode()})
    erase(home, old, 987654321)
    left = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(MARK.encode() in content or b"987654321" in content for content in left)


def test_history_says_what_happened_and_the_pointer_moved_once(tmp_path: Path, home: Path) -> None:
    old = hand_in(tmp_path / "in", home, everything())
    certificate = erase(home, old, 2)
    assert events_of(home, old.key) == [
        "handed_in", "accepted", "made_current", "retraction_begun", "persons_retracted",
    ]  # fmt: skip
    assert history_of(home, old.key).state == "current"
    assert [s.submission for s in list_switches(home, "hospital")] == [old.id, f"{old.id}-r1"]
    again = erase(home, list_submissions(home)[0], 1)
    assert (certificate["replacement"], again["replacement"]) == (f"{old.id}-r1", f"{old.id}-r2")
    assert history_of(home, old.key).submission == f"{old.id}-r2"


def test_an_old_submission_stays_old(tmp_path: Path, home: Path) -> None:
    """Persons are erased from what came before as well; what is current does not change."""
    old = hand_in(tmp_path / "a", home, everything())
    person = csv_text("person", [valid_row("person", person_id="1")]).encode()
    newer = hand_in(tmp_path / "b", home, {"person.csv": person}, now=NOW + timedelta(hours=1))
    erase(home, old, 2)
    assert get_accepted(home, "hospital") == newer
    assert [s.id for s in list_submissions(home)] == [f"{old.id}-r1", newer.id]
    assert history_of(home, old.key).state == "superseded"


def test_the_whole_goes_and_the_one_before_is_current_again(tmp_path: Path, home: Path) -> None:
    person = csv_text("person", [valid_row("person", person_id="1")]).encode()
    before = hand_in(tmp_path / "a", home, {"person.csv": person})
    latest = hand_in(tmp_path / "b", home, everything(), now=NOW + timedelta(hours=1))
    certificate = erase(home, latest)
    assert get_accepted(home, "hospital") == before
    assert list_submissions(home) == [before]
    assert (history_of(home, latest.key).state, history_of(home, before.key).state) == (
        "retracted",
        "current",
    )
    assert (certificate["replacement"], certificate["after"]) == (None, [])
    assert {f["sha256"] for f in certificate["before"]} == {f.sha256 for f in latest.files}
    erase(home, before)
    assert get_accepted(home, "hospital") is None
    same = hand_in(tmp_path / "c", home, {"person.csv": person})
    assert same.id != before.id
    assert get_accepted(home, "hospital") == same


def test_a_rejected_file_goes_whole(tmp_path: Path, home: Path) -> None:
    """Nobody can say whose its records are."""
    files = everything() | {"death.csv": b'"person_id"\n"2\n'}
    old = hand_in(tmp_path / "in", home, files)
    assert not old.is_accepted
    plan = plan_for(old, 2)
    assert [file.name for file in plan.files if file.is_whole] == ["death.csv"]
    certificate = erase(home, old, 2)
    (new,) = list_submissions(home)
    assert certificate["files_removed_whole"] == ["death.csv"]
    assert not (new.folder / "death.csv").exists()
    assert (new.verdict, history_of(home, old.key).state) == ("rejected", "rejected")


def test_an_erasure_ends_after_it_was_ordered_even_by_a_clock_that_is_behind(
    tmp_path: Path, home: Path
) -> None:
    old = hand_in(tmp_path / "in", home, everything(), now=NOW + timedelta(days=2))
    certificate = erase(home, old, 2)
    assert certificate["ordered_at"] <= certificate["finished_at"]
    assert certificate["ordered_at"] == history_of(home, old.key).events[-2].at.isoformat()


def test_of_a_faulty_file_that_can_be_read_the_rows_go_one_by_one(
    tmp_path: Path, home: Path
) -> None:
    """A wrong cell, and a row that nobody can assign: the others stay."""
    rows = [valid_row("death", person_id=str(person)) for person in (1, 2, 3)]
    rows[2]["death_date"] = "no day"
    content = csv_text("death", rows).encode()
    old = hand_in(tmp_path / "in", home, {"death.csv": content + b"torn,row\n"})
    assert not old.is_accepted
    (planned,) = plan_for(old, 2).files
    assert (planned.is_whole, planned.removed, planned.doubtful) == (False, 2, 1)
    certificate = erase(home, old, 2)
    (new,) = list_submissions(home)
    lines = content.splitlines(keepends=True)
    assert (new.folder / "death.csv").read_bytes() == b"".join((*lines[:2], lines[3]))
    assert certificate["files_removed_whole"] == []
    assert certificate["removed_in_doubt"] == {"death.csv": 1}
    assert (new.verdict, new.rows) == ("rejected", 2)


def test_who_stands_only_in_a_torn_row_is_found_there(tmp_path: Path, home: Path) -> None:
    content = csv_text("death", [valid_row("death", person_id="1")]).encode()
    old = hand_in(tmp_path / "in", home, {"death.csv": content + b"0077,torn\n"})
    erase(home, old, 77)
    (new,) = list_submissions(home)
    assert (new.folder / "death.csv").read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [b'"person_id"\n"2\n', csv_text("death", [valid_row("death", person_id="1")]).encode("utf-16")],
    ids=["open quote", "utf-16"],
)
def test_a_file_whose_rows_cannot_be_told_apart_stays_when_nobody_is_there(
    tmp_path: Path, home: Path, content: bytes
) -> None:
    old = hand_in(tmp_path / "in", home, everything() | {"death.csv": content})
    plan = plan_for(old, 777)
    assert (plan.found, plan.removed, plan.unreadable) == (0, 0, ("death.csv",))
    with pytest.raises(CommonwealError, match=r"death\.csv cannot be read"):
        erase(home, old, 777)
    assert list_submissions(home) == [old]


def test_nothing_goes_from_a_rejected_submission_without_the_persons(
    tmp_path: Path, home: Path
) -> None:
    content = csv_text("death", [valid_row("death", person_id="1")]).encode() + b"torn,row\n"
    old = hand_in(tmp_path / "in", home, {"death.csv": content})
    plan = plan_for(old, 999)
    assert (plan.found, plan.removed, plan.unreadable) == (0, 0, ())


def test_two_rows_that_stray_quotes_have_joined_are_nobodys(tmp_path: Path, home: Path) -> None:
    """By its first cell it would be the first one's; the second one's row is inside."""
    joined = b'1,x,"a"x"\n2,x,"b\n'
    path = tmp_path / "death.csv"
    path.write_bytes(b"person_id,death_date,cause\n" + joined)
    (record,) = read_records(path, ["person_id"])
    assert not record.is_whole


def test_a_file_with_a_record_that_is_cut_goes_whole(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows the cut looks like a record of somebody."""
    rows = [valid_row("death", person_id="1"), valid_row("death", person_id="2")]
    content = csv_text("death", rows).encode() + b'1,"' + b"x" * 2000 + b'\n3,y",\n'
    old = hand_in(tmp_path / "in", home, everything() | {"death.csv": content})
    for module in (records, eraser):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", 1000)
    whole = [file.name for file in plan_for(old, 2).files if file.is_whole]
    assert whole == ["death.csv"]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 300)), st.integers(0, 300), st.integers(1, 8))
def test_a_number_is_found_wherever_a_piece_of_the_file_ends(
    numbers: list[int], wanted: int, size: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "CHUNK_BYTES", size)
        file = Path(folder) / "any"
        file.write_text(" x".join(f"{number:04}" for number in numbers))
        found = find_numbers_in(file, {str(wanted).encode()})
    assert bool(found) == (wanted in numbers)


def test_the_folder_in_the_drop_area_and_what_was_derived_go_as_well(home: Path) -> None:
    drop = Location.of(home / "drop" / "hospital")
    files = everything()
    put(drop, today(), files | {DECLARATION: declaration(files)})
    receive_site(make_receiver(home), HOSPITAL)
    (home / "stages" / "landed").mkdir(parents=True)
    (submission,) = list_submissions(home)
    certificate = erase(home, submission, 2, drop=drop, list_derived=lambda _: [home / "stages"])
    assert [f.name for f in drop.list_files()] == []
    assert not (home / "stages").exists()
    assert certificate["drop_area"] == "10 files erased"
    assert receive_site(make_receiver(home), HOSPITAL) == []


def test_an_interrupted_erasure_is_seen_and_finished(tmp_path: Path, home: Path) -> None:
    """The new folder cannot be made: nothing is lost, and the order is not forgotten."""
    old = hand_in(tmp_path / "in", home, everything())
    blocked = old.folder.with_name(f"{old.id}-r1")
    blocked.touch()
    with pytest.raises(FileExistsError):
        erase(home, old, 2)
    blocked.unlink()
    assert get_accepted(home, "hospital") == old
    assert get_entry(home, old.id).has_open_erasure
    certificate = erase(home, old, 2)
    assert not get_entry(home, old.id).has_open_erasure
    assert (certificate["rows"], len(list_submissions(home))) == (9, 1)


def test_nobody_of_the_list_is_there(tmp_path: Path, home: Path) -> None:
    old = hand_in(tmp_path / "in", home, everything())
    with pytest.raises(CommonwealError, match=r"No row of .* these 1 persons"):
        erase(home, old, 77)
    assert list_submissions(home) == [old]


def test_persons_of_another_site_are_not_touched(tmp_path: Path, home: Path) -> None:
    register_site(home, Site("clinic", "The clinic"))
    old = hand_in(tmp_path / "in", home, everything())
    other = submit_folder(
        tmp_path / "in",
        home=home,
        site="clinic",
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=NOW,
        report=check_folder(tmp_path / "in", dialect="programme", settings=SETTINGS),
    )
    erase(home, old)
    assert list_submissions(home) == [other]
    assert get_accepted(home, "clinic") == other


@pytest.mark.parametrize(
    ("text", "said"),
    [("person_id\n1\nx2\n", "Line 3 of"), ("\n", "names no person"), ("1;2\n", "Line 1 of")],
)
def test_a_list_that_is_none_is_told_without_its_values(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(CommonwealError, match=said) as caught:
        read_person_list(tmp_path / "list.txt")
    assert "x2" not in str(caught.value)


def test_a_list_may_have_a_heading_and_quotes(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b'\xef\xbb\xbf"person_id"\r\n"1"\r\n\r\n2\r\n')
    assert read_person_list(tmp_path / "list.csv") == {1, 2}
