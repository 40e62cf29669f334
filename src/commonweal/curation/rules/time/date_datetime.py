"""Timestamps that disagree with the date beside them."""

from commonweal.curation.choices import dates, end_of_day, find_timestamp_of, start_of_day
from commonweal.curation.rule import Change, Map, Rule, Step
from commonweal.schema.model import Table


def pairs(table: Table) -> list[tuple[str, str]]:
    """Date columns with the timestamp column that belongs to each."""
    found = ((date, find_timestamp_of(table, date)) for date in dates(table))
    return [(date, timestamp) for date, timestamp in found if timestamp]


def bind(table: Table) -> tuple[Step, ...]:
    return (Map(tuple(_follow(date, timestamp) for date, timestamp in pairs(table))),)


def _follow(date: str, timestamp: str) -> Change:
    """Move the timestamp to its date and keep the time of day; without one, take the edge."""
    moved = f"{timestamp} + to_days(date_diff('day', CAST({timestamp} AS DATE), {date}))"
    edge = end_of_day(date) if "_end_" in date else start_of_day(date)
    return Change(timestamp, f"COALESCE({moved}, {edge})", f"{date} IS NOT NULL")


RULE = Rule(
    id="time.date_datetime",
    title="Timestamps follow the date beside them",
    why=(
        "Two columns tell when a thing happened and must agree. The date wins and the time of day "
        "is kept; a missing timestamp becomes 00:00:00 at a start and 23:59:59 at an end."
    ),
    tables=lambda table: bool(pairs(table)),
    bind=bind,
)
