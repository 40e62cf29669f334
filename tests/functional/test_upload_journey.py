"""A data steward uploads a folder in a browser, and loses network and browser on the way."""

import hashlib
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.functional.conftest import check_page
from tests.functional.upload_site import PASSWORD, UploadSite, serve_uploads

pytestmark = pytest.mark.functional
ANNA, BEN, CARL = "anna@general.example", "ben@general.example", "carl@county.example"
NOT_WHOLE = re.compile(r"^Not whole yet: .*measurement\.csv")
PATIENCE = 60_000
"""Milliseconds for a file to arrive over such a line, on a machine that is busy."""
SLOWLY = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
"""Bytes a second, so that there is a middle to be cut in."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[UploadSite]:
    with serve_uploads(tmp_path_factory.mktemp("journey") / "home") as site:
        yield site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "2026-11-25-v1"
    made.mkdir()
    (made / "person.csv").write_text("person_id\n1\n", encoding="utf-8")
    (made / "death.csv").write_bytes(b"")
    (made / "measurement.csv").write_bytes(random.Random(1).randbytes(20_000_000))
    (made / "read me.txt").write_text("not a table", encoding="utf-8")
    return made


def sign_in(served: UploadSite, page: Page, email: str) -> None:
    page.goto(f"{served.address}/uploads/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{served.address}/uploads/")


def begin(page: Page) -> None:
    """Declare a submission with the keyboard alone."""
    page.get_by_label("What the submission is for").press("T")
    page.get_by_label("Whose records these are").press("M")
    page.get_by_role("button", name="Go on to the files").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Send files")


def choose(page: Page, file: str) -> None:
    """Choose a file, once the page's script is there to take it."""
    files = page.get_by_label("Files", exact=True)
    expect(files).to_be_visible()
    files.set_input_files(file)


def slow_down(context: BrowserContext, page: Page) -> None:
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOWLY)


def hash_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def find_received(served: UploadSite, site: str, digest: str) -> Path:
    found = [f for f in served.area(site).glob("2*/measurement.csv") if hash_of(f) == digest]
    assert len(found) == 1
    return found[0].parent


def wait_until_moving(page: Page, name: str) -> None:
    """Some of the file has arrived, and not all."""
    bar = page.get_by_role("row", name=name).get_by_role("progressbar")
    page.wait_for_function("bar => bar.value > 0 && bar.value < bar.max", arg=bar.element_handle())


def test_a_folder_arrives_although_the_network_goes_away(
    served: UploadSite, browser: Browser, folder: Path
) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    sign_in(served, page, ANNA)
    check_page(page)
    begin(page)
    check_page(page)
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_have_text("There is no file in this submission yet.")

    slow_down(context, page)
    with page.expect_file_chooser() as chooser:
        page.get_by_label("A folder").click()
    chooser.value.set_files(str(folder))
    expect(page.get_by_text("Left out, as no table is called so: read me.txt")).to_be_visible()
    wait_until_moving(page, "measurement.csv")
    check_page(page)

    context.set_offline(True)
    line = page.get_by_role("row", name="measurement.csv")
    expect(line).to_contain_text("Connection lost")
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_have_text(NOT_WHOLE)
    check_page(page)

    context.set_offline(False)
    for name in ("measurement.csv", "person.csv", "death.csv"):
        arrived = page.get_by_role("row", name=name)
        expect(arrived).to_contain_text("Arrived", timeout=PATIENCE)
    expect(line).to_contain_text("100 % of 20.0 MB")
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Handed in")
    digest = hash_of(folder / "measurement.csv")
    expect(page.get_by_text(digest)).to_be_visible()
    check_page(page)
    received = find_received(served, "general", digest)
    names = sorted(path.name for path in received.iterdir())
    assert names == ["_SUBMISSION.json", "death.csv", "measurement.csv", "person.csv"]
    assert faults == []
    context.close()


def test_a_browser_that_was_closed_goes_on_with_the_same_files(
    served: UploadSite, browser: Browser, folder: Path
) -> None:
    file = folder / "measurement.csv"
    first = browser.new_context(locale="en-US")
    page = first.new_page()
    sign_in(served, page, CARL)
    begin(page)
    address = page.url
    slow_down(first, page)
    choose(page, str(file))
    wait_until_moving(page, "measurement.csv")
    line = page.get_by_role("row", name="measurement.csv")
    line.get_by_role("button", name="Pause measurement.csv").press("Enter")
    expect(line).to_contain_text("Paused")
    expect(line.get_by_role("button", name="Go on measurement.csv")).to_be_visible()
    first.close()

    (part,) = served.area("county").glob(f".part-*/.part-{'?' * 32}")
    second = browser.new_context(locale="en-US")
    page = second.new_page()
    started: list[int] = []
    page.on(
        "request",
        lambda sent: (
            started.append(int(sent.headers["upload-offset"])) if sent.method == "PATCH" else None
        ),
    )
    sign_in(served, page, CARL)
    page.get_by_role("link", name="Test, begun").click()
    assert page.url == address
    line = page.get_by_role("row", name="measurement.csv")
    expect(line).to_contain_text("Choose the same file again to go on")
    arrived = part.stat().st_size
    choose(page, str(file))
    expect(line).to_contain_text("Arrived", timeout=PATIENCE)
    assert started[0] == arrived > 0
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Handed in")
    find_received(served, "county", hash_of(file))
    second.close()


def test_another_file_of_the_same_name_and_size_does_not_mix(
    served: UploadSite, browser: Browser, folder: Path
) -> None:
    file = folder / "measurement.csv"
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    sign_in(served, page, ANNA)
    begin(page)
    slow_down(context, page)
    choose(page, str(file))
    wait_until_moving(page, "measurement.csv")
    page.get_by_role("button", name="Pause all").press("Enter")
    line = page.get_by_role("row", name="measurement.csv")
    expect(line).to_contain_text("Paused")
    # The export is made anew, with the same size, and even the same time.
    status = file.stat()
    other = random.Random(2).randbytes(20_000_000)
    file.write_bytes(other)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    page.reload()
    choose(page, str(file))
    expect(line).to_contain_text("Arrived", timeout=PATIENCE)
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not as they are on your machine")
    check_page(page)
    choose(page, str(file))
    expect(line).to_contain_text("Arrived", timeout=PATIENCE)
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Handed in")
    find_received(served, "general", hashlib.sha256(other).hexdigest())
    context.close()


def test_a_file_is_taken_out_and_a_submission_discarded(
    served: UploadSite, browser: Browser, folder: Path
) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    sign_in(served, page, BEN)
    begin(page)
    choose(page, str(folder / "person.csv"))
    line = page.get_by_role("row", name="person.csv")
    expect(line).to_contain_text("Arrived", timeout=PATIENCE)
    line.get_by_role("button", name="Take out person.csv").press("Enter")
    expect(line).to_have_count(0)
    expect(page.get_by_label("Files", exact=True)).to_be_focused()
    page.get_by_text("Discard this submission").click()
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Upload for General Hospital")
    expect(page.get_by_text("Begun, and not handed in")).to_have_count(0)
    context.close()


def test_without_scripts_there_is_a_plain_form(
    served: UploadSite, browser: Browser, folder: Path
) -> None:
    context = browser.new_context(locale="en-US", java_script_enabled=False)
    page = context.new_page()
    sign_in(served, page, ANNA)
    begin(page)
    expect(page.get_by_text("script does not run")).to_contain_text("50.0 MB")
    files = [str(folder / name) for name in ("person.csv", "death.csv")]
    page.get_by_label("Files to send").set_input_files(files)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("row", name="person.csv")).to_contain_text("Arrived")
    page.get_by_role("button", name="Hand in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Handed in")
    expect(page.get_by_text(hash_of(folder / "person.csv"))).to_be_visible()
    context.close()


def test_two_files_of_one_name_are_named_before_anything_is_sent(
    served: UploadSite, browser: Browser, tmp_path: Path
) -> None:
    for seconds, name in enumerate(("a", "b"), start=1):
        file = tmp_path / "in" / name / "person.csv"
        file.parent.mkdir(parents=True)
        file.write_text(f"person_id\n{name}\n")
        os.utime(file, (seconds, seconds))
    (tmp_path / "in" / "death.csv").write_text("person_id\n")
    (tmp_path / "in" / f"{'x' * 226}.csv").write_text("of no table")
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(served, page, BEN)
    begin(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_label("A folder").click()
    chooser.value.set_files(str(tmp_path / "in"))
    expect(page.get_by_role("alert")).to_contain_text("in/a/person.csv, in/b/person.csv")
    expect(page.get_by_role("row", name="death.csv")).to_contain_text("Arrived", timeout=PATIENCE)
    expect(page.get_by_role("row", name="person.csv")).to_have_count(0)
    check_page(page)

    # Chosen one after the other, the last one counts, whatever was computed of the first.
    for name in ("a", "b"):
        choose(page, str(tmp_path / "in" / name / "person.csv"))
    expect(page.get_by_role("alert")).to_have_count(0)
    row = page.get_by_role("row", name="person.csv")
    expect(row).to_contain_text("Arrived", timeout=PATIENCE)
    page.get_by_role("button", name="Hand in", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Handed in")
    expect(page.get_by_text(hash_of(tmp_path / "in" / "b" / "person.csv"))).to_be_visible()
    page.get_by_role("link", name="Submissions").click()
    expect(page.get_by_text("Received, waiting to be checked").first).to_be_visible()
    check_page(page)
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing more to send here")
    check_page(page)
    context.close()
