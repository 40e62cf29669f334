"""From published counts to words on a page."""

from datetime import date

import pytest
from django.http import QueryDict
from django.utils import translation

from commonweal.disclosure.counts import PublishedCount, publish_count
from commonweal.hub.public import presenters
from commonweal.hub.public.domains import BY_KEY, DOMAINS
from commonweal.hub.public.figures import build_age_by_sex, write_csv
from commonweal.hub.public.paging import build_pages
from commonweal.hub.public.search import Search, read_search
from commonweal.publish import analyses
from commonweal.publish.model import (
    AgeSexTable,
    ConceptPage,
    ConceptSummary,
    DomainSummary,
    Page,
    ReleaseFacts,
)

FACTS = ReleaseFacts(
    id="R2026Q3R1",
    tier="registered",
    title="Registered tier",
    synthetic=True,
    cutoff=date(2026, 9, 30),
    content_hash="ab" * 32,
    programme="A programme",
)
SUMMARY = DomainSummary("condition", "Conditions", publish_count(1000), 60)
CONCEPT = ConceptSummary(7, "Fever", "386661006", "SNOMED", "condition", publish_count(480), 1)


def build_ages(**cells: PublishedCount | None) -> AgeSexTable:
    """A table with a few cells: ``female_30`` stands for women of 30 to 39."""
    given = {
        ("30-39" if "30" in k else "Unknown", k.split("_")[0].title()): v for k, v in cells.items()
    }
    return AgeSexTable(("18-29", "30-39", "Unknown"), ("Female", "Male", "Other"), given)


def test_every_published_domain_has_words() -> None:
    assert [d.key for d in DOMAINS] == [d.id for d in analyses.DOMAINS]


def test_a_figure_leaves_out_who_is_not_there() -> None:
    figure = build_age_by_sex(build_ages(female_30=publish_count(35)), caption="c")
    assert figure.columns == ("Female",)
    assert figure.rows == (("18–29", ("0",)), ("30–39", ("40",)))
    assert write_csv(figure).splitlines() == ["Age,Female", "18–29,0", "30–39,40"]


def test_a_held_back_cell_is_said_and_hatched() -> None:
    ages = build_ages(female_30=None, male_30=publish_count(5), male_x=publish_count(80))
    figure = build_age_by_sex(ages, caption="c")
    assert dict(figure.rows)["30–39"] == ("not shown", "≤ 20")
    assert dict(figure.rows)["Unknown"] == ("0", "80")
    assert figure.chart is not None
    assert figure.chart.has_hidden
    assert [bar.label for bar in figure.chart.bars if bar.small] == ["Male, 30–39: ≤ 20"]
    assert figure.chart.description == "The largest group is Male, Unknown, with 80 participants."


def test_without_any_cell_there_is_no_chart() -> None:
    held = dict.fromkeys([(b, s) for b in ("18-29",) for s in ("Female", "Male")])
    figure = build_age_by_sex(
        AgeSexTable(("18-29", "Unknown"), ("Female", "Male"), held), caption="c"
    )
    assert figure.chart is None
    assert write_csv(figure).splitlines() == ["Age,Female,Male", "All ages,not shown,not shown"]


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (publish_count(480), publish_count(1000), "48.0 %"),
        (publish_count(3), publish_count(1000), "≤ 2.0 %"),
        (publish_count(0), publish_count(1000), "0.0 %"),
        (publish_count(40), publish_count(1_000_000), "< 0.1 %"),
        (None, publish_count(1000), "–"),
        (publish_count(40), None, "–"),
        (publish_count(0), publish_count(0), "–"),
    ],
)
def test_shares(part: PublishedCount | None, whole: PublishedCount | None, share: str) -> None:
    assert presenters.format_share(part, whole) == share


def test_a_concept_names_its_release_for_citation() -> None:
    page = presenters.build_concept(
        ConceptPage(CONCEPT, ("Fever", "Pyrexia"), build_ages(female_30=publish_count(480))),
        BY_KEY["condition"],
        SUMMARY,
        FACTS,
    )
    assert page.synonyms == ("Pyrexia",)
    assert str(page.citation) == (
        "A programme, release R2026Q3R1 (data up to September 30, 2026, content abababababab): "
        "Fever, OMOP concept 7. Synthetic data."
    )
    assert page.csv_address == "/en/data/concept/7/ages.csv"


def test_a_domain_page_in_spanish_links_to_spanish_pages() -> None:
    with translation.override("es"):
        page = presenters.build_domain(
            BY_KEY["condition"],
            SUMMARY,
            Search("fever"),
            Page((CONCEPT,), 1, 1, 1),
            {"condition": 1, "drug": 2},
            example=CONCEPT,
        )
    assert "386661006" in page.search.hint
    assert page.title == "Afecciones"
    assert page.summary == "Se encontró 1 concepto para “fever”."
    assert page.rows[0].address == "/es/data/concept/7/"
    assert [(e.address, e.concepts) for e in page.elsewhere] == [("/es/data/drug/?q=fever", "2")]


@pytest.mark.parametrize(
    ("query", "search"),
    [
        ("", Search("", 1)),
        ("q=+two++words+&page=3", Search("two words", 3)),
        ("q=a%00b", Search("a b", 1)),
        ("q=" + "x" * 999, Search("x" * 200, 1)),
        ("page=0", Search("", 1)),
        ("page=-4", Search("", 1)),
        ("page=²", Search("", 1)),
        ("page=99999", Search("", 10_000)),
        ("page=999999999", Search("", 1)),
    ],
)
def test_what_a_visitor_typed_is_made_safe(query: str, search: Search) -> None:
    assert read_search(QueryDict(query)) == search


def test_a_search_is_written_one_way() -> None:
    assert Search("a b", 2).query() == "?q=a+b&page=2"
    assert Search("a b", 2).query(1) == "?q=a+b"
    assert Search().query() == ""


@pytest.mark.parametrize(
    ("current", "last", "labels"),
    [
        (1, 1, []),
        (1, 2, ["1", "2"]),
        (1, 9, ["1", "2", "…", "9"]),
        (5, 9, ["1", "…", "4", "5", "6", "…", "9"]),
        (9, 9, ["1", "…", "8", "9"]),
    ],
)
def test_page_links(current: int, last: int, labels: list[str]) -> None:
    pages = build_pages(current, last, lambda n: f"?{n}")
    assert [entry.label for entry in pages.entries] == labels
    assert bool(pages.previous) == (current > 1)
    assert bool(pages.following) == (current < last)
