"""What stewards see between handing in and the report, and of what is never taken."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.drop_areas import make_receiver, put_declared, today
from tests.sites_pages import NOW, make_row, make_steward, register_both

from commonweal.engine.storage import Location
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.waiting import look_into_drop_area
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.sites import Site, get_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def area(home: Path) -> Location:
    register_both(home)
    return Location.of(home / "drop" / "hospital")


@pytest.fixture
def client(area: Location) -> Client:
    client = Client()
    client.force_login(make_steward("anna", "hospital").user)
    return client


def read(client: Client, name: str, *arguments: str) -> str:
    return client.get(reverse(f"sites:{name}", args=["hospital", *arguments])).text


def test_a_folder_waits_from_handing_in_until_the_worker_has_seen_it(
    home: Path, area: Location, client: Client
) -> None:
    assert "Nothing has been sent yet" in read(client, "site")
    put_declared(area, today(), 1, purpose="test")
    for name in ("site", "submissions"):
        page = read(client, name)
        assert "Received, waiting to be checked" in page
        assert f"<strong>{today()}</strong>, Test" in page
        assert "Nothing has been sent yet" not in page
    receive_site(make_receiver(home), get_site(home, "hospital"))
    index_submissions(home, now=NOW)
    page = read(client, "submissions")
    assert "waiting to be checked" not in page
    assert today() in page


def test_a_folder_that_is_still_filled_does_not_wait(area: Location, client: Client) -> None:
    area.write(f"{today()}/person.csv", b"person_id\n")
    assert "waiting to be checked" not in read(client, "site")


def test_a_declaration_that_cannot_be_read_waits_without_a_purpose(
    home: Path, area: Location
) -> None:
    area.write(f"{today()}/person.csv", b"person_id\n")
    area.write(f"{today()}/_SUBMISSION.json", b"{")
    (found,) = look_into_drop_area(home, get_site(home, "hospital")).waiting
    assert (found.folder, found.purpose) == (today(), "")


def test_loose_files_are_shown_with_what_to_do(area: Location, client: Client) -> None:
    area.write("person.csv", b"person_id\n")
    area.write(".part-x", b"")
    for name in ("site", "submissions"):
        page = read(client, name)
        assert "outside of any folder" in page
        assert '<code class="cw-breakable">person.csv</code>' in page
        assert "part-x" not in page
        assert "YYYY-MM-DD-vN" in page


def test_a_bucket_and_a_closed_site_show_nothing(home: Path) -> None:
    for facts in ({"drop_url": "s3://bucket/place"}, {"closed_on": NOW.date()}):
        found = look_into_drop_area(home, Site("hospital", "The hospital", **facts))
        assert (found.waiting, found.loose) == ((), ())


def test_what_was_not_read_has_a_purpose_and_no_counts(
    home: Path, area: Location, client: Client
) -> None:
    """Of two production folders that are found together the earlier one is passed over."""
    first, second = today(), today(2)
    put_declared(area, first, 1)
    put_declared(area, second, 1, 2)
    receive_site(make_receiver(home), get_site(home, "hospital"))
    index_submissions(home, now=NOW)
    row = SubmissionRow.objects.get(folder=first)
    assert (row.state, row.purpose, row.synthetic, row.verdict) == (
        "superseded",
        "production",
        True,
        "",
    )
    page = read(client, "submission", first)
    assert "Production" in page
    assert "<dt>Rows</dt><dd>–</dd>" in page
    assert "<dt>Kinds of error</dt><dd>–</dd>" in page
    assert 'data-label="Errors">–' in read(client, "submissions")
    assert 'data-label="Errors">0' in read(client, "submissions")


def test_a_filter_that_finds_nothing_says_so_and_lists_no_file(client: Client) -> None:
    finding = {
        "code": "key.orphan",
        "severity": "warning",
        "column": "visit_occurrence_id",
        "count": 1,
        "examples": [],
        "message": "m",
        "fix": "f",
    }
    file = {"table": "person", "verdict": "accepted", "rows": 1}
    files = [
        {**file, "file": "person.csv", "findings": [finding]},
        {**file, "file": "death.csv", "findings": []},
    ]
    make_row(report={"files": files, "findings": [], "missing": []}, warnings=1)
    address = reverse("sites:submission", args=["hospital", "hospital-1"])
    errors = client.get(address, {"severity": "error"}).text
    assert "The report has no errors." in errors
    assert "person.csv" not in errors
    warnings = client.get(address, {"severity": "warning"}).text
    assert "person.csv" in warnings
    assert "death.csv" not in warnings
    assert "The report has no" not in warnings
    assert "death.csv" in client.get(address).text


def test_later_rounds_do_not_tell_a_held_folder_again(home: Path, area: Location) -> None:
    area.write(f"{today()}/person.csv", b"person_id\n")
    area.write(f"{today()}/_SUBMISSION.json", b'{"purpose": "production", "synthetic": false}')
    receiver = make_receiver(home)
    for _ in range(2):
        receive_site(receiver, get_site(home, "hospital"))
    index_submissions(home, now=NOW + timedelta(hours=1))
    row = SubmissionRow.objects.get()
    assert (row.state, row.purpose) == ("held", "production")
    assert [event["event"] for event in row.history].count("held") == 1
