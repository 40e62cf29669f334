"""A steward hands in, sees whose consent is missing, and downloads the lists and the roster."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.functional.conftest import check_page, find_free_ports
from tests.functional.sites_hub import SitesHub, serve_sites
from tests.intake_folders import SETTINGS, valid_row, write_persons, write_table
from tests.ready_sites import register_as
from tests.small_feeds import write_small_feeds

from commonweal.engine.settings import HubSettings, ProgrammeSettings, Settings
from commonweal.intake.check.concepts import Terms
from commonweal.intake.lifecycle.acts import make_ledger, rerun_check
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.lifecycle.drop import RECEIPT
from commonweal.intake.metrics import Surroundings
from commonweal.intake.sites import Purpose, Site
from commonweal.intake.submission import list_submissions
from commonweal.pipeline.receiving import build_receiver

pytestmark = pytest.mark.functional

STEWARD, CURATOR = "steward@demo.example", "curator@demo.example"
HARBOUR = Site(
    "harbour", "Harbour Hospital", "MA", isa_date=date(2026, 1, 7), purposes=(Purpose.TEST,)
)
GOOD, OTHER, GONE, STRANGER = 7_000_001, 7_000_002, 7_000_003, 7_000_004
FOLDER = "2026-03-01-v1"
OPENED = {"hub", "registry", "drop", "pickup"}
"""What the sites process may reach into."""


@pytest.fixture(scope="module")
def persons_hub(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[SitesHub]:
    """A made-up programme that knows three participants of its one site."""
    home = tmp_path_factory.mktemp("persons")
    register_as(home, HARBOUR)
    write_small_feeds(
        home, (GOOD, "harbour", "yes"), (OTHER, "harbour", "yes"), (GONE, "harbour", "withdrawn")
    )
    settings = Settings(
        home=home,
        programme=ProgrammeSettings(synthetic=True),
        hub=HubSettings(sites_port=find_free_ports(1)[0]),
        engine=SETTINGS,
    )
    with serve_sites(settings, build_receiver(settings)) as served:
        yield served


def put_folder(home: Path) -> None:
    """A test load in the drop area: four persons, one of whom has the name of somebody else."""
    folder = home / "drop" / "harbour" / FOLDER
    folder.mkdir(parents=True)
    write_persons(folder, GOOD, OTHER, GONE, STRANGER)
    names = [(GOOD, "Ann", "Smith"), (OTHER, "Zoe", "Jones")]
    rows = [
        valid_row("pii_name", person_id=str(person), first_name=first, last_name=last)
        for person, first, last in names
    ]
    write_table(folder, "pii_name", rows)
    (folder / DECLARATION).write_text('{"purpose": "test", "synthetic": true}')


def read_download(page: Page, name: str) -> list[dict[str, str]]:
    """Follow a link to a file with the keyboard, and read what it gives."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name).first.press("Enter")
    with Path(download.value.path()).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_steward_sees_whose_consent_is_missing_and_downloads_lists_and_roster(
    persons_hub: SitesHub, page: Page
) -> None:
    home = persons_hub.settings.home
    persons_hub.work()
    persons_hub.sign_in(page, STEWARD)

    # Before anything is sent: whom may the site send? The worker prepares the roster.
    page.get_by_role("link", name="Roster", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Roster")
    expect(page.get_by_text("never", exact=True)).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Prepare the roster").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is being prepared")
    check_page(page)
    persons_hub.work()
    page.get_by_role("link", name="Look again").press("Enter")
    expect(page.get_by_text("2 on the roster.")).to_be_visible()
    check_page(page)
    roster = read_download(page, "The whole roster")
    assert [(row["participant_id"], row["change"]) for row in roster] == [
        (str(GOOD), "added"),
        (str(OTHER), "added"),
    ]
    assert len(read_download(page, "The changes alone")) == 2
    expect(page.get_by_role("table", name="Downloads so far")).to_contain_text(STEWARD)

    # A folder is handed in; its page says whose consent is missing, in counts.
    put_folder(home)
    persons_hub.work()
    receipt = json.loads((home / "drop" / "harbour" / FOLDER / RECEIPT).read_bytes())
    assert receipt["persons_and_consent"]["persons_without_consent"] == {
        "not_enrolled": 1,
        "withdrawn": 1,
    }
    page.get_by_role("link", name="Submissions", exact=True).click()
    page.locator("tbody a").first.click()
    section = page.get_by_role("region", name="Persons and consent")
    expect(section).to_contain_text("Compared with the programme's participants")
    facts = dict(
        zip(
            section.locator("dt").all_inner_texts(),
            section.locator("dd").all_inner_texts(),
            strict=True,
        )
    )
    assert facts["Persons sent"] == "4"
    assert facts["Eligible: consent in force"] == "2"
    assert (facts["Without consent"], facts["Of these, withdrawn"]) == ("2", "1")
    assert str(GONE) not in page.content()
    check_page(page)
    without = read_download(page, "Persons without consent")
    assert [(row["person_id"], row["reason"]) for row in without] == [
        (str(GONE), "withdrawn"),
        (str(STRANGER), "not_enrolled"),
    ]
    matches = {row["person_id"]: row for row in read_download(page, "Results of the comparison")}
    assert {id_: row["first_name"] for id_, row in matches.items()} == {
        str(GOOD): "match",
        str(OTHER): "no_match",
    }

    # The data centre checks once more; the page shows the newer report and why there is one.
    (submission,) = list_submissions(home)
    ledger = make_ledger(home, "harbour", datetime.now(tz=UTC), "the data centre")
    rerun_check(
        ledger,
        submission,
        SETTINGS,
        reason="new list of units",
        around=Surroundings(Terms.shipped()),
    )
    persons_hub.work()
    page.reload()
    expect(page.get_by_text("By the data centre: new list of units")).to_be_visible()
    check_page(page)
    mails = [file.read_text() for file in (home / "hub" / "mail").iterdir()]
    assert any("Persons: 4 sent." in mail for mail in mails)
    assert not any(str(GONE) in mail for mail in mails)

    # A curator sees that and when the site downloaded, and is given no file.
    page.get_by_role("button", name="Sign out").click()
    persons_hub.sign_in(page, CURATOR)
    page.goto(f"{persons_hub.address}/sites/of/harbour/roster/")
    expect(page.get_by_role("table", name="Downloads so far")).to_contain_text(STEWARD)
    expect(page.get_by_role("link", name="The whole roster")).to_have_count(0)
    check_page(page)
    opened = home.with_name(f"{home.name}.sites.opened").read_text(encoding="utf-8")
    paths = [Path(line).relative_to(home) for line in opened.splitlines()]
    assert {path.parts[0] for path in paths if path.parts} <= OPENED


def test_the_new_pages_are_whole_in_spanish(persons_hub: SitesHub, browser: Browser) -> None:
    page = browser.new_context(locale="es-MX").new_page()
    page.goto(f"{persons_hub.address}/")
    password = persons_hub.credentials[STEWARD].password
    assert password
    page.locator("input[name=login]").fill(STEWARD)
    page.locator("input[name=password]").fill(password)
    page.locator("main form button[type=submit]").click()
    page.get_by_role("link", name="Nómina").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nómina")
    check_page(page)
    page.get_by_role("link", name="Envíos").click()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("region", name="Personas y consentimiento")).to_be_visible()
    check_page(page)
    page.context.close()
