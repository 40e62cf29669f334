"""A researcher signs in and counts a cohort, with and without JavaScript."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.functional.conftest import Hub, check_page
from tests.functional.tiny_programme import count_by_hand

pytestmark = pytest.mark.functional


def sign_in(hub: Hub, page: Page, *, password: str | None = None) -> None:
    """Sign in with the demo researcher's account."""
    credential = hub.credentials[0]
    page.goto(f"{hub.workbench}/")
    page.get_by_label("Email").fill(credential.email)
    page.get_by_label("Password").fill(password or credential.password)
    page.get_by_role("button", name="Sign in").click()


def add_line(page: Page, words: str, button: str) -> None:
    """Search for a concept and press one of its buttons."""
    page.get_by_label("Words or code").fill(words)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name=button, exact=True).click()


def test_a_researcher_counts_a_cohort(hub: Hub, page: Page, tmp_path: Path) -> None:
    # Nothing is shown before sign-in, and a wrong password is told in words.
    page.goto(f"{hub.workbench}/cohorts/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the workbench")
    check_page(page)
    sign_in(hub, page, password="not the password")
    expect(page.get_by_role("alert")).to_contain_text("There is no account")
    check_page(page)
    sign_in(hub, page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Count a cohort")
    check_page(page)

    # The researcher looks for concepts and says what must and must not be in the records.
    page.get_by_label("Words or code").press_sequentially("diab")
    page.get_by_role("button", name="Must have Type 2 diabetes mellitus", exact=True).press("Enter")
    expect(page.get_by_text("Must have: Type 2 diabetes mellitus")).to_be_visible()
    expect(page.get_by_label("Words or code")).to_be_focused()
    add_line(page, "74474003", "Must not have Gastrointestinal hemorrhage")
    page.get_by_text("Female", exact=True).click()
    page.get_by_label("Age from").fill("30")
    page.get_by_label("Age to").fill("69")
    check_page(page)
    page.get_by_role("button", name="Count", exact=True).click()

    # The number is the one that a plain loop over the same rows gives.
    wanted = count_by_hand(sex=8532, ages=(30, 69), having=201826, lacking=192671)
    expect(page.get_by_role("status")).to_have_text(f"{wanted:,} persons")
    expect(page.get_by_text("Everybody of sex Female")).to_contain_text("aged 30 to 69")
    expect(page.get_by_role("img", name="Persons by age and sex")).to_be_visible()
    page.get_by_text("By sex, race and age, as a table").click()
    cells = page.get_by_role("table", name="Persons by sex, race and age").locator("tbody tr")
    assert sum(int(row.locator("td").last.inner_text()) for row in cells.all()) == wanted
    page.get_by_text("The same as SQL").click()
    expect(page.get_by_label("SQL")).to_contain_text("SELECT")
    check_page(page)

    # The definition can be taken away as JSON, and handed in again as a file.
    page.get_by_text("Use a definition as a file").click()
    definition = page.get_by_label("Definition as JSON").input_value()
    assert json.loads(definition)["people"] == {"age": {"min": 30, "max": 69}, "sex": [8532]}
    (tmp_path / "cohort.json").write_text(definition, encoding="utf-8")
    page.goto(f"{hub.workbench}/cohorts/")
    page.get_by_text("Use a definition as a file").click()
    page.get_by_label("Or a file with it").set_input_files(tmp_path / "cohort.json")
    page.get_by_role("button", name="Count this definition").click()
    expect(page.get_by_role("status")).to_have_text(f"{wanted:,} persons")

    # A second page belongs to the account; then the researcher leaves.
    expect(page.get_by_text("Rosa Researcher")).to_be_visible()
    page.get_by_role("link", name="Change password").click()
    check_page(page)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{hub.workbench}/cohorts/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the workbench")


FAULTS = {
    "": "The definition is empty.",
    "{": "is not JSON: line 1",
    '{"peple": {}}': "did you mean 'people'?",
    '{"people": {"age": {"min": 60, "max": 20}}}': "has a min above its max",
    "[]": "holds no JSON object",
    '{"ConceptSets": []}': "is an ATLAS definition",
}


def test_faults_in_a_definition_stand_beside_the_field(hub: Hub, page: Page) -> None:
    sign_in(hub, page)
    for definition, words in FAULTS.items():
        page.goto(f"{hub.workbench}/cohorts/")
        page.get_by_text("Use a definition as a file").click()
        page.get_by_label("Definition as JSON").fill(definition)
        page.get_by_role("button", name="Count this definition").click()
        field = page.locator(".usa-form-group--error", has=page.locator("textarea"))
        expect(field).to_contain_text(words)
        expect(page.get_by_label("Definition as JSON")).to_have_value(definition)
    check_page(page)


def test_a_concept_nobody_knows_is_named(hub: Hub, page: Page) -> None:
    sign_in(hub, page)
    page.get_by_text("Use a definition as a file").click()
    item = {"domain": "condition", "concepts": [{"concept_id": 123456}]}
    page.get_by_label("Definition as JSON").fill(json.dumps({"include": [{"any": [item]}]}))
    page.get_by_role("button", name="Count this definition").click()
    expect(page.get_by_role("alert")).to_contain_text("do not know: 123456")
    check_page(page)


def test_ages_in_the_wrong_order_are_told_beside_the_field(hub: Hub, page: Page) -> None:
    sign_in(hub, page)
    page.get_by_label("Age from").fill("60")
    page.get_by_label("Age to").fill("20")
    page.get_by_label("Age to").press("Enter")
    expect(page.get_by_text("This age is below the other one.")).to_be_visible()
    expect(page.get_by_label("Age from")).to_have_value("60")
    expect(page.get_by_role("heading", name="Result")).to_have_count(0)
    check_page(page)


def test_the_builder_works_without_javascript(hub: Hub, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False, locale="en-US").new_page()
    sign_in(hub, page)
    page.get_by_label("Kind of record").select_option("Drugs")
    add_line(page, "metformin", "Must have metformin")
    add_line(page, "acetaminophen", "Must have acetaminophen")
    page.get_by_role("button", name="Take out acetaminophen").click()
    expect(page.get_by_text("Must have: acetaminophen")).to_have_count(0)
    page.get_by_role("button", name="Count", exact=True).click()
    wanted = count_by_hand(having=1503297)
    expect(page.get_by_role("status")).to_have_text(f"{wanted:,} persons")
    page.context.close()


def test_nobody_signs_up(hub: Hub, page: Page) -> None:
    page.goto(f"{hub.workbench}/accounts/signup/")
    expect(page.get_by_text("Nobody can make an account here by themselves.")).to_be_visible()
    check_page(page)
