"""Public pages. Each one fetches from the publishing store, presents, and answers."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from commonweal.hub.public import presenters
from commonweal.hub.public.domains import BY_KEY, DOMAINS
from commonweal.hub.public.figures import write_csv
from commonweal.hub.public.search import read_search
from commonweal.hub.public.store import find_store
from commonweal.publish.reader import PublishingStore

P = ParamSpec("P")
HITS_SHOWN = 3
"""Concepts shown of each kind of record after a search through all of them."""

StoreView = Callable[Concatenate[HttpRequest, PublishingStore, P], HttpResponse]


def with_store(view: StoreView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the current store to a view; before the first release, say that there is none."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        store = find_store()
        if store is None:
            return answer_no_release(request)
        return view(request, store, *args, **kwargs)

    return answer


@never_cache
def answer_no_release(request: HttpRequest) -> HttpResponse:
    """Say that nothing has been published."""
    context = {"section": "", "release": None}
    return render(request, "public/no_release.html", context, status=503)


@with_store
def show_home(request: HttpRequest, store: PublishingStore) -> HttpResponse:
    """What the programme is and what is in its data."""
    page = presenters.build_home(
        store.participants(), _summaries(store), store.participants_by_age_sex(), _example(store)
    )
    return _render(request, store, "public/home.html", "home", page)


@with_store
def show_browser(request: HttpRequest, store: PublishingStore) -> HttpResponse:
    """All domains, or a search through all of them."""
    search, summaries = read_search(request.GET), _summaries(store)
    found = {
        key: store.search(search.text, domain=key, per_page=HITS_SHOWN)
        for key in (summaries if search.text else ())
    }
    page = presenters.build_browser(search, summaries, found, _example(store))
    name = _whole_or_part(request, "public/browser.html", "public/browser_results.html")
    return _render(request, store, name, "browser", page)


@with_store
def show_domain(request: HttpRequest, store: PublishingStore, key: str) -> HttpResponse:
    """The concepts of a domain, those with the most participants first."""
    summaries = _summaries(store)
    if key not in BY_KEY or key not in summaries:
        raise Http404
    search = read_search(request.GET)
    listed = store.search(search.text, domain=key, page=search.page)
    found = store.count_matches(search.text) if search.text else {}
    page = presenters.build_domain(
        BY_KEY[key], summaries[key], search, listed, found, example=_example(store, key)
    )
    name = _whole_or_part(request, "public/domain.html", "public/domain_results.html")
    return _render(request, store, name, "browser", page)


@with_store
def show_concept(request: HttpRequest, store: PublishingStore, concept_id: int) -> HttpResponse:
    """One concept: who it was recorded for."""
    page = _present_concept(store, concept_id)
    return _render(request, store, "public/concept.html", "browser", page)


@with_store
def download_concept(request: HttpRequest, store: PublishingStore, concept_id: int) -> HttpResponse:
    """The table of a concept as a file."""
    del request
    page = _present_concept(store, concept_id)
    release = store.release().id
    return HttpResponse(
        write_csv(page.figure),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{release}-concept-{concept_id}-ages.csv"'
        },
    )


@with_store
def show_about(request: HttpRequest, store: PublishingStore) -> HttpResponse:
    """How the numbers protect people."""
    return _render(request, store, "public/about.html", "about", None)


def _present_concept(store: PublishingStore, concept_id: int) -> presenters.ConceptPage:
    found = store.get_concept(concept_id)
    if found is None or found.concept.domain not in BY_KEY:
        raise Http404
    domain = BY_KEY[found.concept.domain]
    return presenters.build_concept(found, domain, _summaries(store)[domain.key], store.release())


def _summaries(store: PublishingStore) -> presenters.Summaries:
    return {summary.id: summary for summary in store.domains()}


def _example(store: PublishingStore, domain: str = DOMAINS[0].key) -> presenters.Example:
    """A concept that a search is sure to find."""
    return next(iter(store.top(domain, 1)), None)


def _whole_or_part(request: HttpRequest, whole: str, part: str) -> str:
    """Htmx asks for the part of the page that changes, everybody else for all of it."""
    return part if request.headers.get("HX-Request") == "true" else whole


def _render(
    request: HttpRequest, store: PublishingStore, template: str, section: str, page: Any
) -> HttpResponse:
    release = presenters.build_strip(store.release())
    response = render(request, template, {"page": page, "section": section, "release": release})
    response["Vary"] = "HX-Request"
    return response
