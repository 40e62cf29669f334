"""Nothing is shown to a visitor who has not signed in, unless a page is listed here."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase

OPEN_PAGES = frozenset({"healthz", "account_login", "account_logout", "account_signup"})
"""Names of the addresses that answer before sign-in; each stands here for a reason."""


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
        match = request.resolver_match
        if request.user.is_authenticated or (match and match.view_name in OPEN_PAGES):
            return None
        return self.handle_no_permission(request, view_func)
