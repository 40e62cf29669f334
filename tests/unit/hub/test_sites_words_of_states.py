"""Every state of a submission has a name of its own, in every language of the pages."""

import pytest
from django.conf import settings
from django.utils import translation

from commonweal.hub.sites.presenters import STATE_NAMES
from commonweal.intake.lifecycle.history import DAMAGED
from commonweal.intake.lifecycle.states import get_states

STATES = {*get_states().states, DAMAGED}


def test_every_state_has_a_name() -> None:
    assert set(STATE_NAMES) == STATES


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_two_states_are_called_the_same(language: str) -> None:
    with translation.override(language):
        names = {str(name) for name in STATE_NAMES.values()}
    assert len(names) == len(STATES)


@pytest.mark.parametrize("state", sorted(STATES))
def test_no_page_in_another_language_says_a_state_in_english(state: str) -> None:
    others = [code for code, _ in settings.LANGUAGES if code != "en"]
    with translation.override("en"):
        english = str(STATE_NAMES[state])
    for code in others:
        with translation.override(code):
            assert str(STATE_NAMES[state]) != english
