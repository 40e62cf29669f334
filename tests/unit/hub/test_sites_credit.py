"""The credit of a site and its rates, as the first pages show them."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.sites_pages import make_user, register_both

from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.models import CreditRow
from commonweal.hub.sites.presenters import find_credit
from commonweal.intake.matching.credit import Rate, SiteCredit

pytestmark = pytest.mark.django_db


def credit(a: Rate, b: Rate) -> None:
    """What the worker would have counted for the hospital."""
    facts = SiteCredit("hospital", "hospital-1", a, b).to_json()
    CreditRow.objects.create(site="hospital", as_of="2026-02-01", facts=facts)


@pytest.mark.parametrize(
    ("numerator", "share", "words", "tone"),
    [
        (699, "69.9 %", "not met", "poor"),
        (700, "70.0 %", "approaching", "fair"),
        (900, "90.0 %", "approaching", "fair"),
        (901, "90.1 %", "meets", "good"),
    ],
)
def test_rates_have_the_words_and_the_colour_of_their_band(
    numerator: int, share: str, words: str, tone: str
) -> None:
    credit(Rate(numerator, 1000), Rate(0, 0))
    found = find_credit("hospital")
    assert found is not None
    (rate,) = found.rates
    assert (rate.name, rate.share, rate.words, rate.tone) == ("DTR-A", share, words, tone)


def test_a_share_is_rounded_down() -> None:
    credit(Rate(6999, 10000), Rate(1, 3))
    found = find_credit("hospital")
    assert found is not None
    assert [rate.share for rate in found.rates] == ["69.9 %", "33.3 %"]


def test_both_first_pages_show_them(home: Path) -> None:
    register_both(home)
    credit(Rate(8, 10), Rate(1, 2))
    client = Client()
    client.force_login(make_user("curator", Role.CURATOR))
    for address in (reverse("sites:board"), reverse("sites:site", args=["hospital"])):
        page = client.get(address).content.decode()
        assert "DTR-A 80.0 %" in page
        assert "DTR-B 50.0 %" in page
        assert "approaching" in page
        assert "not met" in page
    assert find_credit("clinic") is None
