"""Which persons of a submission may be sent: what its page, its mail and its lists say."""

from functools import partial
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings as DjangoSettings
from tests.intake_folders import valid_row, write_persons, write_table
from tests.sites_pages import NOW, make_row, make_steward, make_user, register_both, send_persons
from tests.small_feeds import write_small_feeds

from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.indexing import index_submissions
from commonweal.hub.sites.models import AuditEntry, Notice, PersonsRow, SubmissionRow
from commonweal.hub.sites.persons import build_persons
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.lifecycle.retract import Retraction, retract
from commonweal.intake.sites import Purpose
from commonweal.intake.submission import Submission
from commonweal.pipeline.matching import list_derived, match_at_intake

pytestmark = pytest.mark.django_db
GOOD, OTHER, GONE, STRANGER = 7_000_001, 7_000_002, 7_000_003, 7_000_004
IDS = tuple(map(str, (GOOD, OTHER, GONE, STRANGER)))


@pytest.fixture
def programme(home: Path, settings: DjangoSettings) -> Settings:
    """A made-up programme that knows three of the four persons."""
    register_both(home)
    settings.COMMONWEAL = Settings(home=home, programme=ProgrammeSettings(synthetic=True))
    found: Settings = settings.COMMONWEAL
    return found


def hand_in(programme: Settings, folder: Path, purpose: Purpose = Purpose.TEST) -> Submission:
    """Four persons, of whom one bears the name of the participant and one another."""
    write_persons(folder, GOOD, OTHER, GONE, STRANGER)
    names = [(GOOD, "Ann", "Smith"), (OTHER, "Zoe", "Jones")]
    write_table(
        folder,
        "pii_name",
        [
            valid_row("pii_name", person_id=str(person), first_name=first, last_name=last)
            for person, first, last in names
        ],
    )
    report = check_folder(folder, dialect="programme", settings=programme.engine)
    landed = submit_folder(
        folder,
        home=programme.home,
        site="hospital",
        purpose=purpose,
        synthetic=True,
        now=NOW,
        report=report,
    )
    match_at_intake(programme, landed)
    index_submissions(programme.home, now=NOW)
    return landed


def know(home: Path) -> None:
    write_small_feeds(
        home, (GOOD, "hospital", "yes"), (OTHER, "hospital", "yes"), (GONE, "hospital", "withdrawn")
    )


def steward() -> Client:
    client = Client()
    client.force_login(make_steward("own", "hospital").user)
    return client


def page_of(client: Client, row: SubmissionRow) -> str:
    answer = client.get(reverse("sites:submission", args=["hospital", row.folder]))
    return answer.content.decode()


def test_counts_are_on_the_page_and_in_the_mail_and_nobody_is_named(
    programme: Settings, tmp_path: Path
) -> None:
    know(programme.home)
    hand_in(programme, tmp_path / "in")
    view = build_persons(SubmissionRow.objects.get())
    assert view is not None
    assert (view.sent, view.eligible, view.without_consent, view.withdrawn) == (4, 2, 2, 1)
    assert view.matched + view.not_matched == 2
    assert view.validated + view.left_open + view.leaving == view.not_matched
    assert dict(view.barriers) == {"no participants of the programme": 1, "withdrawn": 1}
    assert {one.finding.code for one in view.told} >= {"consent.withdrawn", "consent.not_enrolled"}
    body = Notice.objects.get(kind="verdict").body
    assert "Persons: 4 sent." in body
    assert "Without consent: 2, of whom 1 have withdrawn." in body
    assert not Notice.objects.filter(kind="persons").exists(), "one mail tells it"
    page = page_of(steward(), SubmissionRow.objects.get())
    assert "Of these, withdrawn" in page
    stored = [*PersonsRow.objects.values(), *Notice.objects.values()]
    for text in (page, str(stored)):
        assert not any(person in text for person in IDS)


def test_a_steward_downloads_the_lists_of_the_own_site_and_that_is_written_down(
    programme: Settings, tmp_path: Path
) -> None:
    know(programme.home)
    landed = hand_in(programme, tmp_path / "in")
    client, row = steward(), SubmissionRow.objects.get()
    lists = {}
    for kind in ("without-consent", "matches"):
        address = reverse("sites:persons_list", args=["hospital", row.folder, kind])
        answer = client.get(address)
        assert f'filename="{landed.id}-{kind}.csv"' in answer["Content-Disposition"]
        assert "no-store" in answer["Cache-Control"]
        lists[kind] = b"".join(answer).decode().splitlines()  # type: ignore[arg-type]  (a stream)
        answer.close()
    assert lists["without-consent"][1:] == [
        f"{GONE},withdrawn,person.csv,1",
        f"{STRANGER},not_enrolled,person.csv,1",
    ]
    assert lists["matches"][0].startswith("person_id,first_name,")
    assert [line.split(",")[0] for line in lists["matches"][1:]] == [str(GOOD), str(OTHER)]
    taken = AuditEntry.objects.filter(action="list_downloaded").values_list("by", "facts")
    assert sorted((by, facts["file"]) for by, facts in taken) == [
        ("own@example.org", "matches"),
        ("own@example.org", "without-consent"),
    ]


def test_a_curator_sees_counts_and_gets_no_list(programme: Settings, tmp_path: Path) -> None:
    know(programme.home)
    hand_in(programme, tmp_path / "in")
    client, row = Client(), SubmissionRow.objects.get()
    client.force_login(make_user("curator", Role.CURATOR))
    page = page_of(client, row)
    assert "for the stewards of the site" in page
    address = reverse("sites:persons_list", args=["hospital", row.folder, "matches"])
    assert address not in page
    assert client.get(address).status_code == 403
    assert not AuditEntry.objects.filter(action="list_downloaded").exists()


@pytest.mark.parametrize(
    ("purpose", "feeds", "words"),
    [
        (Purpose.TEST, "none", "no snapshot of its participants"),
        (Purpose.TEST, "damaged", "could not be used"),
        (Purpose.TEST, "real", "not compared with real participants"),
        (Purpose.SPRINT, "made up", "de-identified at the site"),
    ],
)
def test_where_nobody_was_compared_the_page_says_why(
    programme: Settings, tmp_path: Path, purpose: Purpose, feeds: str, words: str
) -> None:
    folder = programme.home / "feeds" / "2026-02-01"
    if feeds != "none":
        know(programme.home)
    if feeds == "damaged":
        (folder / "participant.parquet").write_bytes(b"x")
    if feeds == "real":
        manifest = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(manifest.replace("true", "false"))
    hand_in(programme, tmp_path / "in", purpose)
    page = page_of(steward(), SubmissionRow.objects.get())
    assert "were not compared" in page
    assert words in page
    assert str(programme.home) not in page
    assert "Persons:" not in Notice.objects.get(kind="verdict").body


def test_a_rejected_one_and_one_that_nobody_compared_say_so(home: Path, tmp_path: Path) -> None:
    register_both(home)
    rejected = make_row(number=1, verdict="rejected", state="rejected")
    send_persons(home, tmp_path / "in", 1)
    index_submissions(home, now=NOW)
    client = steward()
    assert "Only accepted ones are compared" in page_of(client, rejected)
    accepted = SubmissionRow.objects.get(verdict="accepted")
    assert "has not been made yet" in page_of(client, accepted)
    waiting = make_row(number=2, verdict="", state="ready")
    assert 'id="persons"' not in page_of(client, waiting)


def test_a_later_comparison_takes_the_place_of_the_first(
    programme: Settings, tmp_path: Path
) -> None:
    landed = hand_in(programme, tmp_path / "in")
    assert PersonsRow.objects.get().facts == {"why_not": "no_feeds"}
    know(programme.home)
    match_at_intake(programme, landed)
    for _ in range(2):
        index_submissions(programme.home, now=NOW)
    told = Notice.objects.get(kind="persons")
    assert "Without consent: 2" in told.body, "told when it was known, and once"
    first = PersonsRow.objects.get()
    place = programme.home / "pickup" / "hospital" / "persons" / landed.id
    assert (first.as_of, [day.name for day in place.iterdir() if day.is_dir()]) == (
        "2026-02-01",
        ["2026-02-01"],
    )
    write_small_feeds(
        programme.home, (GOOD, "hospital", "withdrawn"), day=NOW.date().replace(day=2)
    )
    match_at_intake(programme, landed)
    index_submissions(programme.home, now=NOW)
    assert PersonsRow.objects.get().facts["persons_without_consent"]["withdrawn"] == 1
    assert [day.name for day in place.iterdir() if day.is_dir()] == ["2026-03-02"]
    assert Notice.objects.filter(kind="persons").count() == 2


def test_what_is_retracted_leaves_no_list_and_no_count(programme: Settings, tmp_path: Path) -> None:
    know(programme.home)
    landed = hand_in(programme, tmp_path / "in")
    derived = partial(list_derived, programme.home)
    order = Retraction(landed, "wrong file", "me", list_derived=derived)
    retract(programme.home, order, now=NOW, engine=programme.engine)
    assert not list((programme.home / "pickup").rglob("*.csv")), "before the worker comes round"
    index_submissions(programme.home, now=NOW)
    assert not PersonsRow.objects.exists()
    assert not [f for place in ("pickup", "matching") for f in programme.home.rglob(f"{place}/*.*")]
