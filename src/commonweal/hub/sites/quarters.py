"""The last days of quarters, which deadlines are posted for."""

from datetime import date, timedelta

MONTHS = 3


def find_quarter_end(day: date) -> date:
    """The last day of the quarter that a day is in."""
    month = (day.month - 1) // MONTHS * MONTHS + MONTHS + 1
    following = date(day.year + 1, 1, 1) if month > 12 else date(day.year, month, 1)
    return following - timedelta(days=1)


def list_quarter_ends(today: date, how_many: int) -> list[date]:
    """The next last days of quarters, today's first."""
    ends = [find_quarter_end(today)]
    while len(ends) < how_many:
        ends.append(find_quarter_end(ends[-1] + timedelta(days=1)))
    return ends
