"""Who may see what: a steward the own site, a curator every site."""

from django.contrib.auth.models import AnonymousUser

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.models import Steward

Visitor = User | AnonymousUser


def get_steward_site(user: Visitor) -> str | None:
    """The site whose steward somebody is, or None; a steward who was let go has none."""
    if not isinstance(user, User) or user.role != Role.STEWARD:
        return None
    found = Steward.objects.filter(user=user, ended_on=None).first()
    return found.site if found else None


def is_curator(user: Visitor) -> bool:
    """Whether somebody works for the data centre."""
    return isinstance(user, User) and user.role == Role.CURATOR


def may_see(user: Visitor, site: str) -> bool:
    """Whether somebody may see the pages of a site."""
    return is_curator(user) or get_steward_site(user) == site
