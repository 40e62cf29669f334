"""Cities by the first three digits of their postal codes."""

from functools import cache

from commonweal.synthetic.facts import Fact, read_facts


@cache
def get_city(zip3: str) -> Fact:
    """The row of ``cities.csv``: ``zip3``, ``city`` and telephone ``area_code``."""
    return next(row for row in read_facts("cities.csv") if row["zip3"] == zip3)


@cache
def get_main_city(state: str) -> Fact:
    """The city of a state that ``states.csv`` names first."""
    return get_city(next(row["zip3"] for row in read_facts("states.csv") if row["state"] == state))
