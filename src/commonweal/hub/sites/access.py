"""Who may see what: a steward the own site, a curator every site.

A view of these pages is wrapped in ``for_site``, ``for_stewards``, ``for_members`` or
``for_curators``; the few that are open to all the world are listed in the settings. A test
asks every address as every kind of visitor, and fails for an address that its table does not
know.
"""

from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.models import Steward
from commonweal.intake.sites import Site, get_site
from commonweal.schema.errors import CommonwealError

Visitor = User | AnonymousUser
View = Callable[..., HttpResponseBase]


def get_home() -> Path:
    """The programme's folder."""
    home: Path = settings.COMMONWEAL.home
    return home


def get_sprint_start() -> date | None:
    """The first day of the data sprint, when there is one."""
    start: date | None = settings.COMMONWEAL.programme.sprint_start
    return start


def get_steward_site(user: Visitor) -> str | None:
    """The site whose steward somebody is, or None.

    A steward who was let go has none, nor has one whose site was closed: the registry is asked
    each time, so closing a site closes its access at once.
    """
    if not isinstance(user, User) or user.role != Role.STEWARD:
        return None
    found = Steward.objects.filter(user=user, ended_on=None).first()
    return found.site if found and _takes_part(found.site) else None


def is_curator(user: Visitor) -> bool:
    """Whether somebody works for the data centre."""
    return isinstance(user, User) and user.role == Role.CURATOR


def may_see(user: Visitor, site: str) -> bool:
    """Whether somebody may see the pages of a site."""
    return is_curator(user) or get_steward_site(user) == site


def for_site(view: View) -> View:
    """Open a page of one site to its stewards and to curators, and give it the site."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, site: str, **rest: Any) -> HttpResponseBase:
        if not may_see(request.user, site):
            raise PermissionDenied
        return view(request, find_site(site), **rest)

    return answer


def for_stewards(view: View) -> View:
    """Open what is for the stewards of one site and nobody else, and give it the site."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, site: str, **rest: Any) -> HttpResponseBase:
        if get_steward_site(request.user) != site:
            raise PermissionDenied
        return view(request, find_site(site), **rest)

    return answer


def for_members(view: View) -> View:
    """Open a page that belongs to no site to stewards and curators."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, **rest: Any) -> HttpResponseBase:
        if not is_curator(request.user) and get_steward_site(request.user) is None:
            raise PermissionDenied
        return view(request, **rest)

    return answer


def for_curators(view: View) -> View:
    """Open a page to curators alone; one of a site is given the site."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, **rest: Any) -> HttpResponseBase:
        if not is_curator(request.user):
            raise PermissionDenied
        if "site" in rest:
            rest["site"] = find_site(rest["site"])
        return view(request, **rest)

    return answer


def find_site(name: str) -> Site:
    """The registered site of that name; a page for any other does not exist."""
    try:
        return get_site(get_home(), name)
    except CommonwealError as error:
        raise Http404 from error


def _takes_part(site: str) -> bool:
    try:
        return get_site(get_home(), site).closed_on is None
    except CommonwealError:
        return False
