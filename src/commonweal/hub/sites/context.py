"""What the frame of the pages for sites needs on every page."""

from typing import Any

from django.http import HttpRequest

from commonweal.hub.sites.access import get_steward_site, is_curator
from commonweal.hub.sites.models import Notice, NoticeStatus


def describe_member(request: HttpRequest) -> dict[str, Any]:
    """Whose pages these are."""
    user = getattr(request, "user", None)
    curates = user is not None and is_curator(user)
    return {
        "own_site": get_steward_site(user) if user is not None else None,
        "curates": curates,
        "failed_notices": Notice.objects.filter(status=NoticeStatus.FAILED).count()
        if curates
        else 0,
    }
