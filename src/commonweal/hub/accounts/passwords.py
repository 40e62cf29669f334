"""What a password may not be, beside the rules that Django brings."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from commonweal.hub.accounts.models import User

_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


class RepetitionValidator:
    """Refuses one piece said again and again, which is as easily guessed as the piece."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Check a password, however it is capitalised.

        Raises:
            ValidationError: it is a repetition.
        """
        del user
        if _REPEATED.fullmatch(password.lower()):
            raise ValidationError(
                _("This password only repeats something shorter."), code="password_repeats"
            )

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("Your password can’t be something shorter, repeated.")
