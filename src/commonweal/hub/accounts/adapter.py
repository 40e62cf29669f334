"""How allauth behaves here."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are given, not taken: nobody signs up by themselves."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "There is no account with this email address and this password. "
            "Check both, or ask the programme for a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed."""
        del request
        return False
