"""What curators record of a site: two acts where there are two, days that can be, words that read.

Every act is asked for through its page, as a curator does it.
"""

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from tests.ready_sites import open_drop_area
from tests.sites_pages import HOSPITAL, NOW, make_steward, make_user, register_both

from commonweal import hub
from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites import audit_words
from commonweal.hub.sites.audit_words import build_line
from commonweal.hub.sites.checklist import read_live_checklist
from commonweal.hub.sites.models import AuditEntry, Contact, Deadline, Steward
from commonweal.hub.sites.registry_acts import record
from commonweal.intake.onboarding import (
    get_step,
    list_steps,
    read_checklist,
    record_isa_executed,
    record_step,
    record_test_load_passed,
)
from commonweal.intake.registry import list_events
from commonweal.intake.sites import get_site, list_sites

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
PASSWORD = "a long enough password"


@pytest.fixture
def curator(home: Path) -> User:
    register_both(home)
    return make_user("curator", Role.CURATOR)


@pytest.fixture
def client(curator: User) -> Client:
    made = Client()
    made.force_login(curator)
    return made


def page(name: str, *arguments: object) -> str:
    return reverse(f"sites:{name}", args=["hospital", *arguments])


def names(home: Path) -> list[str]:
    return [event.name for event in list_events(home, "hospital")]


def is_done(home: Path, step: str) -> bool:
    """Whether the portal shows a step of the hospital as done."""
    return next(s.is_done for s in read_live_checklist(home, "hospital") if s.step.name == step)


def test_closing_twice_closes_once_and_says_so(client: Client, home: Path) -> None:
    assert client.post(page("close"), {"reason": "the award ended"}).status_code == 302
    answer = client.post(page("close"), {"reason": "the award ended"})
    assert "The site is closed already. Nothing was changed." in answer.text
    assert get_site(home, "hospital").closed_on is not None
    assert names(home) == ["deprovisioned"]
    assert AuditEntry.objects.filter(action__startswith="site_").count() == 1


def test_reopening_twice_reopens_once_and_says_so(client: Client, home: Path) -> None:
    answer = client.post(page("reopen"))
    assert "The site is not closed. Nothing was changed." in answer.text
    client.post(page("close"), {"reason": "in error"})
    assert client.get(page("reopen")).status_code == 200
    assert client.post(page("reopen")).status_code == 302
    assert "Nothing was changed" in client.post(page("reopen")).text
    assert get_site(home, "hospital").closed_on is None
    assert names(home) == ["deprovisioned", "reopened"]


def test_a_site_is_not_closed_without_a_reason(client: Client, home: Path) -> None:
    for reason in ("", "   ", "a\nb"):
        assert client.post(page("close"), {"reason": reason}).status_code == 422
    assert names(home) == []


STEWARD = {
    "position": "backup",
    "steward_name": "Sten",
    "steward_email": "Own@example.org",
    "rules_of_behaviour_on": TODAY.isoformat(),
    "training_on": TODAY.isoformat(),
    "password": PASSWORD,
}


def test_a_reopened_site_gets_its_stewards_back(client: Client, home: Path) -> None:
    """With the rules and the training of today, and a password of their own."""
    before = make_steward("own", "hospital")
    record_step(home, "hospital", "stewards", on=TODAY, by="Cora", now=timezone.now())
    client.post(page("close"), {"reason": "in error"})
    client.post(page("reopen"))
    assert not is_done(home, "stewards")
    answer = client.post(page("new_steward"), STEWARD)
    assert answer.status_code == 302, answer.text
    steward = Steward.objects.get()
    assert (steward.pk, steward.user_id, steward.ended_on) == (before.pk, before.user_id, None)
    assert (steward.position, steward.training_on) == ("backup", TODAY)
    assert (steward.started_on, steward.user.name) == (TODAY, "Sten")
    assert Client().login(email="own@example.org", password=PASSWORD)
    assert is_done(home, "stewards")
    assert AuditEntry.objects.filter(action="steward_returned").exists()


def test_an_account_in_use_or_of_another_site_is_not_taken_over(client: Client) -> None:
    make_steward("own", "hospital")
    assert client.post(page("new_steward"), STEWARD).status_code == 422
    make_steward("gone", "clinic", ended_on=NOW.date())
    make_user("researcher", Role.RESEARCHER)
    for name in ("gone", "researcher"):
        fields = STEWARD | {"steward_email": f"{name}@example.org"}
        answer = client.post(page("new_steward"), fields)
        assert "an account with this email address already" in answer.text


def test_whoever_returns_to_a_filled_position_is_not_let_in(client: Client) -> None:
    gone = make_steward("own", "hospital", "backup", ended_on=NOW.date())
    User.objects.update(is_active=False)
    User.objects.filter(role=Role.CURATOR).update(is_active=True)
    make_steward("other", "hospital", "backup")
    assert "in this position already" in client.post(page("new_steward"), STEWARD).text
    gone.refresh_from_db()
    assert (gone.ended_on, gone.user.is_active) == (NOW.date(), False)
    assert not Client().login(email="own@example.org", password=PASSWORD)


def test_the_step_of_the_stewards_is_done_while_there_is_one(client: Client, home: Path) -> None:
    client.post(page("new_steward"), STEWARD)
    client.post(page("record_step", "stewards"), {"on": TODAY.isoformat()})
    assert is_done(home, "stewards")
    address = page("remove_steward", Steward.objects.get().pk)
    assert address in client.get(page("people")).text
    assert "The site has no steward then" in client.get(address).text
    assert is_done(home, "stewards"), "asked, and not done yet"
    client.post(address)
    assert client.get(address).status_code == 404
    assert not is_done(home, "stewards")
    told = {s.step.name: s.is_done for s in read_checklist(home, "hospital")}
    assert not told["stewards"], "the command line sees it too"


def test_the_step_of_the_contacts_is_done_while_there_is_one(client: Client, home: Path) -> None:
    client.post(page("people"), {"name": "A", "email": "a@x.org", "duty": ""})
    client.post(page("confirm_people"))
    assert is_done(home, "contacts")
    address = page("remove_person", Contact.objects.get().pk)
    assert "Nobody is left on the list then" in client.get(address).text
    assert Contact.objects.count() == 1, "asked, and not done yet"
    assert client.post(address).status_code == 302
    assert not is_done(home, "contacts")


def test_an_address_on_the_list_is_not_taken_over(client: Client) -> None:
    client.post(page("people"), {"name": "Ann", "email": "a@x.org", "duty": ""})
    answer = client.post(page("people"), {"name": "Bea", "email": "A@x.org", "duty": ""})
    assert answer.status_code == 422
    assert "on the list already, as that of Ann" in answer.text
    assert Contact.objects.get().name == "Ann"


def test_details_of_a_contact_are_changed_by_an_act_of_their_own(client: Client) -> None:
    client.post(page("people"), {"name": "Ann", "email": "a@x.org", "duty": ""})
    client.post(page("people"), {"name": "Bea", "email": "b@x.org", "duty": ""})
    address = page("edit_person", Contact.objects.get(name="Ann").pk)
    assert 'value="Ann"' in client.get(address).text
    fields = {"name": "Anna", "email": "B@x.org", "duty": "IT"}
    assert "as that of Bea" in client.post(address, fields).text
    assert client.post(address, fields | {"email": "anna@x.org"}).status_code == 302
    told = sorted(Contact.objects.values_list("name", "email", "duty"))
    assert told == [("Anna", "anna@x.org", "IT"), ("Bea", "b@x.org", "")]


@pytest.mark.parametrize(
    "day",
    ["0001-01-01", "9999-12-31", TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=733)],
)
def test_a_deadline_is_of_a_day_to_come_that_is_not_far(client: Client, day: object) -> None:
    answer = client.post(reverse("sites:edit_deadlines"), {"title": "T", "on": str(day)})
    assert answer.status_code == 422
    assert "Choose a day after today" in answer.text
    assert Deadline.objects.count() == 0


@pytest.mark.parametrize("days", [1, 700])
def test_a_deadline_of_the_next_two_years_is_posted(client: Client, days: int) -> None:
    day = (TODAY + timedelta(days=days)).isoformat()
    address = reverse("sites:edit_deadlines")
    assert client.post(address, {"title": "T", "on": day}).status_code == 302


def test_every_deadline_can_be_taken_back(client: Client) -> None:
    for day in (date(1, 1, 1), TODAY - timedelta(days=9), TODAY + timedelta(days=9)):
        Deadline.objects.create(title="T", on=day)
    shown = client.get(reverse("sites:edit_deadlines")).text
    for deadline in Deadline.objects.all():
        address = reverse("sites:remove_deadline", args=[deadline.pk])
        assert address in shown
        client.post(address)
    assert Deadline.objects.count() == 0


@pytest.mark.parametrize("step", ["isa", "contacts", "stewards", "notice", "sprint"])
@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2099-01-01"])
def test_no_step_is_of_a_day_that_cannot_be(
    client: Client, home: Path, step: str, day: str
) -> None:
    make_steward("own", "hospital")
    Contact.objects.create(site="hospital", name="C", email="c@x.org", confirmed_on=TODAY)
    open_drop_area(home, HOSPITAL)
    before = names(home)
    assert client.post(page("record_step", step), {"on": day}).status_code == 422
    assert names(home) == before


def test_nor_is_what_a_steward_signed(client: Client) -> None:
    for field in ("rules_of_behaviour_on", "training_on"):
        answer = client.post(page("new_steward"), STEWARD | {field: "0001-01-01"})
        assert "Choose a day from 2000-01-01 on." in answer.text
    assert Steward.objects.count() == 0


@pytest.mark.parametrize("step", ["drop_area", "production"])
def test_what_is_done_by_being_recorded_has_the_day_of_the_act(
    client: Client, home: Path, curator: User, step: str
) -> None:
    """The registry and the audit say the same, and nobody is asked for another day."""
    make_steward("own", "hospital")
    record(home, curator, HOSPITAL, "stewards", on=TODAY)
    assert f'id="on-{step}"' not in client.get(page("onboarding")).text
    if step == "production":
        open_drop_area(home, HOSPITAL)
        now = timezone.now()
        record_isa_executed(home, "hospital", on=TODAY, by="Cora", now=now)
        record_test_load_passed(home, "hospital", submission="s", by="receive", now=now)
    assert client.post(page("record_step", step), {"on": "2026-01-01"}).status_code == 302
    assert list_events(home, "hospital")[-1].on == TODAY
    entry = AuditEntry.objects.filter(action="step_recorded").first()
    assert entry is not None
    assert (entry.facts["step"], entry.facts["on"]) == (step, TODAY.isoformat())


def test_what_was_recorded_by_hand_is_shown_as_such(client: Client, home: Path) -> None:
    make_steward("own", "hospital")
    now = timezone.now()
    record_step(home, "hospital", "stewards", on=TODAY, by="ops", now=now, by_hand=True)
    assert "recorded by hand by the data centre" in client.get(page("onboarding")).text
    client.post(page("record_step", "stewards"), {"on": TODAY.isoformat()})
    assert "recorded by hand" not in client.get(page("onboarding")).text


def test_who_recorded_a_step_and_whose_step_it_is_are_two_things(
    client: Client, home: Path
) -> None:
    Contact.objects.create(site="hospital", name="C", email="c@x.org", confirmed_on=TODAY)
    client.post(page("confirm_people"))
    shown = " ".join(client.get(page("onboarding")).text.split())
    assert "recorded by curator@example.org" in shown
    assert "a step of the site" in shown
    assert 'example.org</span> <span class="usa-hint">by' not in shown


def test_a_typo_is_mended_on_a_page(client: Client, home: Path) -> None:
    assert 'value="The hospital"' in client.get(page("edit_site")).text
    fields = {"title": "The Hospital", "awardee": "A", "organisation": "", "state": "MA"}
    assert client.post(page("edit_site"), fields).status_code == 302
    site = get_site(home, "hospital")
    assert (site.title, site.awardee, site.state) == ("The Hospital", "A", "MA")
    entry = AuditEntry.objects.get(action="site_edited")
    assert entry.facts == {"title": "The Hospital", "awardee": "A"}
    client.post(page("edit_site"), fields)
    assert AuditEntry.objects.filter(action="site_edited").count() == 1


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"title": " "}, "This field is required."),
        ({"title": "A\nB"}, "Only one line"),
        ({"awardee": "A\x1b[31mB"}, "Only one line"),
        ({"state": "Massachusetts"}, "at most 2 characters"),
        ({"state": "m1"}, "two capital letters"),
    ],
)
def test_details_are_judged_on_the_page_as_at_the_command_line(
    client: Client, home: Path, field: dict[str, str], words: str
) -> None:
    fields = {"title": "A site", "awardee": "", "organisation": "", "state": "MA"} | field
    answer = client.post(page("edit_site"), fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    answer = client.post(reverse("sites:register"), fields | {"site_name": "third"})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert [site.name for site in list_sites(home)] == ["clinic", "hospital"]
    assert names(home) == []


def test_a_short_name_that_does_not_fit_is_answered_with_what_does(client: Client) -> None:
    answer = client.post(reverse("sites:register"), {"site_name": "Bad Name", "title": "T"})
    assert "Begin with a lower-case letter" in answer.text
    assert "Enter a valid value" not in answer.text


def list_acts() -> Iterator[tuple[str, set[str]]]:
    """Every code that is written into the audit, with the facts named beside it."""
    for file in (Path(hub.__path__[0]) / "sites").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "write_audit":
                facts = {k.arg for k in node.keywords if k.arg} - {"site"}
                for code in ast.walk(node.args[1]):
                    if isinstance(code, ast.Constant):
                        yield str(code.value), facts


def test_every_act_and_fact_of_the_audit_has_words() -> None:
    found = dict(list_acts())
    assert {"step_recorded", "steward_returned", "curator_added"} <= found.keys()
    assert found.keys() <= audit_words.ACTS.keys()
    assert set().union(*found.values()) <= audit_words.FACTS.keys()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Step recorded", "Step")), ("es", ("Paso registrado", "Paso"))],
)
def test_the_audit_speaks_the_language_of_the_reader(
    client: Client, home: Path, curator: User, language: str, words: tuple[str, str]
) -> None:
    record(home, curator, HOSPITAL, "isa", on=TODAY)
    entry = AuditEntry.objects.get()
    with translation.override(language):
        line = build_line(entry)
    act, fact = words
    assert line.act == act
    assert (fact, "Information security agreement executed") in line.facts
    shown = client.get(reverse("sites:audit"), headers={"accept-language": language}).text
    assert act in shown
    assert "step_recorded" not in shown


def test_a_step_that_waits_says_for_what(client: Client) -> None:
    shown = client.get(page("onboarding")).text
    for step in list_steps():
        if step.after:
            titles = ", ".join(f"“{get_step(name).title}”" for name in step.after)
            assert f"until this is done: {titles}" in shown
