"""Numbers as the reader's language writes them: the one way for pages, beside ``floatformat``."""

from decimal import Decimal

from django.utils.formats import number_format


def show_number(number: Decimal | float) -> str:
    """A number with its digits in groups, such as 2,463 in English."""
    return str(number_format(number, use_l10n=True, force_grouping=True))
