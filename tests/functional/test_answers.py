"""What the real processes answer over plain HTTP: headers, caching, bad input, what is open."""

import http.client
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest
from tests.functional.conftest import Hub
from tests.functional.visitor import Visitor

pytestmark = pytest.mark.functional

PUBLIC_PAGES = (
    "/en/",
    "/es/",
    "/en/data/",
    "/en/data/?q=diabetes",
    "/en/data/condition/",
    "/en/data/condition/?q=finding&page=2",
    "/es/data/drug/",
    "/en/data/concept/201826/",
    "/en/about/",
)
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


UNKNOWN_CONCEPT = (
    '{"include": [{"any": [{"domain": "condition", "concepts": [{"concept_id": 5}]}]}]}'
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def ask(address: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request on a connection of its own; redirects are not followed."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=names)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return Answer(answer.status, answer.headers, body)


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_are_safe_and_cacheable(hub: Hub, path: str) -> None:
    answer = ask(hub.public, path)
    assert answer.status == 200
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "HX-Request" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=", answer.text)


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_seen_before_is_not_sent_again(hub: Hub, path: str) -> None:
    first = ask(hub.public, path)
    again = ask(hub.public, path, If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    whole = ask(hub.public, path)
    assert (whole.status, whole.text) == (200, first.text)


def test_the_part_that_htmx_asks_for_is_kept_apart_from_the_page(hub: Hub) -> None:
    path = "/en/data/drug/?q=met"
    whole, part = ask(hub.public, path), ask(hub.public, path, HX_Request="true")
    assert whole.headers["ETag"] != part.headers["ETag"]
    assert whole.text.startswith("<!doctype html>")
    assert "<html" not in part.text
    assert "metformin" in part.text
    assert ask(hub.public, path).text == whole.text


def test_head_has_the_headers_and_no_body(hub: Hub) -> None:
    answer = ask(hub.public, "/en/about/", method="HEAD")
    assert (answer.status, answer.text) == (200, "")


def test_pages_are_compressed_where_that_is_understood(hub: Hub) -> None:
    path = "/en/data/condition/"
    assert ask(hub.public, path, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in ask(hub.public, path).headers


def test_every_script_style_and_picture_is_there(hub: Hub) -> None:
    pages = [(hub.public, path) for path in PUBLIC_PAGES]
    pages += [(hub.workbench, "/accounts/login/"), (hub.public, "/en/nowhere")]
    assets = {
        (address, found.partition("#")[0])
        for address, path in pages
        for found in re.findall(r'(?:src|href)="(/static/[^"]+)"', ask(address, path).text)
    }
    assert len(assets) >= 5
    assert {ask(address, asset).status for address, asset in assets} == {200}
    css = ask(hub.public, "/static/vendor/uswds/css/uswds.min.css").text
    for asset in set(re.findall(r"url\(\.\./([^)?#]+\.(?:svg|woff2))", css)):
        assert ask(hub.public, f"/static/vendor/uswds/{asset}").status == 200, asset


@pytest.mark.parametrize(
    "path",
    [
        f"/en/data/?q={quote('x' * 3000)}",
        "/en/data/condition/?q=%00&page=%00",
        "/en/data/condition/?page=-1",
        "/en/data/condition/?page=99999999999999999999",
        "/en/data/condition/?page=²",
        "/en/data/condition/?q=%22%20OR%20*%20NEAR(",
        "/en/data/condition/?q=%ff%fe",
        "/en/data/condition/?q=%ed%a0%80",
        "/en/data/condition/?q=<script>alert(1)</script>",
    ],
)
def test_odd_searches_are_answered(hub: Hub, path: str) -> None:
    answer = ask(hub.public, quote(path, safe="/?=&%"))
    assert answer.status == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/en/data/nothing/", 404),
        ("/en/data/concept/99999999999999999999999999/", 404),
        ("/en/data/concept/-1/", 404),
        ("/fr/", 404),
        ("/en/../../etc/passwd", 404),
        ("/static/../settings/base.py", 404),
        ("/admin/", 404),
        ("/accounts/login/", 404),
        ("/cohorts/", 404),
    ],
)
def test_what_is_not_public_is_not_there(hub: Hub, path: str, status: int) -> None:
    answer = ask(hub.public, path)
    assert answer.status == status
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/en/nowhere", "GET", 404), ("/es/data/nothing/", "GET", 404), ("/en/about/", "POST", 405)],
)
def test_an_error_page_leads_back_into_the_site(
    hub: Hub, path: str, method: str, status: int
) -> None:
    answer = ask(hub.public, path, method=method)
    assert answer.status == status
    for found in ('role="search"', 'class="cw-nav"', 'class="cw-language"', "R2026Q3R1", "cw-mark"):
        assert found in answer.text, found
    assert status != 405 or answer.headers["Allow"] == "GET, HEAD"
    (address,) = re.findall(r'class="cw-language" href="([^"]+)"', answer.text)
    assert address.startswith("/es/" if path.startswith("/en/") else "/en/")
    assert path != "/en/nowhere" or ask(hub.public, address).status == 200


def test_what_is_too_large_is_answered_in_words(hub: Hub) -> None:
    researcher = Visitor(hub.workbench)
    researcher.sign_in(hub.credentials[0].email, str(hub.credentials[0].password))
    answer = researcher.post("/cohorts/definition/", page="/cohorts/", definition="x" * 5_000_000)
    assert answer.status == 413
    assert "a cohort definition may have up to 1 MB" in answer.text
    assert 'class="cw-nav"' in answer.text
    answer = researcher.post("/cohorts/definition/", page="/cohorts/", definition="x" * 1_500_000)
    assert answer.status == 422
    assert "larger than 1 MB" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"line": "include:condition:xyz"},
        {"line": ["include:condition:201826", "frob:condition:201826"]},
        {"line": "include:genes:1"},
        {"line": f"include:condition:{'9' * 40}"},
        {"add": "include:genes:1"},
        {"remove": "nothing"},
    ],
)
def test_a_criterion_that_cannot_be_read_is_refused(
    hub: Hub, fields: dict[str, str | list[str]]
) -> None:
    researcher = Visitor(hub.workbench)
    researcher.sign_in(hub.credentials[0].email, str(hub.credentials[0].password))
    answer = researcher.post("/cohorts/", count="1", **fields)
    assert answer.status == 422
    assert "One of the criteria cannot be read, so nothing was counted." in answer.text
    assert "persons</span>" not in answer.text


def test_an_unknown_kind_of_record_is_refused(hub: Hub) -> None:
    researcher = Visitor(hub.workbench)
    researcher.sign_in(hub.credentials[0].email, str(hub.credentials[0].password))
    answer = researcher.post("/cohorts/", domain="genes", q="diabetes", search="1")
    assert (answer.status, "Type 2 diabetes" in answer.text) == (422, False)
    assert "genes is not one of the available choices" in answer.text


def test_advice_on_a_page_names_no_command(hub: Hub) -> None:
    researcher = Visitor(hub.workbench)
    researcher.sign_in(hub.credentials[0].email, str(hub.credentials[0].password))
    for definition in ("[]", '{"ConceptSets": []}', UNKNOWN_CONCEPT):
        answer = researcher.post("/cohorts/definition/", page="/cohorts/", definition=definition)
        assert answer.status == 422
        assert "compare with the example" in answer.text
        assert not re.search(r"`|commonweal (cohort|vocabulary)", answer.text)


def test_a_search_shows_what_it_found(hub: Hub) -> None:
    text = ask(hub.public, "/en/data/?q=diabetes").text
    assert re.search(r'/en/data/concept/201826/" lang="en">[^<]+</a> <span>2,000 part', text)
    assert "All 60 in “Conditions”" in ask(hub.public, "/en/data/?q=finding").text


def test_the_example_of_the_search_finds_something(hub: Hub) -> None:
    for path in ("/en/", "/en/data/", "/en/data/drug/", "/en/data/?q=qqqq"):
        text = ask(hub.public, path).text
        said = re.search(r"a code such as (\S+), or a concept number such as (\d+)", text)
        assert said
        for words in said.groups():
            assert "1 concept found" in ask(hub.public, f"/en/data/?q={words}").text


def test_concept_names_are_marked_as_english(hub: Hub) -> None:
    for path in ("/es/data/condition/", "/es/data/?q=diabetes", "/es/data/concept/201826/"):
        names = re.findall(r"<[^<]*>(?=Type 2 diabetes mellitus)", ask(hub.public, path).text)
        assert [tag for tag in names if tag not in {"<title>"} and 'lang="en"' not in tag] == []
        assert names


def test_another_name_for_the_machine_is_refused(hub: Hub) -> None:
    assert ask(hub.public, "/en/", Host="elsewhere.example").status == 400


def test_forms_from_elsewhere_are_refused(hub: Hub) -> None:
    answer = ask(hub.workbench, "/accounts/login/", method="POST")
    assert answer.status == 403
    assert "This form is too old" in answer.text


@pytest.mark.parametrize("path", ["/", "/cohorts/", "/cohorts/concepts/", "/accounts/nowhere/"])
def test_the_workbench_shows_nothing_before_sign_in(hub: Hub, path: str) -> None:
    answer = ask(hub.workbench, path)
    assert answer.status in {302, 404}
    assert "R2026Q3R1" not in answer.text


def test_workbench_cookies_cannot_be_read_by_scripts_or_sent_from_elsewhere(hub: Hub) -> None:
    cookies = ask(hub.workbench, "/accounts/login/").headers.get_all("Set-Cookie") or []
    assert cookies
    assert all("HttpOnly" in c and "SameSite" in c for c in cookies)
