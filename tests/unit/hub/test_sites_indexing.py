"""What the worker copies into the database, once and again."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from tests.drop_areas import make_receiver, put_declared, today
from tests.intake_folders import SETTINGS, valid_row, write_table
from tests.ready_sites import open_drop_area
from tests.sites_pages import NOW, make_steward, register_both, send_persons

from commonweal.engine.storage import Location
from commonweal.hub.sites.indexing import find_attachments, index_submissions
from commonweal.hub.sites.models import Notice, SubmissionRow
from commonweal.intake.check import check_folder
from commonweal.intake.check.concepts import Terms
from commonweal.intake.landing import list_submissions, submit_folder
from commonweal.intake.lifecycle.acts import make_ledger, rerun_check
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.metrics import Surroundings
from commonweal.intake.sites import Purpose, get_site

pytestmark = pytest.mark.django_db
MARKER = "MARKER-8F3A"


@pytest.fixture(autouse=True)
def sites(home: Path) -> None:
    register_both(home)


def test_a_submission_becomes_a_row_with_its_report(home: Path, tmp_path: Path) -> None:
    sent = send_persons(home, tmp_path / "in", 1, 2)
    done = index_submissions(home, now=NOW)
    row = SubmissionRow.objects.get()
    assert (row.submission, row.site, row.state, row.verdict) == (
        sent.id,
        "hospital",
        "accepted",
        "accepted",
    )
    assert (row.rows, row.purpose, row.is_complete) == (2, "test", False)
    assert [file["table"] for file in row.report["files"]] == ["person"]
    assert [event["event"] for event in row.history][-2:] == ["accepted", "not_counted"]
    assert (done.rows, done.unchanged) == (1, 0)


def test_a_mail_says_one_where_there_is_one(home: Path, tmp_path: Path) -> None:
    send_persons(home, tmp_path / "in", 1)
    index_submissions(home, now=NOW)
    body = Notice.objects.get().body
    row = SubmissionRow.objects.get()
    assert (row.rows, row.errors) == (1, 0)
    kinds = "kind" if row.warnings == 1 else "kinds"
    told = f"It has 1 row. The check found 0 kinds of error and {row.warnings} {kinds} of warning."
    assert told in body


def test_indexing_again_changes_nothing(home: Path, tmp_path: Path) -> None:
    send_persons(home, tmp_path / "in", 1)
    index_submissions(home, now=NOW)
    before = list(SubmissionRow.objects.values())
    done = index_submissions(home, now=NOW + timedelta(days=1))
    assert (done.rows, done.unchanged, done.notices) == (0, 1, 0)
    assert list(SubmissionRow.objects.values()) == before


def test_the_verdict_and_the_test_load_are_told_once_with_the_report(
    home: Path,
) -> None:
    site = get_site(home, "hospital")
    open_drop_area(home, site)
    put_declared(Location.of(home / "drop" / "hospital"), today(), 1, purpose="test")
    receive_site(make_receiver(home), site)
    (sent,) = list_submissions(home)
    index_submissions(home, now=NOW)
    index_submissions(home, now=NOW)
    told = {notice.kind: notice for notice in Notice.objects.all()}
    assert set(told) == {"verdict", "test_load"}
    assert sent.id in told["verdict"].subject
    (attached,) = find_attachments(home, told["verdict"].attach)
    assert attached.content == (sent.folder / "report.html").read_bytes()
    assert find_attachments(home, "hospital-gone") == []


def test_a_test_that_is_no_test_load_is_told_why(home: Path, tmp_path: Path) -> None:
    """In the notice and on the page of the submission."""
    sent = send_persons(home, tmp_path / "in", 1)
    index_submissions(home, now=NOW)
    notice = Notice.objects.get()
    assert notice.kind == "verdict"
    assert "It does not count as the test load: it was handed in at the data" in notice.body
    client = Client()
    client.force_login(make_steward("own", "hospital").user)
    page = client.get(reverse("sites:submission", args=["hospital", sent.key]))
    assert "does not count as the test load" in page.content.decode()


def test_the_newest_check_is_shown_and_the_earlier_ones_are_named(
    home: Path, tmp_path: Path
) -> None:
    sent = send_persons(home, tmp_path / "in", 1, purpose=Purpose.PRODUCTION)
    index_submissions(home, now=NOW)
    before = SubmissionRow.objects.get()
    assert (before.check_number, before.metrics) == (1, {})
    again = make_ledger(home, "hospital", NOW + timedelta(days=1), "curator")
    around = Surroundings(Terms.shipped())
    rerun_check(again, sent, SETTINGS, reason="the list of units changed", around=around)
    assert index_submissions(home, now=NOW).notices == 1
    assert index_submissions(home, now=NOW).notices == 0
    row = SubmissionRow.objects.get()
    assert (row.check_number, row.verdict, bool(row.metrics["values"])) == (2, "accepted", True)
    assert [(check["number"], check["by"], check["why"]) for check in row.checks] == [
        (1, "", ""),
        (2, "curator", "the list of units changed"),
    ]
    told = Notice.objects.get(kind="check")
    assert "the list of units changed" in told.body
    (attached,) = find_attachments(home, told.attach)
    assert attached.content == (sent.folder / "report-2.html").read_bytes()
    client = Client()
    client.force_login(make_steward("own", "hospital").user)
    page = client.get(reverse("sites:submission", args=["hospital", row.folder])).content.decode()
    assert 'By curator: <span lang="en">the list of units changed</span>' in page
    assert "When it was handed in." in page
    report = client.get(reverse("sites:report", args=["hospital", row.folder, "json"]))
    assert f'filename="{sent.id}-check-2.json"' in report["Content-Disposition"]


def test_a_new_submission_supersedes_the_row_before(home: Path, tmp_path: Path) -> None:
    purpose = Purpose.PRODUCTION
    send_persons(home, tmp_path / "a", 1, purpose=purpose)
    index_submissions(home, now=NOW)
    send_persons(home, tmp_path / "b", 1, 2, 3, purpose=purpose, now=NOW + timedelta(days=1))
    assert index_submissions(home, now=NOW).rows == 2
    assert [row.state for row in SubmissionRow.objects.all()] == ["current", "superseded"]
    latest = SubmissionRow.objects.get(state="current")
    assert latest.comparison["persons"] == {"before": 1, "after": 3, "lost": 0, "gained": 2}


def test_what_is_retracted_leaves_the_database_and_the_mail(home: Path, tmp_path: Path) -> None:
    sent = send_persons(home, tmp_path / "in", 1)
    index_submissions(home, now=NOW)
    retract(home, Retraction(sent, "wrong file", "me"), now=NOW, engine=SETTINGS)
    index_submissions(home, now=NOW)
    row = SubmissionRow.objects.get()
    assert (row.state, row.verdict, row.rows) == ("retracted", "", 0)
    assert (row.report, row.metrics, row.comparison) == ({}, {}, {})
    assert find_attachments(home, sent.id) == []


def test_no_value_reaches_the_database_even_when_values_were_asked_for(
    home: Path, tmp_path: Path
) -> None:
    rows = [valid_row("person", person_id=MARKER), valid_row("person", gender_concept_id=MARKER)]
    write_table(tmp_path / "in", "person", rows)
    report = check_folder(tmp_path / "in", dialect="programme", settings=SETTINGS, show_values=True)
    assert MARKER in str(report.to_json())
    submit_folder(
        tmp_path / "in",
        home=home,
        site="hospital",
        purpose=Purpose.TEST,
        synthetic=True,
        now=NOW,
        report=report,
    )
    index_submissions(home, now=NOW)
    stored = [*SubmissionRow.objects.values(), *Notice.objects.values()]
    assert MARKER not in str(stored)
    assert SubmissionRow.objects.get().verdict == "rejected"


def test_the_commands_of_the_worker_say_what_they_did(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send_persons(home, tmp_path / "in", 1)
    for command in ("index_submissions", "remind", "send_notices"):
        call_command(command)
    lines = capsys.readouterr().out.splitlines()
    assert '"rows": 1' in lines[0]
    assert lines[1] == '{"reminders": 2}'
    assert lines[2] == '{"sent": 0, "failed": 0, "nobody": 3}'
