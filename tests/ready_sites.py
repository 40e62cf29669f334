"""Sites that are past their onboarding: each step recorded, as the data centre would have."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from commonweal.intake.onboarding import (
    authorise,
    record_drop_area,
    record_isa_executed,
    record_step,
    record_test_load_passed,
)
from commonweal.intake.sites import Purpose, Site, register_site

BY = "the data centre"
NOW = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def register_as(home: Path, site: Site) -> None:
    """Register a site at its beginning and record the steps that make it what it is here."""
    first = tuple(p for p in site.purposes if p is not Purpose.PRODUCTION)
    register_site(home, replace(site, isa_date=None, test_load="", purposes=first))
    if site.isa_date:
        record_isa_executed(home, site.name, on=site.isa_date, by=BY, now=NOW)
    if site.test_load:
        open_drop_area(home, site)
        record_test_load_passed(home, site.name, submission=site.test_load, by=BY, now=NOW)
    if Purpose.PRODUCTION in site.purposes:
        authorise(home, site.name, purposes=site.purposes, by=BY, now=NOW)


def open_drop_area(home: Path, site: Site) -> None:
    """Record what comes before a test load: stewards, and the place where files are put."""
    record_step(home, site.name, "stewards", on=NOW.date(), by=BY, now=NOW)
    record_drop_area(home, site.name, url=site.drop_url, by=BY, now=NOW)
