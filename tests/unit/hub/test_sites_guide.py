"""The guide: words that are safe to show, every version kept, facts from declarations."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from tests.sites_pages import NOW, make_user

from commonweal.engine.storage import StoredFile
from commonweal.hub.accounts.models import Role
from commonweal.hub.sites.guide import PAGES, read_page
from commonweal.hub.sites.markup import render_markup
from commonweal.hub.sites.models import AuditEntry, GuideText
from commonweal.intake.lifecycle.drop import QUIET, DropFolder, judge, parse_version
from commonweal.intake.onboarding import get_step
from commonweal.schema.model import get_model

TAGS = {"h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "a"}


class Collector(HTMLParser):
    """Tags, attributes and text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def collect(text: str) -> Collector:
    collector = Collector()
    collector.feed(render_markup(text))
    collector.close()
    return collector


@given(st.text(alphabet="ab<>&\"'`*#-[](): \n/1.jh", max_size=80))
def test_no_text_makes_another_tag_or_an_open_one(text: str) -> None:
    found = collect(text)
    assert set(found.tags) <= TAGS
    assert found.open == []
    assert {name for name, _ in found.attributes} <= {"class", "href", "tabindex"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("## One\nwords\nmore", "<h2>One</h2>\n<p>words more</p>"),
        ("- a\n- **b**", "<ul><li>a</li><li><strong>b</strong></li></ul>"),
        ("as *not sent*, and *b*.", "<p>as <em>not sent</em>, and <em>b</em>.</p>"),
        ("**a** *b*", "<p><strong>a</strong> <em>b</em></p>"),
        ("2 * 3 * 4, a*b*c, *.csv", "<p>2 * 3 * 4, a*b*c, *.csv</p>"),
        ("1. a\n2) `<b>`", "<ol><li>a</li><li><code>&lt;b&gt;</code></li></ol>"),
        ("[x](javascript:1)", "<p>[x](javascript:1)</p>"),
        ("[x](//evil.example)", "<p>[x](//evil.example)</p>"),
        ("[x](/sites/)", '<p><a class="usa-link" href="/sites/">x</a></p>'),
        ('[x](https://a"b)', '<p><a class="usa-link" href="https://a&quot;b">x</a></p>'),
        (
            "```\na\n\n<b>\n```",
            '<pre class="cw-sql" tabindex="0"><code>a\n\n&lt;b&gt;</code></pre>',
        ),
    ],
)
def test_marks(text: str, html: str) -> None:
    assert render_markup(text) == html


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_has_words_and_answers_everybody(page: str, language: str, home: Path) -> None:
    assert len(read_page(page, language).text) > 100
    client = Client(headers={"accept-language": language})
    answer = client.get(reverse("sites:guide_page", args=[page]))
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_mark_is_left_in_the_words(page: str, language: str, home: Path) -> None:
    words = re.sub("<pre.*?</pre>", "", read_page(page, language).html, flags=re.DOTALL)
    assert "*" not in words


@pytest.mark.django_db
def test_the_guide_says_of_an_undeclared_folder_what_happens_to_it(home: Path) -> None:
    """A folder that has been quiet for three hours is held, and not taken."""
    version = parse_version("2026-03-01-v1")
    assert version is not None
    file = StoredFile("2026-03-01-v1/person.csv", 1, NOW)
    folder = DropFolder(version, {"person.csv": file})
    assert judge(folder, None, now=NOW + QUIET + QUIET).state == "held"
    text = Client().get(reverse("sites:guide_page", args=["transfer"])).text
    assert "it is held until you add the file" in text
    assert "three hours" not in text


@pytest.mark.django_db
def test_the_way_to_the_first_submission_does_not_end_with_the_end(home: Path) -> None:
    text = Client().get(reverse("sites:guide_page", args=["timeline"])).text
    assert "Production authorised" in text
    assert get_step("closed").title not in text


@pytest.mark.django_db
def test_the_data_model_is_that_of_the_check(home: Path) -> None:
    text = Client().get(reverse("sites:guide_page", args=["data-model"])).text
    for column in get_model("programme").table("person").columns:
        assert f"<code>{column}</code>" in text
    assert Client().get(reverse("sites:guide_page", args=["nothing"])).status_code == 404


@pytest.mark.django_db
def test_a_curator_edits_words_and_no_version_is_lost(home: Path) -> None:
    client, address = Client(), reverse("sites:edit_guide", args=["sprint"])
    client.force_login(make_user("curator", Role.CURATOR))
    assert "New <b>" not in client.post(address, {"text": "New <b>", "preview": "1"}).text
    assert GuideText.objects.count() == 0
    for text in ("First words", "Second words", "Second words"):
        fields = {"text": text, "over": read_over(client, address), "save": "1"}
        assert client.post(address, fields).status_code == 302
    assert [version.text for version in GuideText.objects.all()] == ["Second words", "First words"]
    assert AuditEntry.objects.filter(action="guide_changed").count() == 2
    shown = Client().get(reverse("sites:guide_page", args=["sprint"])).text
    assert "Second words" in shown
    with translation.override("es"):
        assert "sprint de datos" in read_page("sprint", "es").text


def read_over(client: Client, address: str) -> object:
    """The version that the editor begins with, as its page has it."""
    return client.get(address).context["form"]["over"].value() or ""


@pytest.mark.django_db
def test_of_two_editors_the_second_sees_what_the_first_published(home: Path) -> None:
    client, address = Client(), reverse("sites:edit_guide", args=["sprint"])
    client.force_login(make_user("curator", Role.CURATOR))
    over = read_over(client, address)
    first = {"text": "Words of the first", "over": over, "save": "1"}
    assert client.post(address, first).status_code == 302
    second = {"text": "Words of the second", "over": over, "save": "1"}
    answer = client.post(address, second)
    assert answer.status_code == 422
    assert "A newer version was published while you were writing." in answer.text
    assert "Words of the first" in answer.text
    assert "Words of the second" in answer.text, "nothing that was typed is lost"
    assert [version.text for version in GuideText.objects.all()] == ["Words of the first"]
    second["over"] = answer.context["form"]["over"].value()
    assert client.post(address, second).status_code == 302
    assert GuideText.objects.first().text == "Words of the second"


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "  \n "])
def test_no_page_of_the_guide_is_published_empty(home: Path, text: str) -> None:
    client, address = Client(), reverse("sites:edit_guide", args=["sprint"])
    client.force_login(make_user("curator", Role.CURATOR))
    answer = client.post(address, {"text": text, "over": "", "save": "1"})
    assert answer.status_code == 422
    assert GuideText.objects.count() == 0
