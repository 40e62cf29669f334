"""Nothing is shown to a visitor who has not signed in, unless a page is listed here.

A process lists further ones of its own in ``HUB_OPEN_PAGES``, and opens the others to the
roles in ``HUB_ROLES``.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

OPEN_PAGES = frozenset(
    {
        *("healthz", "set_language"),
        *("account_login", "account_logout", "account_signup", "account_inactive"),
    }
)
"""Names of the addresses that answer before sign-in; each stands here for a reason."""
ACCOUNT_PAGES = frozenset({"account_change_password", "account_reauthenticate"})
"""Everybody's own, whatever their role."""


class SignedInMiddleware(LoginRequiredMiddleware):
    """Django's own rule, with the exceptions in one list instead of on the views."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Send a visitor who has not signed in to the sign-in page."""
        del view_args, view_kwargs
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_PAGES or name in getattr(settings, "HUB_OPEN_PAGES", ()):
            return None
        if not request.user.is_authenticated:
            return self.handle_no_permission(request, view_func)
        if request.user.role not in settings.HUB_ROLES and name not in ACCOUNT_PAGES:
            raise PermissionDenied
        return None
