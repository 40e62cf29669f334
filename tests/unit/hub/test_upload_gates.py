"""What the upload page refuses before a file is sent, and what it says then."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings as DjangoSettings
from tests.sites_pages import make_steward, register_both

pytestmark = pytest.mark.django_db


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
