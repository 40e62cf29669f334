"""The sprint board: what the worker copies, what the pages show of it, and to whom."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings as DjangoSettings
from tests.deidentified import condition, person, run, visit, write_folder
from tests.intake_folders import SETTINGS
from tests.sites_pages import NOW, make_steward, make_user, register_both

from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.models import SprintRow
from commonweal.hub.sites.sprint import build_lines
from commonweal.hub.sites.sprint_indexing import index_sprint
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.sites import Purpose, list_sites
from commonweal.intake.submission import Submission

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
TABLES = 6


@pytest.fixture(autouse=True)
def sites(home: Path) -> None:
    register_both(home)


def read_settings(home: Path, start: date | None = None) -> Settings:
    return Settings(home=home, engine=SETTINGS, programme=ProgrammeSettings(sprint_start=start))


def hand_in(home: Path, folder: Path) -> Submission:
    """Persons and visits that are mapped, conditions that are not."""
    tables = {
        "person": [person(1), person(2)],
        "visit_occurrence": [visit(8, 1), visit(9, 2)],
        "condition_occurrence": [condition(4, 1, condition_concept_id="0")],
    }
    run(write_folder(folder / "site", tables), folder / "made")
    report = check_folder(folder / "made", dialect="sprint", settings=SETTINGS)
    return submit_folder(
        folder / "made",
        home=home,
        site="hospital",
        purpose=Purpose.SPRINT,
        synthetic=True,
        now=NOW,
        report=report,
    )


def test_the_board_says_how_far_each_table_is_and_why(home: Path, tmp_path: Path) -> None:
    sent = hand_in(home, tmp_path)
    index_submissions(home, now=NOW)
    assert index_sprint(read_settings(home), today=TODAY) == 2 * TABLES
    lines = {line.site.name: line for line in build_lines(list_sites(home), TODAY)}
    cells = {cell.table: cell for cell in lines["hospital"].cells}
    assert lines["hospital"].mapped == 2
    assert (cells["person"].stage, cells["person"].why) == ("mapped", "")
    assert cells["condition_occurrence"].stage == "loaded"
    assert "mapped 0.0 %, goal 90 %" in cells["condition_occurrence"].why
    assert (cells["person"].submission, cells["person"].folder) == (sent.id, sent.id)
    assert {cell.words for cell in lines["clinic"].cells} == {"Nothing received"}


def test_nothing_is_scored_again_until_something_changes(home: Path, tmp_path: Path) -> None:
    settings = read_settings(home)
    assert index_sprint(settings, today=TODAY) == 2 * TABLES
    assert index_sprint(settings, today=TODAY + timedelta(days=9)) == 0
    sent = hand_in(home, tmp_path)
    assert index_sprint(settings, today=TODAY) == 2 * TABLES
    assert SprintRow.objects.get(site="hospital", table="person").facts["mapped"]
    retract(home, Retraction(sent, "wrong file", "me"), now=NOW, engine=SETTINGS)
    assert index_sprint(settings, today=TODAY) == 2 * TABLES
    assert not SprintRow.objects.get(site="hospital", table="person").facts["received"]
    assert SprintRow.objects.count() == 2 * TABLES


def test_a_table_is_late_from_the_day_after_it_was_due(home: Path) -> None:
    index_sprint(read_settings(home, start=TODAY), today=TODAY)
    due = TODAY + timedelta(days=6)
    for day, late in [(due, False), (due + timedelta(days=1), True)]:
        line = build_lines(list_sites(home), day)[0]
        first = line.cells[0]
        assert (first.table, first.due, first.is_late) == ("person", due, late)


def test_before_the_worker_came_the_pages_say_so(home: Path) -> None:
    client = Client()
    client.force_login(make_user("curator", Role.CURATOR))
    for address in (reverse("sites:sprint"), reverse("sites:site_sprint", args=["hospital"])):
        assert "There is nothing to show yet" in client.get(address).content.decode()


def test_a_steward_sees_the_own_site_alone(
    home: Path, tmp_path: Path, settings: DjangoSettings
) -> None:
    hand_in(home, tmp_path)
    settings.COMMONWEAL = read_settings(home, start=TODAY)
    index_sprint(settings.COMMONWEAL, today=TODAY)
    own, curator = Client(), Client()
    own.force_login(make_steward("own", "clinic").user)
    curator.force_login(make_user("curator", Role.CURATOR))
    page = own.get(reverse("sites:site_sprint", args=["clinic"])).content.decode()
    assert "Nothing received" in page
    assert "The hospital" not in page
    board = curator.get(reverse("sites:sprint")).content.decode()
    assert "The hospital" in board
    assert "The clinic" in board
    assert "2 of 6" in board
