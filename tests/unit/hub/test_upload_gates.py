"""What the upload page refuses before a file is sent, and what it says then."""

from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings as DjangoSettings
from tests.drop_areas import put_declared, today
from tests.ready_sites import register_as
from tests.sites_pages import NOW, make_steward, register_both

from commonweal.engine.storage import Location
from commonweal.intake.onboarding import authorise
from commonweal.intake.sites import Purpose, Site

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 7)


@pytest.fixture
def client(home: Path) -> Client:
    register_both(home)
    client = Client()
    client.force_login(make_steward("anna", "hospital").user)
    return client


def declare(client: Client, **said: str) -> tuple[int, str]:
    """The status and the page after saying what is sent."""
    words = {"purpose": "sprint", "kind": "real", "dialect": ""} | said
    answer = client.post(reverse("uploads:index"), words)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("purpose", ["sprint", "alpha"])
@pytest.mark.parametrize("dialect", ["programme", "omop-5.3", "omop-5.4"])
def test_a_sprint_of_real_people_is_de_identified(
    client: Client, purpose: str, dialect: str
) -> None:
    status, page = declare(client, purpose=purpose, dialect=dialect)
    assert status == 422
    assert "are not de-identified" in page
    assert "commonweal deidentify" in page
    assert declare(client, purpose=purpose)[0] == 302
    assert declare(client, purpose=purpose, dialect=dialect, kind="synthetic")[0] == 302


@pytest.mark.parametrize("purpose", ["test", "production"])
def test_identified_records_wait_for_the_agreement(client: Client, purpose: str) -> None:
    status, page = declare(client, purpose=purpose)
    assert status == 422
    assert "no executed information security agreement" in page


def test_what_the_intake_refuses_is_told_without_the_command_line(client: Client) -> None:
    _, page = declare(client, purpose="test")
    assert "send made-up records for the purpose test" in page
    assert "--purpose" not in page
    assert "commonweal sites" not in page
    client.cookies.load({"django_language": "es"})
    assert "no tiene un acuerdo de seguridad" in declare(client, purpose="test")[1]


def read_choices(client: Client) -> str:
    """The choice of a purpose, and what stands below it."""
    page = client.get(reverse("uploads:index")).content.decode()
    return page.partition("Begin a submission")[2].partition("Whose records")[0]


def test_what_may_not_be_sent_yet_is_said_with_what_is_missing(home: Path, client: Client) -> None:
    offered = read_choices(client)
    assert "Production: made-up records only" in offered
    for missing in ("agreement executed", "Test load passed", "Production authorised"):
        assert missing in offered
    home_of = Site("hill", "Hill", isa_date=DAY, purposes=tuple(Purpose), test_load="hill-1")
    register_as(home, home_of)
    client.force_login(make_steward("hilda", "hill").user)
    offered = read_choices(client)
    assert "which replaces the last" in offered
    assert "Missing" not in offered


def test_a_purpose_that_the_site_may_not_send_is_not_offered(home: Path, client: Client) -> None:
    authorise(home, "hospital", purposes=(Purpose.TEST,), by="me", now=NOW)
    offered = read_choices(client)
    assert "Test: tries out" in offered
    assert "Alpha" not in offered
    assert declare(client, purpose="alpha")[0] == 422


def test_going_back_to_what_was_handed_in_says_where_it_is(client: Client) -> None:
    answer = client.get(reverse("uploads:draft", args=["a" * 32]))
    assert answer.status_code == 404
    assert "was handed in or discarded" in answer.text
    assert reverse("sites:submissions", args=["hospital"]) in answer.text
    assert "release" not in client.get("/sites/nothing/").text


def test_the_receipt_leads_to_the_submissions(home: Path, client: Client) -> None:
    put_declared(Location.of(home / "drop" / "hospital"), today(), 1, purpose="test")
    page = client.get(reverse("uploads:received", args=[today()])).text
    assert reverse("sites:submissions", args=["hospital"]) in page
    assert f"with the folder {today()}" in page


def test_a_synthetic_programme_takes_no_records_of_real_people(
    client: Client, settings: DjangoSettings
) -> None:
    """Said when they are declared, not when curation finds them."""
    configured = settings.COMMONWEAL
    programme = configured.programme.model_copy(update={"synthetic": True})
    settings.COMMONWEAL = configured.model_copy(update={"programme": programme})
    for purpose in ("test", "sprint", "alpha", "production"):
        status, page = declare(client, purpose=purpose)
        assert status == 422
        assert "synthetic as a whole" in page
    assert declare(client, purpose="production", kind="synthetic")[0] == 302


def test_nor_does_it_take_a_draft_that_was_begun_before(
    client: Client, settings: DjangoSettings
) -> None:
    assert declare(client)[0] == 302
    address = client.post(
        reverse("uploads:index"), {"purpose": "sprint", "kind": "real", "dialect": ""}
    )["Location"]
    configured = settings.COMMONWEAL
    programme = configured.programme.model_copy(update={"synthetic": True})
    settings.COMMONWEAL = configured.model_copy(update={"programme": programme})
    answer = client.post(f"{address}finish/")
    assert answer.status_code == 422
    assert "synthetic as a whole" in answer.text
