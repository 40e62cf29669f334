"""A steward and a curator, each from the agreement to an accepted submission, in a browser."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.functional.conftest import check_page, find_free_ports
from tests.functional.sites_hub import SitesHub, serve_sites
from tests.intake_folders import SETTINGS, valid_row, write_persons, write_table
from tests.ready_sites import register_as

from commonweal.engine.settings import HubSettings, Settings
from commonweal.engine.storage import readable_json
from commonweal.intake.check import check_folder
from commonweal.intake.landing import get_accepted, submit_folder
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.sites import Purpose, Site, get_site
from commonweal.intake.submission import METRICS

pytestmark = pytest.mark.functional

HARBOUR = Site("harbour", "Harbour Hospital", "MA")
HILL = Site(
    "hill",
    "Hill Clinic",
    "OH",
    date(2026, 1, 7),
    tuple(Purpose),
    test_load="hill-20260201-0",
)
PASSWORD = "a harbour for ships"
BEFORE_TEST_LOAD = ("Data steward accounts", "Drop area opened", "Site told about its drop area")


@pytest.fixture(scope="module")
def sites_hub(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[SitesHub]:
    """A programme with two sites: one at its beginning, one that has sent for a while."""
    home = tmp_path_factory.mktemp("sites")
    for site in (HARBOUR, HILL):
        register_as(home, site)
    hand_in_of_hill(home, home.parent / f"{home.name}-hill")
    port = find_free_ports(1)[0]
    settings = Settings(home=home, hub=HubSettings(sites_port=port), engine=SETTINGS)
    with serve_sites(settings, Receiver(home, SETTINGS)) as served:
        yield served


def hand_in_of_hill(home: Path, folder: Path) -> None:
    """Three quarters of Hill: a metric that recovers, one that gets worse."""
    for quarter, (keys, standard) in enumerate([(0.62, 0.97), (0.81, 0.93), (0.95, 0.66)]):
        now = datetime(2026, 2 + 3 * quarter, 20, 9, tzinfo=UTC)
        write_persons(folder, *range(1, 4 + quarter))
        values = [
            build_value("gc_2", keys),
            build_value("gc_1_standard", standard),
            build_value("gc_1_standard", standard, "drug_exposure"),
        ]
        content = readable_json(
            {"vocabulary": {"version": "v5", "abridged": False}, "values": values}
        )
        landed = submit_folder(
            folder,
            home=home,
            site=HILL.name,
            purpose=Purpose.PRODUCTION,
            synthetic=False,
            now=now,
            report=check_folder(folder, dialect="programme", settings=SETTINGS),
        )
        (landed.folder / METRICS).write_bytes(content)


def build_value(metric: str, share: float, table: str | None = None) -> dict[str, object]:
    """A value as the metrics of a submission hold it."""
    meets = share >= 0.9
    return {
        "metric": metric,
        "table": table,
        "part": "",
        "status": "measured",
        "numerator": round(share * 1000),
        "denominator": 1000,
        "value": share,
        "band": "meets" if meets else "not_met",
        "words": "meets the target" if meets else "does not meet the target",
        "tone": "good" if meets else "poor",
        "action": not meets,
        "concerned": 1000 - round(share * 1000),
        "note": "",
    }


def test_a_steward_from_the_agreement_to_an_accepted_submission(
    sites_hub: SitesHub, page: Page, other_page: Page, tmp_path: Path
) -> None:
    home = sites_hub.settings.home
    good = write_persons(tmp_path / "good", 1, 2, 3)
    bad = write_table(tmp_path / "bad", "person", [valid_row("person", gender_concept_id="male")])
    curator = other_page

    # The demo's steward belongs to Harbour. Its first page says what comes next.
    sites_hub.sign_in(page, "steward@demo.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour Hospital")
    expect(page.get_by_text("No production submission has been accepted yet.")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Onboarding").click()
    expect(
        page.get_by_role("heading", name="Information security agreement executed")
    ).to_be_visible()
    assert page.get_by_role("button", name="Record").count() == 0
    check_page(page)

    # Nothing about real people is taken before the agreement, whatever it is said to be for.
    page.get_by_role("link", name="Upload").click()
    for purpose in ("test", "production"):
        begin(page, purpose, "real")
        expect(page.get_by_role("alert")).to_contain_text("no executed information security")
    check_page(page)
    begin(page, "sprint", "real", dialect="programme")
    expect(page.get_by_role("alert")).to_contain_text("are not de-identified")
    check_page(page)

    # The data centre records the agreement; production is still refused, in words.
    sites_hub.sign_in(curator, "curator@demo.example")
    curator.get_by_role("link", name="Harbour Hospital").first.click()
    curator.get_by_role("link", name="Onboarding").click()
    record(curator, "Information security agreement executed")
    begin(page, "production", "real")
    expect(page.get_by_role("alert")).to_contain_text("test load of the site harbour has not")
    check_page(page)

    # A test load with a fault comes back with the line it is on.
    begin(page, "test", "synthetic")
    hand_in(page, bad)
    sites_hub.work()
    open_latest(page)
    expect(page.locator("dl .cw-pill")).to_have_text("Rejected")
    expect(page.get_by_text("First lines: 2", exact=True)).to_be_visible()
    assert "male" not in page.get_by_role("main").inner_text()
    check_page(page)
    page.get_by_role("link", name="Warnings").click()
    expect(page.get_by_text("First lines: 2")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "gender_concept_id" in Path(download.value.path()).read_text()

    # Mended, it is accepted; but nobody has recorded the account and the drop area it is to prove.
    send(sites_hub, page, good, "test", "synthetic")
    expect(page.locator("dl .cw-pill")).to_have_text("Accepted")
    expect(page.get_by_text("does not count as the test load").first).to_be_visible()
    check_page(page)
    assert not get_site(home, "harbour").test_load

    # They are recorded, it is sent once more and passes, and the checklist knows by itself.
    for title in BEFORE_TEST_LOAD:
        record(curator, title)
    send(sites_hub, page, good, "test", "synthetic")
    expect(page.locator("dl .cw-pill")).to_have_text("Accepted")
    expect(page.get_by_text("does not count")).to_have_count(0)
    curator.reload()
    expect(step(curator, "Test load passed")).to_contain_text("Done")

    # Passed is not yet authorised; once it is, the same page takes the records of real people.
    page.get_by_role("link", name="Upload").click()
    begin(page, "production", "real")
    expect(page.get_by_role("alert")).to_contain_text("not authorised to send production")
    check_page(page)
    record(curator, "Production authorised")
    expect(step(curator, "Production authorised")).to_contain_text("Done")
    check_page(curator)
    send(sites_hub, page, good, "production", "real")
    expect(page.locator("dl .cw-pill")).to_have_text("Current")
    check_page(page)
    current = get_accepted(home, "harbour")
    assert current is not None
    assert not current.synthetic
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("region", name="In force")).to_contain_text("3 rows")
    check_page(page)

    # Contacts are the site's own to keep current.
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name", exact=True).fill("Nora Night")
    page.get_by_label("Email address").fill("nora@harbour.example")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="The list is right: confirm it").click()
    expect(page.get_by_text("nora@harbour.example")).to_be_visible()
    check_page(page)
    for tab in ("Submissions", "Metrics", "Issues", "Roster", "Data sprint", "Deadlines"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(tab)
        check_page(page)

    # Another site's pages do not open.
    answer = page.request.get(f"{sites_hub.address}/sites/of/hill/")
    assert answer.status == 403


def begin(page: Page, purpose: str, kind: str, *, dialect: str = "") -> None:
    """Say what is sent, and go on to the files."""
    page.get_by_label("What the files follow").select_option(dialect)
    page.get_by_label("What the submission is for").select_option(purpose)
    page.get_by_label("Whose records these are").select_option(kind)
    with page.expect_navigation():
        page.get_by_role("button", name="Go on to the files").click()


def hand_in(page: Page, file: Path) -> None:
    """Send a file on the upload page and hand the folder in."""
    page.locator("#choose-files").set_input_files(file)
    expect(page.locator("#files [data-state='whole']")).to_be_visible()
    page.get_by_role("button", name="Hand in").click()
    expect(page).to_have_url(re.compile("/received/"))


def send(hub: SitesHub, page: Page, file: Path, purpose: str, kind: str) -> None:
    """Send a file through the upload page, have it received, and open its report."""
    page.get_by_role("link", name="Upload").click()
    begin(page, purpose, kind)
    hand_in(page, file)
    hub.work()
    open_latest(page)


def open_latest(page: Page) -> None:
    """Open the report of what was sent last."""
    page.get_by_role("link", name="Your site").click()
    page.get_by_role("link", name="Submissions", exact=True).click()
    page.locator("tbody a").first.click()


def test_a_curator_from_the_agreement_to_an_accepted_submission(
    sites_hub: SitesHub, page: Page, other_page: Page, tmp_path: Path
) -> None:
    home, steward = sites_hub.settings.home, other_page
    persons = write_persons(tmp_path / "in", 1, 2, 3)
    sites_hub.sign_in(page, "curator@demo.example")

    # The board shows all sites by what they sent last.
    expect(page.get_by_role("heading", level=1)).to_have_text("Sites")
    expect(page.get_by_role("region", name="Current")).to_contain_text("Hill Clinic")
    check_page(page)

    # The sprint board shows how far every site is, and a site's page why.
    page.get_by_role("link", name="Data sprint").click()
    expect(page.get_by_role("table", name="Sprint board")).to_contain_text("Hill Clinic")
    check_page(page)
    page.get_by_role("link", name="Hill Clinic").click()
    expect(page.get_by_text("Nothing received").first).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Sites", exact=True).click()

    # A new site is registered; its checklist says what has to come first.
    page.get_by_role("link", name="Register a site").click()
    page.get_by_label("Short name").fill("Meadow!")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Begin with a lower-case letter")).to_be_visible()
    check_page(page)
    page.get_by_label("Short name").fill("meadow")
    page.get_by_label("Full name").fill("Meadow Health")
    page.get_by_label("State").fill("VT")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Onboarding")
    check_page(page)
    record(page, "Contact list kept current")
    expect(page.get_by_role("alert")).to_contain_text("The site has no contacts yet.")
    check_page(page)

    # People: a contact, a primary steward with everything signed.
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name", exact=True).fill("Mona Meadow")
    page.get_by_label("Email address").fill("mona@meadow.example")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="The list is right: confirm it").click()
    page.get_by_role("link", name="Add a steward").click()
    expect(page.get_by_label("First password")).to_be_visible()
    check_page(page)
    page.get_by_label("Name", exact=True).fill("Stan Steward")
    page.get_by_label("Institutional email address").fill("stan@meadow.example")
    page.get_by_label("Rules of behaviour signed on").fill("2026-02-01")
    page.get_by_label("Security training attested on").fill("2026-02-02")
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_text("Stan Steward", exact=True)).to_be_visible()
    check_page(page)

    # The drop area is opened and announced, and the steward's test load passes. Made-up records
    # may come before the agreement; real ones are refused, and production has to wait.
    page.get_by_role("link", name="Onboarding").click()
    for title in BEFORE_TEST_LOAD:
        record(page, title)
    sites_hub.sign_in(steward, "stan@meadow.example", PASSWORD)
    send(sites_hub, steward, persons, "test", "synthetic")
    page.reload()
    expect(step(page, "Test load passed")).to_contain_text("Done")
    expect(step(page, "Production authorised")).to_contain_text("Has to wait")
    steward.get_by_role("link", name="Upload").click()
    begin(steward, "production", "real")
    expect(steward.get_by_role("alert")).to_contain_text("no executed information security")
    record(page, "Information security agreement executed")
    begin(steward, "production", "real")
    expect(steward.get_by_role("alert")).to_contain_text("not authorised to send production")
    check_page(steward)
    record(page, "Production authorised")
    expect(step(page, "Production authorised")).to_contain_text("Done")
    check_page(page)

    # The first submission of real people is accepted, and the board and the outbox know.
    send(sites_hub, steward, persons, "production", "real")
    expect(steward.locator("dl .cw-pill")).to_have_text("Current")
    page.get_by_role("link", name="Sites", exact=True).click()
    expect(page.get_by_role("region", name="Current")).to_contain_text("Meadow Health")
    page.get_by_role("link", name="Outbox").click()
    expect(page.get_by_role("link", name="Meadow Health may send production data")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="was accepted").first.click()
    expect(page.get_by_text("Attached: the report of")).to_be_visible()
    expect(page.get_by_text("mona@meadow.example, stan@meadow.example")).to_be_visible()
    check_page(page)
    mails = [file.read_text() for file in (home / "hub" / "mail").iterdir()]
    assert any("Meadow Health may send production data" in mail for mail in mails)

    # Deadlines, metrics with their course, issues that opened and closed, the guide, the audit.
    page.get_by_role("link", name="Deadlines").click()
    page.get_by_label("Title").fill("A deadline between")
    page.get_by_label("Day").fill("9999-12-31")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("Choose a day after today")).to_be_visible()
    page.get_by_label("Day").fill((datetime.now(tz=UTC).date() + timedelta(days=9)).isoformat())
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_role("button", name="A deadline between")).to_be_visible()
    check_page(page)
    page.goto(f"{sites_hub.address}/sites/of/hill/metrics/")
    expect(page.get_by_role("img", name="Valid foreign keys (GC-2)")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Issues").click()
    expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    check_page(page)
    page.locator(".cw-line--exclude a").first.click()
    page.get_by_label("Your note").fill("Their mapping table is being redone.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_text("Their mapping table is being redone.")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Submissions", exact=True).click()
    page.locator("tbody a").first.click()
    expect(page.get_by_text("Compared with the one before")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Guide").click()
    page.get_by_role("link", name="Data sprint").click()
    page.get_by_role("link", name="Edit the words").click()
    page.get_by_label("Text").fill("## Our own words\n\nSee `person.csv`.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Our own words")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Our own words")).to_be_visible()
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_text("Guide changed")).to_be_visible()
    check_page(page)

    # What was mistyped is mended; whoever is to be told no more is taken off after a question.
    page.goto(f"{sites_hub.address}/sites/of/meadow/onboarding/")
    page.get_by_role("link", name="Change the details of the site").click()
    check_page(page)
    page.get_by_label("Full name").fill("Meadow Health System")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Meadow Health System").first).to_be_visible()
    page.get_by_role("link", name="People").click()
    page.get_by_role("link", name=re.compile("Change ?: Mona Meadow")).click()
    check_page(page)
    page.get_by_label("What they do").fill("IT")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=re.compile("Take off the list ?: Mona")).click()
    check_page(page)
    page.get_by_role("button", name="Take off the list").click()
    expect(page.get_by_text("Nobody is on the list.")).to_be_visible()
    page.get_by_role("link", name="Onboarding").click()
    expect(step(page, "Contact list kept current")).to_contain_text("To do")

    # Closing a site closes its accounts at once.
    page.get_by_role("link", name="Close the site").click()
    check_page(page)
    page.get_by_label("Why, for the record").fill("the award ended")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("This site was closed on")).to_be_visible()
    page.get_by_role("link", name="Reopen the site").click()
    check_page(page)
    page.get_by_role("button", name="Sign out").click()
    sites_hub.sign_in(page, "stan@meadow.example", PASSWORD)
    expect(page.get_by_role("heading", name="This account is closed")).to_be_visible()
    check_page(page)


def record(page: Page, title: str) -> None:
    """Record a step today."""
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(f"Record ?: {title}")).click()


def step(page: Page, title: str) -> object:
    """The step of a title in the checklist."""
    return page.locator(".cw-step", has=page.get_by_role("heading", name=title))


@pytest.mark.parametrize("language", ["en-US", "es-MX"])
def test_the_guide_is_open_to_everybody_in_both_languages(
    sites_hub: SitesHub, browser: Browser, language: str
) -> None:
    page = browser.new_context(locale=language).new_page()
    for name in ("overview", "data-model", "transfer", "timeline", "sprint", "tutorial"):
        page.goto(f"{sites_hub.address}/sites/guide/{name}/")
        assert page.evaluate("document.documentElement.lang") == language[:2]
        check_page(page)
    page.context.close()
