"""From what the publishing store answers to what a page shows; pure functions.

Every number of people arrives here already made publishable; this module only finds words
and places for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonweal.disclosure.counts import PublishedCount, publish_ratio
from commonweal.hub.common.charts import find_share
from commonweal.hub.public.domains import DOMAINS, Domain
from commonweal.hub.public.figures import Figure, build_age_by_sex, format_count
from commonweal.hub.public.paging import Pages, build_pages
from commonweal.hub.public.search import Search
from commonweal.publish import model

TOP_BARS = 10
SMALLEST_SHARE = 0.001
"""Shares below it are not told apart."""


@dataclass(frozen=True)
class ReleaseStrip:
    """What stands above every page: which release this is."""

    id: str
    cutoff: str
    synthetic: bool


@dataclass(frozen=True)
class SearchForm:
    """A search field; ``live`` ones answer while one types, where there is JavaScript."""

    action: str
    label: str
    text: str = ""
    hint: str = ""
    live: bool = False


@dataclass(frozen=True)
class Tile:
    """A card that leads to a domain."""

    title: str
    description: str
    icon: str
    address: str
    participants: str
    concepts: str


@dataclass(frozen=True)
class HomePage:
    """The first page."""

    participants: str
    search: SearchForm
    tiles: tuple[Tile, ...]
    who: Figure


@dataclass(frozen=True)
class Row:
    """A concept in a list."""

    name: str
    address: str
    vocabulary: str
    code: str
    participants: str
    share: str
    bar: str


@dataclass(frozen=True)
class Hits:
    """The first concepts found in a domain, and the way to all of them."""

    key: str
    title: str
    address: str
    rows: tuple[Row, ...]
    all_label: str
    """Words of the link to all of them; empty when they are all here."""


@dataclass(frozen=True)
class BrowserPage:
    """All domains; after a search what was found in each of them."""

    search: SearchForm
    summary: str
    tiles: tuple[Tile, ...]
    hits: tuple[Hits, ...]


@dataclass(frozen=True)
class Elsewhere:
    """Another domain in which the words were found."""

    title: str
    address: str
    concepts: str


@dataclass(frozen=True)
class DomainPage:
    """The list of a domain's concepts."""

    title: str
    description: str
    search: SearchForm
    summary: str
    list_title: str
    rows: tuple[Row, ...]
    top: tuple[Row, ...]
    pages: Pages
    elsewhere: tuple[Elsewhere, ...]


@dataclass(frozen=True)
class Citation:
    """How to name numbers in a text; the name of the concept has a language of its own."""

    before: str
    name: str
    after: str

    def __str__(self) -> str:
        return self.before + self.name + self.after


@dataclass(frozen=True)
class ConceptPage:
    """One concept."""

    name: str
    concept_id: str
    vocabulary: str
    code: str
    domain_title: str
    domain_address: str
    participants: str
    share: str
    share_title: str
    synonyms: tuple[str, ...]
    figure: Figure
    csv_address: str
    citation: Citation


Summaries = Mapping[str, model.DomainSummary]
"""The domains of the store by their key."""
Example = model.ConceptSummary | None
"""A concept whose code and number a search is shown to find."""


def build_strip(facts: model.ReleaseFacts) -> ReleaseStrip:
    """Which release the page is about."""
    return ReleaseStrip(facts.id, date_format(facts.cutoff, "DATE_FORMAT"), facts.synthetic)


def build_home(
    participants: PublishedCount | None,
    summaries: Summaries,
    ages: model.AgeSexTable,
    example: Example,
) -> HomePage:
    """The first page."""
    return HomePage(
        participants=format_count(participants),
        search=build_search(Search(), example),
        tiles=_build_tiles(summaries),
        who=build_age_by_sex(ages, caption=_("Participants by age and sex at birth")),
    )


def build_browser(
    search: Search, summaries: Summaries, found: Mapping[str, model.Page], example: Example
) -> BrowserPage:
    """All domains without words; with words the first concepts ``found`` in each."""
    form = build_search(search, example, live=True)
    if not search.text:
        choose = _("Choose a kind of record, or search all of them.")
        return BrowserPage(form, choose, _build_tiles(summaries), hits=())
    summary = _summarise(sum(page.total for page in found.values()), search)
    hits = tuple(
        _build_hits(domain, summaries[domain.key], found[domain.key], search)
        for domain in DOMAINS
        if domain.key in found and found[domain.key].total
    )
    return BrowserPage(form, summary, tiles=(), hits=hits)


def _build_hits(
    domain: Domain, summary: model.DomainSummary, page: model.Page, search: Search
) -> Hits:
    values = {"count": f"{page.total:,}", "domain": domain.title}
    return Hits(
        key=domain.key,
        title=str(domain.title),
        address=reverse("domain", args=[domain.key]) + search.query(1),
        rows=build_rows(page.concepts, summary),
        all_label=_("All %(count)s in “%(domain)s”") % values if page.pages > 1 else "",
    )


def build_domain(
    domain: Domain,
    summary: model.DomainSummary,
    search: Search,
    page: model.Page,
    found: Mapping[str, int],
    *,
    example: Example,
) -> DomainPage:
    """A page of the list of a domain's concepts; ``found`` counts concepts by domain."""
    address = reverse("domain", args=[domain.key])
    rows = build_rows(page.concepts, summary)
    return DomainPage(
        title=str(domain.title),
        description=str(domain.description),
        search=SearchForm(
            action=address,
            label=_("Search in %(domain)s") % {"domain": domain.title},
            text=search.text,
            hint=_hint(example),
            live=True,
        ),
        summary=_summarise_domain(page.total, search, summary),
        list_title=_("Concepts found") if search.text else _("All concepts"),
        rows=rows,
        top=rows[:TOP_BARS] if page.page == 1 and len(rows) > 1 else (),
        pages=build_pages(page.page, page.pages, lambda n: address + search.query(n)),
        elsewhere=_build_elsewhere(domain, search, found),
    )


def build_rows(
    concepts: Sequence[model.ConceptSummary], summary: model.DomainSummary
) -> tuple[Row, ...]:
    """Rows of a list, each with a bar against the longest."""
    longest = max((c.participants.value for c in concepts if c.participants), default=0)
    return tuple(
        Row(
            name=concept.name,
            address=reverse("concept", args=[concept.id]),
            vocabulary=concept.vocabulary,
            code=concept.code,
            participants=format_count(concept.participants),
            share=format_share(concept.participants, summary.participants),
            bar=find_share(concept.participants.value if concept.participants else 0, longest),
        )
        for concept in concepts
    )


def build_concept(
    page: model.ConceptPage, domain: Domain, summary: model.DomainSummary, facts: model.ReleaseFacts
) -> ConceptPage:
    """Everything about one concept."""
    concept = page.concept
    return ConceptPage(
        name=concept.name,
        concept_id=str(concept.id),
        vocabulary=concept.vocabulary,
        code=concept.code,
        domain_title=str(domain.title),
        domain_address=reverse("domain", args=[domain.key]),
        participants=format_count(concept.participants),
        share=format_share(concept.participants, summary.participants),
        share_title=_("of participants with any record in “%(domain)s”") % {"domain": domain.title},
        synonyms=tuple(name for name in page.synonyms if name != concept.name),
        figure=build_age_by_sex(
            page.by_age_sex, caption=_("Participants by age at first record and sex at birth")
        ),
        csv_address=reverse("concept_csv", args=[concept.id]),
        citation=build_citation(page, facts),
    )


def build_citation(page: model.ConceptPage, facts: model.ReleaseFacts) -> Citation:
    """How to name these numbers in a text; the hash makes it exact."""
    values = {
        "programme": facts.programme,
        "release": facts.id,
        "id": page.concept.id,
        "cutoff": date_format(facts.cutoff, "DATE_FORMAT"),
        "hash": facts.content_hash[:12],
    }
    said = _(
        "%(programme)s, release %(release)s (data up to %(cutoff)s, content %(hash)s): "
        "%(name)s, OMOP concept %(id)s."
    )
    before, _name, after = said.partition("%(name)s")
    mark = " " + _("Synthetic data.") if facts.synthetic else ""
    return Citation(before % values, page.concept.name, after % values + mark)


def format_share(part: PublishedCount | None, whole: PublishedCount | None) -> str:
    """A share in percent, from published counts alone."""
    ratio = publish_ratio(part, whole) if part is not None and whole is not None else None
    if ratio is None or part is None:
        return "–"
    if part.value and ratio < SMALLEST_SHARE:
        return "< 0.1 %"
    at_most = "≤ " if part.low == 1 else ""
    return f"{at_most}{100 * ratio:.1f} %"


def build_search(search: Search, example: Example = None, *, live: bool = False) -> SearchForm:
    """The search through all domains."""
    return SearchForm(
        action=reverse("browser"),
        label=_("Search conditions, drugs, measurements and procedures"),
        text=search.text,
        hint=_hint(example),
        live=live,
    )


def _hint(example: Example) -> str:
    """What can be searched for, with an example that is found."""
    if example is None:
        return _("Words, a code or a concept number.")
    values = {"code": example.code, "number": example.id}
    return _("Words, a code such as %(code)s, or a concept number such as %(number)s.") % values


def _build_tiles(summaries: Summaries) -> tuple[Tile, ...]:
    return tuple(
        _build_tile(domain, summaries[domain.key]) for domain in DOMAINS if domain.key in summaries
    )


def _build_tile(domain: Domain, summary: model.DomainSummary) -> Tile:
    return Tile(
        title=str(domain.title),
        description=str(domain.description),
        icon=domain.icon,
        address=reverse("domain", args=[domain.key]),
        participants=format_count(summary.participants),
        concepts=f"{summary.concepts:,}",
    )


def _build_elsewhere(
    domain: Domain, search: Search, found: Mapping[str, int]
) -> tuple[Elsewhere, ...]:
    return tuple(
        Elsewhere(
            title=str(other.title),
            address=reverse("domain", args=[other.key]) + search.query(1),
            concepts=f"{found[other.key]:,}",
        )
        for other in DOMAINS
        if other.key != domain.key and found.get(other.key)
    )


def _summarise(concepts: int, search: Search) -> str:
    if not concepts:
        return _("Nothing found for “%(text)s”.") % {"text": search.text}
    said = ngettext(
        "%(count)s concept found for “%(text)s”.",
        "%(count)s concepts found for “%(text)s”.",
        concepts,
    )
    return said % {"count": f"{concepts:,}", "text": search.text}


def _summarise_domain(concepts: int, search: Search, summary: model.DomainSummary) -> str:
    if search.text:
        return _summarise(concepts, search)
    said = ngettext(
        "%(count)s concept, recorded for %(people)s participants.",
        "%(count)s concepts, recorded for %(people)s participants.",
        concepts,
    )
    return said % {"count": f"{concepts:,}", "people": format_count(summary.participants)}
