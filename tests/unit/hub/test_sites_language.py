"""The switch between languages: open to everybody, kept, and never an open redirect."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def guide(home: Path) -> str:
    return reverse("sites:guide_page", args=["overview"])


def switch(client: Client, **fields: str) -> str:
    answer = client.post(reverse("set_language"), fields)
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_visitor_switches_and_the_page_stays(guide: str) -> None:
    client = Client(headers={"accept-language": "en"})
    page = client.get(guide).text
    assert 'name="language" value="es"' in page
    assert f'name="next" value="{guide}"' in page
    assert switch(client, language="es", next=guide) == guide
    page = client.get(guide).text
    assert '<html lang="es">' in page
    assert 'name="language" value="en"' in page


def test_the_switch_stands_on_the_page_to_sign_in_and_leads_nowhere_else(guide: str) -> None:
    client = Client()
    assert "set_language" not in client.get(reverse("account_login")).text
    assert reverse("set_language") in client.get(reverse("account_login")).text
    assert "evil" not in switch(client, language="es", next="https://evil.example/")


def test_a_form_that_was_refused_switches_on_the_first_page(guide: str) -> None:
    page = Client().post(reverse("account_login"), {"login": "x", "password": "y"}).text
    assert f'name="next" value="{reverse("home")}"' in page
