"""What a site is told at intake: which rows are about whom it may not send, line by line."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.intake_folders import check, valid_row, write_persons, write_table
from tests.matching_frames import contacts_of

from commonweal.intake.findings import Finding
from commonweal.intake.landing import submit_folder
from commonweal.intake.matching.eligible import Barrier
from commonweal.intake.matching.matched import (
    Matched,
    ProgrammeSide,
    match_sent,
    write_matched,
)
from commonweal.intake.matching.sent import open_folder, open_submission
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.schema.errors import CommonwealError

NAMES = {"first_name": "Ann", "last_name": "Smith", "birth_date": "2020-01-31"}
WITHDRAWN, STRANGER, GOOD, OTHER = 7_000_002, 7_000_003, 7_000_001, 7_000_004


def side(**barriers: str | None) -> ProgrammeSide:
    """GOOD, OTHER and WITHDRAWN as the programme knows them."""
    standing = [
        (GOOD, "prairie", None),
        (WITHDRAWN, "prairie", Barrier.WITHDRAWN.value),
        (OTHER, "prairie", barriers.get("other")),
    ]
    schema = {"participant_id": pl.Int64, "site": pl.String, "barrier": pl.String}
    contacts = contacts_of(*({"person_id": row[0]} | NAMES for row in standing))
    return ProgrammeSide(pl.DataFrame(standing, schema=schema, orient="row"), contacts)


def name_row(person: int, **cells: str) -> dict[str, str]:
    given = {"first_name": "Ann", "last_name": "Smith"} | cells
    return valid_row("pii_name", person_id=str(person), **given)


def born_row(person: int, day: str = "2020-01-31") -> dict[str, str]:
    return valid_row("person", person_id=str(person), birth_datetime=f"{day} 00:00:00")


def match_row(person: int, **cells: str) -> dict[str, str]:
    return valid_row("participant_match", person_id=str(person), **cells)


def matched_of(folder: Path, programme: ProgrammeSide | None = None) -> Matched:
    return match_sent(open_folder(folder, check(folder)), programme or side())


def findings_of(matched: Matched, code: str) -> list[Finding]:
    return [finding for finding in matched.findings if finding.code == code]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four persons; events, one of them with a line break in a text, and notes as JSON."""
    made = tmp_path / "in"
    write_persons(made, GOOD, WITHDRAWN, STRANGER, OTHER)
    events = [
        valid_row("condition_occurrence", condition_occurrence_id=str(n), person_id=str(person))
        for n, person in enumerate([GOOD, WITHDRAWN, GOOD, WITHDRAWN, STRANGER], start=1)
    ]
    events[0]["condition_source_value"] = "two\nlines"
    write_table(made, "condition_occurrence", events)
    notes = [valid_row("note", note_id=str(n), person_id=str(WITHDRAWN)) for n in (1, 2)]
    (made / "note.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    return made


def test_rows_are_counted_by_table_and_reason_with_their_physical_lines(folder: Path) -> None:
    matched = matched_of(folder)
    found = {
        (f.file, f.code): (f.count, [e.line for e in f.examples])
        for f in matched.findings
        if f.code.startswith("consent.")
    }
    assert found == {
        ("condition_occurrence.csv", "consent.withdrawn"): (2, [4, 6]),
        ("condition_occurrence.csv", "consent.not_enrolled"): (1, [7]),
        ("note.jsonl", "consent.withdrawn"): (2, [1, 2]),
        ("person.csv", "consent.withdrawn"): (1, [3]),
        ("person.csv", "consent.not_enrolled"): (1, [4]),
    }
    assert matched.to_json()["persons_without_consent"] == {"not_enrolled": 1, "withdrawn": 1}


def test_the_site_s_own_file_lists_ids_and_everything_else_names_nobody(
    folder: Path, tmp_path: Path
) -> None:
    matched = matched_of(folder)
    assert matched.persons_without_consent.rows() == [
        (WITHDRAWN, "withdrawn", "condition_occurrence.csv", 2),
        (WITHDRAWN, "withdrawn", "note.jsonl", 2),
        (WITHDRAWN, "withdrawn", "person.csv", 1),
        (STRANGER, "not_enrolled", "condition_occurrence.csv", 1),
        (STRANGER, "not_enrolled", "person.csv", 1),
    ]
    write_matched(matched, tmp_path / "out", "feeds")
    report = (tmp_path / "out" / "match.json").read_text()
    told = [report, *(f"{f.message} {f.fix}" for f in matched.findings)]
    assert not any("700000" in text for text in told)
    listed = (tmp_path / "out" / "persons_without_consent.csv").read_text().splitlines()
    assert listed[0] == "person_id,reason,file,rows"
    for file in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_may_not_be_sent_is_not_compared(folder: Path) -> None:
    matched = matched_of(folder)
    assert matched.identities["person_id"].to_list() == [GOOD, OTHER]
    assert (matched.persons, matched.to_json()["compared"]) == (4, 2)


def test_a_name_or_a_birth_that_nobody_accepted_is_told_where_it_stands(tmp_path: Path) -> None:
    made = tmp_path / "in"
    write_table(made, "person", [born_row(GOOD), born_row(OTHER, "2019-12-31")])
    write_table(made, "pii_name", [name_row(GOOD, first_name="Bo"), name_row(OTHER)])
    rows = [
        match_row(GOOD, first_name="no_match", algorithm_validation="no", manual_validation="no"),
        match_row(OTHER, dob="NO_MATCH", algorithm_validation="no", manual_validation=""),
    ]
    write_table(made, "participant_match", rows)
    found = {
        (f.code, f.file, f.column): [e.line for e in f.examples] for f in matched_of(made).findings
    }
    assert found == {
        ("identity.name_differs", "pii_name.csv", "first_name"): [2],
        ("identity.birth_differs", "person.csv", "birth_datetime"): [3],
        ("identity.name_refused", "participant_match.csv", "first_name"): [2],
        ("identity.birth_refused", "participant_match.csv", "dob"): [3],
        ("identity.not_matched", "person.csv", "person_id"): [2],
        ("identity.validation_empty", "participant_match.csv", "algorithm_validation"): [3],
    }


@pytest.mark.parametrize("answer", ["algorithm_validation", "manual_validation"])
def test_whom_the_site_accepted_nothing_is_told_of(tmp_path: Path, answer: str) -> None:
    made = tmp_path / "in"
    write_table(made, "person", [born_row(GOOD, "2019-12-31")])
    write_table(made, "pii_name", [name_row(GOOD, first_name="Bo")])
    answers = {"algorithm_validation": "no", "manual_validation": "no"} | {answer: "Yes "}
    refused = match_row(GOOD, first_name="no_match", dob="no_match", **answers)
    write_table(made, "participant_match", [refused])
    matched = matched_of(made)
    assert matched.findings == ()
    assert matched.identities["result"].to_list() == ["stays"]


def test_without_a_table_of_the_site_nobody_was_accepted(tmp_path: Path) -> None:
    made = tmp_path / "in"
    write_table(made, "person", [born_row(GOOD, "2019-12-31")])
    write_table(made, "pii_name", [name_row(GOOD, first_name="Bo")])
    codes = {finding.code for finding in matched_of(made).findings}
    assert codes == {"identity.name_differs", "identity.birth_differs", "identity.not_matched"}


def test_an_address_is_found_by_way_of_its_location(tmp_path: Path) -> None:
    made = tmp_path / "in"
    write_table(made, "person", [born_row(GOOD)])
    homes = [
        valid_row(
            "location", location_id=n, address_1=street, city="Boston", state="MA", zip="2139"
        )
        for n, street in (("5", "1 Elm St"), ("6", "12 Mill Ln"))
    ]
    write_table(made, "location", homes)
    address = valid_row("pii_address", person_id=str(GOOD), location_id="6")
    write_table(made, "pii_address", [address])
    own = {"address_1": "12 mill lane", "city": "boston", "state": "MA", "zip": "02139-1"}
    programme = side()
    contacts = contacts_of({"person_id": GOOD} | NAMES | own)
    (row,) = matched_of(made, ProgrammeSide(programme.standing, contacts)).identities.rows(
        named=True
    )
    assert {row[f] for f in ("address_1", "city", "state", "zip")} == {"match"}


def test_a_folder_without_persons_or_details_is_no_special_case(tmp_path: Path) -> None:
    made = tmp_path / "in"
    write_table(made, "care_site", [valid_row("care_site")])
    matched = matched_of(made)
    assert (matched.persons, matched.findings) == (0, ())
    assert matched.to_json()["results"] == {"stays": 0, "leaves": 0, "not_known": 0}


def test_what_was_rejected_is_not_compared(tmp_path: Path) -> None:
    made = tmp_path / "in"
    write_table(made, "person", [valid_row("person", person_id="")])
    report = check(made)
    with pytest.raises(CommonwealError, match="rejected by the check"):
        open_folder(made, report)
    home = tmp_path / "home"
    register_site(home, Site("general", "General"))
    submission = submit_folder(
        made,
        home=home,
        site="general",
        purpose=Purpose.TEST,
        synthetic=True,
        now=datetime(2026, 10, 2, tzinfo=UTC),
        report=report,
    )
    with pytest.raises(CommonwealError, match="rejected by the check"):
        open_submission(submission)
