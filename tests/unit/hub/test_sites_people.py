"""Accounts, contacts and the registry: what is written, who is named, what closes at once."""

from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.ready_sites import open_drop_area
from tests.sites_pages import (
    NOW,
    SIGNED,
    make_steward,
    make_user,
    register_both,
)

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.access import get_steward_site, is_curator
from commonweal.hub.sites.actions import add_contact, add_steward, confirm_contacts, end_steward
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.models import AuditEntry, Contact, Notice, Position, Steward
from commonweal.hub.sites.registry_acts import close_site, record, reopen_site
from commonweal.intake.onboarding import (
    read_checklist,
    record_deprovisioned,
    record_reopened,
    record_test_load_passed,
)
from commonweal.intake.sftp.keys import add_key, find_key
from commonweal.intake.sites import Purpose, Site, get_site, register_site
from commonweal.intake.stewards import list_accounts
from commonweal.schema.errors import CommonwealError

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
PASSWORD = "a long enough password"


@pytest.fixture
def curator(home: Path) -> User:
    register_both(home)
    return make_user("curator", Role.CURATOR)


def add(curator: User, email: str, position: str, site: str = "hospital") -> User:
    facts = {**SIGNED, "position": position}
    return add_steward(curator, site, email=email, name="S", password=PASSWORD, **facts)


def test_a_site_has_two_stewards_at_most(curator: User) -> None:
    add(curator, "a@x.org", "primary")
    add(curator, "b@x.org", "backup")
    for position in ("primary", "backup"):
        with pytest.raises(CommonwealError, match="in this position already"):
            add(curator, "c@x.org", position)
    assert not User.objects.filter(email="c@x.org").exists()
    add(curator, "c@x.org", "primary", site="clinic")
    with pytest.raises(CommonwealError, match="this email address already"):
        add(curator, "A@x.org", "backup", site="clinic")


def test_a_position_is_free_again_when_its_account_is_closed(curator: User) -> None:
    user = add(curator, "a@x.org", "primary")
    assert get_steward_site(user) == "hospital"
    end_steward(curator, "clinic", user.steward.pk)
    assert get_steward_site(user) == "hospital"
    end_steward(curator, "hospital", user.steward.pk)
    user.refresh_from_db()
    assert (get_steward_site(user), user.is_active) == (None, False)
    add(curator, "b@x.org", "primary")


def test_the_keys_of_a_steward_end_with_the_account(curator: User, home: Path) -> None:
    user = add(curator, "A@x.org", "primary")
    assert [account.email for account in list_accounts(home, "hospital")] == ["a@x.org"]
    private = Ed25519PrivateKey.generate()
    line = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    add_key(home, site="hospital", steward="A@x.org", text=line, now=timezone.now())
    assert find_key(home, "hospital", b64decode(line.split()[1])) is not None
    end_steward(curator, "hospital", user.steward.pk)
    assert find_key(home, "hospital", b64decode(line.split()[1])) is None
    assert list_accounts(home, "hospital") == []


def test_an_account_that_cannot_be_made_is_not_written_down(curator: User, home: Path) -> None:
    add(curator, "a@x.org", "primary")
    with pytest.raises(CommonwealError, match="in this position already"):
        add(curator, "b@x.org", "primary")
    assert [account.email for account in list_accounts(home, "hospital")] == ["a@x.org"]


def test_what_has_to_be_signed_cannot_be_signed_tomorrow(curator: User) -> None:
    client = Client()
    client.force_login(curator)
    fields = {
        "position": "primary",
        "steward_name": "S",
        "steward_email": "s@x.org",
        "rules_of_behaviour_on": "2099-01-01",
        "training_on": "2026-01-01",
        "password": "short",
    }
    answer = client.post(reverse("sites:new_steward", args=["hospital"]), fields)
    assert answer.status_code == 422
    assert "This day is still to come." in answer.text
    assert "too short" in answer.text
    assert Steward.objects.count() == 0


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("sam.stone@hospital.org", "too similar to the email address"),
        ("Samantha Stonebridge", "too similar to the name"),
        ("123456789012", "entirely numeric"),
        ("passwordpassword", "only repeats something shorter"),
        ("Abcabcabcabc", "only repeats something shorter"),
        ("1234567890qwertyuiop", "too common"),
    ],
)
def test_a_first_password_is_no_guess(curator: User, password: str, words: str) -> None:
    client = Client()
    client.force_login(curator)
    fields = {
        "position": "primary",
        "steward_name": "Samantha Stonebridge",
        "steward_email": "sam.stone@hospital.org",
        "rules_of_behaviour_on": "2026-01-01",
        "training_on": "2026-01-01",
        "password": password,
    }
    answer = client.post(reverse("sites:new_steward", args=["hospital"]), fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert Steward.objects.count() == 0


def test_closing_a_site_in_the_registry_closes_its_pages_at_once(curator: User, home: Path) -> None:
    """Also when it is done at the command line, which knows nothing of accounts."""
    client = Client()
    client.force_login(make_steward("own", "hospital").user)
    address = reverse("sites:site", args=["hospital"])
    assert client.get(address).status_code == 200
    record_deprovisioned(home, "hospital", on=NOW.date(), reason="x", by="cli", now=NOW)
    assert client.get(address).status_code == 403


def test_closing_a_site_closes_accounts_for_good(curator: User, home: Path) -> None:
    user = make_steward("own", "hospital").user
    close_site(home, curator, get_site(home, "hospital"), reason="the award ended")
    reopen_site(home, curator, get_site(home, "hospital"))
    user.refresh_from_db()
    assert (user.is_active, get_steward_site(user)) == (False, None)
    assert get_site(home, "hospital").closed_on is None
    actions = AuditEntry.objects.values_list("action", "by")
    assert {("site_closed", curator.email), ("site_reopened", curator.email)} <= set(actions)


def test_closing_a_site_at_the_command_line_closes_accounts_for_good(
    curator: User, home: Path
) -> None:
    """The worker ends them, also when the site was reopened before its round."""
    user = add(curator, "a@x.org", "primary")
    unrecorded = make_steward("own", "hospital", Position.BACKUP).user
    stays = add(curator, "b@x.org", "primary", site="clinic")
    client = Client()
    client.force_login(user)
    now = timezone.now()
    assert index_submissions(home, now=now).accounts_ended == 0
    record_deprovisioned(home, "hospital", on=TODAY, reason="x", by="cli", now=now)
    record_reopened(home, "hospital", by="cli", now=now)
    assert index_submissions(home, now=now).accounts_ended == 2
    for known in (user, unrecorded, stays):
        known.refresh_from_db()
    assert [one.is_active for one in (user, unrecorded, stays)] == [False, False, True]
    assert user.steward.ended_on == TODAY
    assert client.get(reverse("sites:site", args=["hospital"])).status_code == 302
    told = AuditEntry.objects.filter(action="steward_ended", site="hospital", by="cli")
    assert {entry.facts["email"] for entry in told} == {user.email, unrecorded.email}


def test_an_account_opened_after_a_reopening_stays(curator: User, home: Path) -> None:
    add(curator, "a@x.org", "primary")
    now = timezone.now()
    record_deprovisioned(home, "hospital", on=TODAY, reason="x", by="cli", now=now)
    index_submissions(home, now=now)
    record_reopened(home, "hospital", by="cli", now=now)
    user = add(curator, "a@x.org", "primary")
    assert index_submissions(home, now=now).accounts_ended == 0
    assert get_steward_site(user) == "hospital"


def test_steps_lacking_something_are_refused_and_leave_nothing(curator: User, home: Path) -> None:
    site = get_site(home, "hospital")
    for step, words in [
        ("contacts", "no contacts"),
        ("stewards", "no steward"),
        ("drop_area", "no steward"),
        ("notice", "nobody to tell"),
        ("test_load", "passes by itself"),
        ("closed", "its own verb"),
        ("nonsense", "no step"),
    ]:
        with pytest.raises(CommonwealError, match=words):
            record(home, curator, site, step, on=TODAY)
    assert AuditEntry.objects.count() == 0
    assert not any(status.is_done for status in read_checklist(home, "hospital"))


def test_production_waits_for_agreement_and_test_load(curator: User, home: Path) -> None:
    register_site(home, Site("new", "A new site"))
    site = get_site(home, "new")
    with pytest.raises(CommonwealError, match="has to wait"):
        record(home, curator, site, "production", on=TODAY)
    record(home, curator, site, "isa", on=TODAY)
    with pytest.raises(CommonwealError, match="has to wait"):
        record(home, curator, site, "production", on=TODAY)
    open_drop_area(home, site)
    record_test_load_passed(home, "new", submission="new-1", by="receive", now=NOW)
    assert Purpose.PRODUCTION not in get_site(home, "new").purposes
    record(home, curator, site, "production", on=TODAY)
    assert Purpose.PRODUCTION in get_site(home, "new").purposes
    assert Notice.objects.get(kind="production").site == "new"


def test_the_notice_of_the_drop_area_goes_with_the_step(curator: User, home: Path) -> None:
    make_steward("own", "hospital")
    site = get_site(home, "hospital")
    for step in ("stewards", "drop_area", "notice"):
        record(home, curator, site, step, on=TODAY)
    assert "The drop area of The hospital is open" in Notice.objects.get().subject
    done = [s.step.name for s in read_checklist(home, "hospital") if s.is_done]
    assert done == ["stewards", "drop_area", "notice"]


def test_contacts_are_kept_once_and_confirmed_together(curator: User) -> None:
    add_contact(curator, "hospital", name="A", email="A@x.org", duty="")
    with pytest.raises(CommonwealError, match="as that of A"):
        add_contact(curator, "hospital", name="B", email="a@x.org", duty="IT")
    Contact.objects.update(confirmed_on="2020-01-01")
    assert confirm_contacts(curator, "hospital") == 1
    assert Contact.objects.get().confirmed_on == TODAY


def test_an_operator_makes_curators(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("add_curator", "Cara@x.org", "Cara")
    password = capsys.readouterr().out.split()[-1]
    user = User.objects.get(email="cara@x.org")
    assert is_curator(user)
    assert user.check_password(password)
    with pytest.raises(CommandError, match="already"):
        call_command("add_curator", "cara@x.org", "Cara")


def test_a_role_opens_one_process(home: Path, settings: object) -> None:
    client = Client()
    client.force_login(make_user("curator", Role.CURATOR))
    settings.ROOT_URLCONF = "commonweal.hub.urls.workbench"
    settings.HUB_ROLES = ("researcher",)
    settings.HUB_FRAME = "workbench/base.html"
    assert client.get(reverse("workbench:cohorts")).status_code == 403
    assert client.get(reverse("account_change_password")).status_code == 200


def test_a_closed_site_takes_no_acts_and_no_page_of_it_fails(curator: User, home: Path) -> None:
    add_contact(curator, "hospital", name="A", email="a@x.org", duty="")
    close_site(home, curator, get_site(home, "hospital"), reason="x")
    client = Client()
    client.force_login(curator)
    assert client.post(reverse("sites:confirm_people", args=["hospital"])).status_code == 302
    assert client.get(reverse("sites:new_steward", args=["hospital"])).status_code == 302
    step = reverse("sites:record_step", args=["hospital", "isa"])
    assert client.post(step, {"on": "2026-02-01"}).status_code == 422
    for page in ("site", "people", "onboarding", "close"):
        assert client.get(reverse(f"sites:{page}", args=["hospital"])).status_code == 200
    overview = client.get(reverse("sites:site", args=["hospital"])).text
    assert [words in overview for words in ("Next step", "Next deadline")] == [False, False]
    reopen_site(home, curator, get_site(home, "hospital"))
    overview = client.get(reverse("sites:site", args=["hospital"])).text
    assert [words in overview for words in ("Next step", "Next deadline")] == [True, True]
    assert not AuditEntry.objects.filter(action="contacts_confirmed").exists()
