"""The roster: who is listed, what changed since the last download, and the record of it."""

import csv
import io
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching_frames import contacts_of

from commonweal.intake.matching.eligible import Barrier
from commonweal.intake.matching.matched import ProgrammeSide
from commonweal.intake.matching.roster import (
    COLUMNS,
    Change,
    Download,
    Roster,
    build_roster,
    download_roster,
    find_last_download,
    list_downloads,
)
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
DAY = date(2026, 10, 1)
Standing = tuple[int, str | None, str | None]
"""Participant, site, barrier."""


def side_of(*rows: Standing) -> ProgrammeSide:
    schema = {"participant_id": pl.Int64, "site": pl.String, "barrier": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    on = pl.when(pl.col("barrier").is_null()).then(pl.lit(DAY)).alias("authorised_on")
    contacts = [{"person_id": row[0], "first_name": f"Name {row[0]}"} for row in rows]
    return ProgrammeSide(frame.with_columns(on), contacts_of(*contacts))


def download(home: Path, side: ProgrammeSide, name: str = "roster.csv") -> tuple[Roster, Download]:
    home.mkdir(exist_ok=True)
    return download_roster(
        home,
        "prairie",
        side,
        home / name,
        by="steward",
        now=NOW,
        feeds_of=DAY,
        feeds_digest="d1",
    )


def test_nobody_downloads_without_a_name(tmp_path: Path) -> None:
    asked = {"now": NOW, "feeds_of": DAY, "feeds_digest": "d1"}
    out = tmp_path / "roster.csv"
    with pytest.raises(CommonwealError, match="name of who downloads it is blank"):
        download_roster(tmp_path, "prairie", side_of(), out, by=" ", **asked)
    assert not out.exists()


def read_rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


def changes_of(roster: Roster) -> dict[int, str | None]:
    return dict(roster.rows.select("participant_id", "change").iter_rows())


EVERYBODY = side_of(
    (1, "prairie", None),
    (2, "prairie", Barrier.NOT_AUTHORISED),
    (3, "redrock", None),
    (4, None, None),
    (5, "prairie", None),
    (6, "prairie", Barrier.TEST_ACCOUNT),
)


def test_a_site_sees_its_own_participants_whose_records_it_may_send(tmp_path: Path) -> None:
    roster, record = download(tmp_path / "home", EVERYBODY)
    assert roster.listed == record.participants == (1, 5)
    rows = read_rows(tmp_path / "home" / "roster.csv")
    assert tuple(rows[0]) == COLUMNS
    assert [(r["participant_id"], r["change"], r["first_name"]) for r in rows] == [
        ("1", "added", "Name 1"),
        ("5", "added", "Name 5"),
    ]
    assert rows[0]["authorised_on"] == "2026-10-01"


def test_a_second_download_tells_what_changed_and_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = [(n, "prairie", None) for n in range(1, 9)]
    download(home, side_of(*first))
    later = side_of(
        (1, "prairie", None),
        (2, "prairie", Barrier.WITHDRAWN),
        (3, "prairie", Barrier.EXPIRED),
        (4, "prairie", Barrier.NOT_AUTHORISED),
        (5, "prairie", Barrier.NOT_VALIDATED),
        (6, "redrock", None),
        (7, None, None),
        (9, "prairie", None),
    )
    expected = {
        1: None,
        9: Change.ADDED,
        2: Change.WITHDRAWN,
        3: Change.EXPIRED,
        4: Change.NOT_AUTHORISED,
        5: Change.NOT_AUTHORISED,
        6: Change.UNPAIRED,
        7: Change.UNPAIRED,
        8: Change.UNPAIRED,
    }
    seen = build_roster("prairie", later, find_last_download(home, "prairie"))
    assert changes_of(seen) == expected
    assert list(changes_of(seen)) == list(expected), "those listed first, by id"
    roster, record = download(home, later, "second.csv")
    assert changes_of(roster) == expected
    assert record.number == 2
    gone = [r for r in read_rows(home / "second.csv") if r["change"] == "withdrawn"]
    assert [set(r.values()) for r in gone] == [{"2", "withdrawn", ""}], "an id and no more"
    again, _ = download(home, later, "third.csv")
    assert changes_of(again) == {1: None, 9: None}
    assert again.count_changes() == dict.fromkeys([c.value for c in Change], 0)


def test_who_downloaded_when_is_kept_and_nobody_else_may_look(tmp_path: Path) -> None:
    home = tmp_path / "home"
    download(home, EVERYBODY)
    download(home, EVERYBODY, "second.csv")
    first, second = list_downloads(home, "prairie")
    assert (first.number, second.number) == (1, 2)
    assert (first.by, first.at, first.feeds_of) == ("steward", NOW, DAY)
    assert stat.S_IMODE((home / "roster.csv").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "rosters").stat().st_mode) == 0o700
    assert [f.name for f in home.rglob(".*")] == []


@pytest.mark.parametrize(
    ("entered", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("+1 (617) 555-0102", "+1 (617) 555-0102"),
        ("O'Neill", "O'Neill"),
    ],
)
def test_what_a_participant_entered_is_no_formula(entered: str, written: str) -> None:
    side = side_of((1, "prairie", None))
    contacts = contacts_of({"person_id": 1, "phone_number": entered, "last_name": entered})
    content = build_roster("prairie", ProgrammeSide(side.standing, contacts), None).to_csv()
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    assert (row["phone_number"], row["last_name"]) == (written, written)


def test_a_report_of_the_roster_names_nobody(tmp_path: Path) -> None:
    roster, record = download(tmp_path / "home", side_of((7654321, "prairie", None)))
    for told in (roster.to_json(), record.to_json()):
        assert "7654321" not in str(told)
        assert "Name" not in str(told)


def test_a_roster_is_never_written_over_and_then_nothing_is_recorded(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "roster.csv").write_text("mine")
    with pytest.raises(CommonwealError, match="There is a file"):
        download(home, EVERYBODY)
    with pytest.raises(CommonwealError, match="cannot be written"):
        download(home, EVERYBODY, "absent/roster.csv")
    assert (home / "roster.csv").read_text() == "mine"
    assert list_downloads(home, "prairie") == []


def test_of_several_downloads_at_once_each_tells_what_came_after_the_one_before(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: download(home, EVERYBODY, f"{n}.csv"), range(8)))
    assert sorted(record.number for _, record in made) == list(range(1, 9))
    telling = [roster for roster, _ in made if roster.count_changes()["added"]]
    assert len(telling) == 1


SIDES = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["prairie", "redrock", None]),
        st.sampled_from([None, *(b.value for b in Barrier if b is not Barrier.NOT_ENROLLED)]),
    ),
    unique_by=lambda row: row[0],
)


@given(before=SIDES, after=SIDES)
@settings(deadline=None)
def test_the_last_roster_and_the_changes_give_the_present_one(
    before: list[Standing], after: list[Standing]
) -> None:
    listed = build_roster("prairie", side_of(*before), None).listed
    last = Download(1, "prairie", "steward", NOW, DAY, "d1", "", listed)
    roster = build_roster("prairie", side_of(*after), last)
    changes = changes_of(roster)
    kept = {i for i in listed if changes.get(i) is None}
    added = {i for i, change in changes.items() if change == Change.ADDED}
    assert kept | added == set(roster.listed)
    assert not added & set(listed)
    assert set(listed) <= set(changes)
