"""What the upload page refuses before a file is sent, and what it says then."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
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
