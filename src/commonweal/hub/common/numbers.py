"""Numbers as the reader's language writes them: the one way for pages, beside ``floatformat``."""

from decimal import Decimal

from django.utils.formats import number_format

from commonweal.intake.drop_area import in_words


def show_number(number: Decimal | float) -> str:
    """A number with its digits in groups, such as 2,463 in English."""
    return str(number_format(number, use_l10n=True, force_grouping=True))


def show_size(size: int) -> str:
    """A number of bytes for people, such as 1.5 GB in English."""
    number, unit = in_words(size).split(" ")
    return f"{show_number(Decimal(number))} {unit}"
