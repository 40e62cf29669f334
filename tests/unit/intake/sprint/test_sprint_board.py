"""The board: one row for each site and table, ticks in their order, and why one lacks."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.deidentified import condition, person, run, visit, write_folder
from tests.intake_folders import SETTINGS

from commonweal.engine.duckdb_engine import open_engine
from commonweal.intake.check import check_folder
from commonweal.intake.landing import Submission, submit_folder
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.intake.sprint.board import BoardRow, read_board
from commonweal.intake.sprint.page import render_board
from commonweal.vocabulary.abridged import list_shipped
from commonweal.vocabulary.views import register_vocabulary

NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
START, TODAY = date(2027, 1, 11), date(2027, 1, 12)
TICKS = ("received", "parsed", "loaded", "mapped")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name in ("north", "south"):
        register_site(home, Site(name, name.title()))
    return home


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A small folder of the sprint, made from real-looking files."""
    tables = {
        "person": [person(1), person(2)],
        "visit_occurrence": [visit(8, 1), visit(9, 2)],
        "condition_occurrence": [condition(4, 1, condition_concept_id="0")],
    }
    run(write_folder(tmp_path / "site", tables), tmp_path / "made")
    return tmp_path / "made"


def hand_in(
    folder: Path,
    home: Path,
    *,
    site: str = "north",
    purpose: Purpose = Purpose.SPRINT,
    later: int = 0,
) -> Submission:
    return submit_folder(
        folder,
        home=home,
        site=site,
        purpose=purpose,
        synthetic=True,
        now=NOW + timedelta(hours=later),
        report=check_folder(folder, dialect="sprint", settings=SETTINGS, today=TODAY),
    )


def read(home: Path, *, today: date = TODAY) -> dict[tuple[str, str], BoardRow]:
    with open_engine(SETTINGS) as engine:
        views = register_vocabulary(engine, list_shipped())
        rows = read_board(engine, home, views, sites=("north", "south"), start=START, today=today)
    return {(row.site, row.table): row for row in rows}


def ticks(row: BoardRow) -> str:
    return "".join("x" if getattr(row, tick) else "." for tick in TICKS)


def test_before_anything_came_every_goal_of_every_site_is_open(home: Path) -> None:
    rows = read(home)
    assert len(rows) == 2 * 6
    assert {ticks(row) for row in rows.values()} == {"...."}
    assert {row.why for row in rows.values()} == {"no file has been handed in"}


def test_ticks_of_what_came(home: Path, made: Path) -> None:
    submission = hand_in(made, home)
    rows = read(home)
    assert ticks(rows["north", "person"]) == "xxxx"
    assert rows["north", "person"].submission == submission.id
    assert rows["north", "person"].why == ""
    assert ticks(rows["north", "visit_occurrence"]) == "xxxx"
    assert ticks(rows["north", "condition_occurrence"]) == "xxx."
    assert rows["north", "condition_occurrence"].why == (
        "condition_concept_id: mapped 0.0%, goal 90%"
    )
    assert ticks(rows["north", "measurement"]) == "...."
    assert ticks(rows["south", "person"]) == "...."


def test_a_file_that_cannot_be_read_is_received_only(home: Path, made: Path) -> None:
    (made / "visit_occurrence.csv").write_bytes("visit_occurrence_id\n1\n".encode("utf-16"))
    hand_in(made, home)
    row = read(home)["north", "visit_occurrence"]
    assert ticks(row) == "x..."
    assert row.why == "cannot be read: encoding.utf16"


def test_a_file_whose_rows_do_not_fit_is_parsed_and_not_loaded(home: Path, made: Path) -> None:
    text = (made / "visit_occurrence.csv").read_text()
    (made / "visit_occurrence.csv").write_text(text.replace("2019-01-01", "in spring"))
    hand_in(made, home)
    row = read(home)["north", "visit_occurrence"]
    assert ticks(row) == "xx.."
    assert row.why.startswith("rows do not fit: type.date")
    assert "spring" not in json.dumps(row.to_json())


def test_a_file_without_rows_is_not_mapped(home: Path, made: Path) -> None:
    header = (made / "visit_occurrence.csv").read_text().splitlines()[0]
    (made / "visit_occurrence.csv").write_text(header + "\n")
    hand_in(made, home)
    row = read(home)["north", "visit_occurrence"]
    assert (ticks(row), row.why) == ("xxx.", "the file has no rows")


def test_the_newest_file_of_a_table_counts_week_by_week(home: Path, made: Path) -> None:
    first = hand_in(made, home)
    (made / "person.csv").unlink()
    rows = (made / "condition_occurrence.csv").read_text().splitlines()
    cells = dict(zip(rows[0].split(","), rows[1].split(","), strict=True))
    cells["condition_concept_id"] = "201826"
    fixed = f"{rows[0]}\n{','.join(cells.values())}\n"
    (made / "condition_occurrence.csv").write_text(fixed)
    second = hand_in(made, home, later=1)
    found = read(home)
    assert found["north", "person"].submission == first.id
    assert found["north", "condition_occurrence"].submission == second.id
    assert ticks(found["north", "condition_occurrence"]) == "xxxx"


def test_other_purposes_do_not_count(home: Path, made: Path) -> None:
    hand_in(made, home, purpose=Purpose.TEST)
    assert {ticks(row) for row in read(home).values()} == {"...."}


def test_what_was_erased_does_not_count(home: Path, made: Path) -> None:
    submission = hand_in(made, home)
    (submission.folder / "person.csv").unlink()
    assert ticks(read(home)["north", "person"]) == "...."
    shutil.rmtree(submission.folder)
    assert ticks(read(home)["north", "visit_occurrence"]) == "...."


def test_a_goal_is_late_when_its_week_is_over(home: Path, made: Path) -> None:
    hand_in(made, home)
    on_time, late = read(home, today=date(2027, 1, 17)), read(home, today=date(2027, 1, 18))
    assert not any(row.is_late for row in on_time.values())
    assert late["south", "person"].is_late
    assert not late["north", "person"].is_late
    assert not late["south", "measurement"].is_late


def test_the_page_says_what_the_board_says(home: Path, made: Path) -> None:
    hand_in(made, home)
    rows = tuple(read(home, today=date(2027, 1, 18)).values())
    page = render_board(rows, today=date(2027, 1, 18))
    assert page.count("<tr>") == len(rows) + 1
    assert page.count('class="yes">yes') == sum(ticks(row).count("x") for row in rows)
    assert "2 of 12 tables mapped" in page
    assert "condition_concept_id: mapped 0.0%, goal 90%" in page
    assert page.count(">late<") == 2
    assert "No site is registered" in render_board((), today=START)
