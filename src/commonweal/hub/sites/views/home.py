"""Where everybody starts: a steward at the own site, a curator at the board."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from commonweal.hub.sites.access import for_members, get_steward_site


@require_safe
@for_members
def show_home(request: HttpRequest) -> HttpResponse:
    """Lead to the first page."""
    site = get_steward_site(request.user)
    return redirect("sites:board") if site is None else redirect("sites:site", site=site)
