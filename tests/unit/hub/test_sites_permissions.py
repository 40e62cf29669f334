"""Every address of the pages for sites, asked for by everybody: a new one cannot be forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.sites_pages import NOW, make_row, make_steward, make_user, register_both

from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.models import (
    Contact,
    Deadline,
    Issue,
    Notice,
    PersonsRow,
    RosterRequest,
    Steward,
)
from commonweal.hub.sites.roster import CHANGES
from commonweal.intake.matching.pickup import (
    IDENTITY,
    ROSTER,
    find_lists_folder,
    find_rosters_folder,
)

pytestmark = pytest.mark.django_db

STEPS = {"step": "sprint"}
PEOPLE = ("nobody", "researcher", "own", "other", "curator", "ended")
LOGIN, NO = 302, 403
EVERYBODY = (200, 200, 200, 200, 200, 200)
OF_SITE = (LOGIN, NO, 200, NO, 200, NO)
CURATORS = (LOGIN, NO, NO, NO, 200, NO)
OWN = (LOGIN, NO, 200, NO, NO, NO)
DOES_OWN = (LOGIN, NO, 302, NO, NO, NO)
DOES_OF_SITE = (LOGIN, NO, 302, NO, 302, NO)
DOES_CURATORS = (LOGIN, NO, NO, NO, 302, NO)

TABLE = {
    ("sites:home", "GET"): (LOGIN, NO, 302, 302, 302, NO),
    ("sites:board", "GET"): CURATORS,
    ("sites:sprint", "GET"): CURATORS,
    ("sites:register", "GET"): CURATORS,
    ("sites:edit_deadlines", "GET"): CURATORS,
    ("sites:remove_deadline", "POST"): DOES_CURATORS,
    ("sites:outbox", "GET"): CURATORS,
    ("sites:notice", "GET"): CURATORS,
    ("sites:send_again", "POST"): DOES_CURATORS,
    ("sites:audit", "GET"): CURATORS,
    ("sites:guide", "GET"): EVERYBODY,
    ("sites:guide_page", "GET"): EVERYBODY,
    ("sites:edit_guide", "GET"): CURATORS,
    ("sites:site", "GET"): OF_SITE,
    ("sites:submissions", "GET"): OF_SITE,
    ("sites:submission", "GET"): OF_SITE,
    ("sites:report", "GET"): OF_SITE,
    ("sites:persons_list", "GET"): OWN,
    ("sites:roster", "GET"): OF_SITE,
    ("sites:prepare_roster", "POST"): DOES_OWN,
    ("sites:roster_file", "GET"): OWN,
    ("sites:metrics", "GET"): OF_SITE,
    ("sites:issues", "GET"): OF_SITE,
    ("sites:issue", "GET"): OF_SITE,
    ("sites:site_sprint", "GET"): OF_SITE,
    ("sites:deadlines", "GET"): OF_SITE,
    ("sites:people", "GET"): OF_SITE,
    ("sites:confirm_people", "POST"): DOES_OF_SITE,
    ("sites:edit_person", "GET"): OF_SITE,
    ("sites:remove_person", "GET"): OF_SITE,
    ("sites:new_steward", "GET"): CURATORS,
    ("sites:remove_steward", "GET"): CURATORS,
    ("sites:onboarding", "GET"): OF_SITE,
    ("sites:record_step", "POST"): DOES_CURATORS,
    ("sites:edit_site", "GET"): CURATORS,
    ("sites:close", "GET"): CURATORS,
    ("sites:reopen", "GET"): CURATORS,
}
"""What each of ``PEOPLE`` is answered, by name of the address and method."""
KINDS = {"sites:report": "json", "sites:persons_list": "matches", "sites:roster_file": "roster"}


def list_names() -> Iterator[tuple[str, frozenset[str]]]:
    """Name and arguments of every address of the app, whatever the table says."""
    for resolver in get_resolver("commonweal.hub.urls.sites").url_patterns:
        if isinstance(resolver, URLResolver) and resolver.app_name == "sites":
            for pattern in resolver.url_patterns:
                assert isinstance(pattern, URLPattern)
                yield f"sites:{pattern.name}", frozenset(pattern.pattern.regex.groupindex)


NAMES = dict(list_names())


@pytest.fixture
def people(home: Path) -> dict[str, Client]:
    """A visitor of each kind, and something to see of the hospital."""
    register_both(home)
    users = {
        "researcher": make_user("researcher", Role.RESEARCHER),
        "own": make_steward("own", "hospital").user,
        "other": make_steward("other", "clinic").user,
        "curator": make_user("curator", Role.CURATOR),
        "ended": make_steward("ended", "hospital", "backup", ended_on=NOW.date()).user,
    }
    make_row(report={"files": [], "findings": [], "missing": []})
    clients = {name: Client() for name in PEOPLE}
    for name, user in users.items():
        clients[name].force_login(user)
    return clients


@pytest.fixture
def things(people: dict[str, Client], home: Path) -> dict[str, object]:
    """Arguments for every address."""
    issue = Issue.objects.create(site="hospital", metric="gc_2", opened_at=NOW, opened_by="x")
    contact = Contact.objects.create(site="hospital", name="C", email="c@x.org", confirmed_on=NOW)
    notice = Notice.objects.create(key="k", site="hospital", kind="k", written_at=NOW)
    return {
        "site": "hospital",
        "folder": "hospital-1",
        "page": "overview",
        "issue_id": issue.pk,
        "contact_id": contact.pk,
        "notice_id": notice.pk,
        "deadline_id": Deadline.objects.create(title="t", on=NOW).pk,
        "steward_id": Steward.objects.get(user__email="own@example.org").pk,
        "step": "sprint",
        "request_id": lay_out_files(home),
    }


def lay_out_files(home: Path) -> int:
    """A roster and a list of persons that the worker has laid out for the hospital."""
    facts = {
        "persons": 1,
        "compared": 1,
        "persons_without_consent": {},
        "algorithm": {"yes": 1, "no": 0},
        "results": {"stays": 1, "leaves": 0, "not_known": 0},
        "files": [],
    }
    PersonsRow.objects.create(
        submission="hospital-1", site="hospital", as_of="2026-02-01", facts=facts
    )
    asked = RosterRequest.objects.create(
        site="hospital",
        by="own@example.org",
        asked_at=NOW,
        ready_at=NOW,
        status="ready",
        number=1,
        facts=dict.fromkeys(["participants", *CHANGES], 0),
    )
    for file in (
        find_lists_folder(home, "hospital", "hospital-1") / "2026-02-01" / IDENTITY,
        find_rosters_folder(home, "hospital") / str(asked.pk) / ROSTER,
    ):
        file.parent.mkdir(parents=True)
        file.write_text("person_id\n")
    return int(asked.pk)


def find_address(name: str, things: dict[str, object]) -> str:
    known = things | ({"kind": KINDS[name]} if name in KINDS else {})
    return reverse(name, kwargs={key: known[key] for key in NAMES[name]})


def test_every_address_is_in_the_table() -> None:
    assert set(NAMES) == {name for name, _ in TABLE}


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_who_may_open_what(
    name: str, method: str, people: dict[str, Client], things: dict[str, object]
) -> None:
    address = find_address(name, things)
    fields = {"on": "2026-02-01"} if name == "sites:record_step" else {}
    # The stranger first: whoever may act changes what there is to see.
    answers = [
        people[person].get(address) if method == "GET" else people[person].post(address, fields)
        for person in PEOPLE
    ]
    for answer in answers:
        answer.close()
    assert tuple(answer.status_code for answer in answers) == TABLE[(name, method)]


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_acts_take_no_other_method(
    name: str, method: str, people: dict[str, Client], things: dict[str, object]
) -> None:
    address = find_address(name, things)
    other = people["curator"].get(address) if method == "POST" else people["curator"].put(address)
    assert other.status_code == 405


def test_what_a_steward_asks_of_another_site_does_not_say_whether_it_exists(
    people: dict[str, Client],
) -> None:
    known = people["own"].get(reverse("sites:site", args=["clinic"]))
    unknown = people["own"].get(reverse("sites:site", args=["no_such_site"]))
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert people["curator"].get(reverse("sites:site", args=["no_such_site"])).status_code == 404


def test_rows_of_another_site_are_not_reached_through_the_own_one(
    people: dict[str, Client], things: dict[str, object]
) -> None:
    for name, argument in [("submission", "hospital-1"), ("issue", things["issue_id"])]:
        answer = people["other"].get(reverse(f"sites:{name}", args=["clinic", argument]))
        assert answer.status_code == 404
    file = reverse("sites:roster_file", args=["clinic", things["request_id"], "roster"])
    assert people["other"].get(file).status_code == 404
    people["other"].post(reverse("sites:remove_person", args=["clinic", things["contact_id"]]))
    assert Contact.objects.filter(pk=things["contact_id"]).exists()
