"""What the frame of every public page needs, those of errors included."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from commonweal.hub.public.presenters import ReleaseStrip, build_search, build_strip
from commonweal.hub.public.search import Search
from commonweal.hub.public.store import find_store


def describe_release(request: HttpRequest) -> dict[str, Any]:
    """The release and the search; looked up only where a page has not brought its own."""
    del request
    return {
        "release": SimpleLazyObject(_find_strip),
        "site_search": SimpleLazyObject(lambda: build_search(Search())),
    }


def _find_strip() -> ReleaseStrip | None:
    store = find_store()
    return build_strip(store.release()) if store else None
