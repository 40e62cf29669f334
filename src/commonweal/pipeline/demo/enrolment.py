"""What comes before production data in the demonstration: agreement, drop area, test load.

Every step is recorded as the data centre and the site would have, on days that lie back from
the day of the build. A step that is done is not done again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from commonweal.engine.settings import Settings
from commonweal.engine.storage import whole_folder
from commonweal.intake.drop_area import make_area
from commonweal.intake.onboarding import (
    authorise,
    read_checklist,
    record_drop_area,
    record_isa_executed,
    record_step,
)
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.pipeline.handing_in import HandedIn, hand_in
from commonweal.pipeline.progress import Progress

Act = Callable[[Path, str, datetime], object]

DATA_CENTRE = "curator@demo.example"
ROWS_OF_TEST_LOAD = 20


def enrol(home: Path, site: Site, *, now: datetime, most: int | None = None) -> None:
    """Register a site and record the steps that come before its test load.

    ``most`` is how many of the steps the site has come to; all of them when not given.
    """
    register_site(home, site)
    done = {status.step.name for status in read_checklist(home, site.name) if status.is_done}
    for name, (days, act) in islice(_STEPS.items(), most):
        if name not in done:
            act(home, site.name, now - timedelta(days=days))


def send_test_load(
    settings: Settings, site: Site, folder: Path, progress: Progress, *, now: datetime
) -> HandedIn:
    """Hand in the first rows of a site's persons for the purpose test; open production then.

    ``folder`` holds the ``person.csv`` that they are taken from.

    Raises:
        CommonwealError: the rows cannot be read, or the landing area cannot be written.
    """
    small = settings.home / "outbox" / "test-loads" / site.name
    if not small.exists():
        with whole_folder(small) as scratch:
            _write_head(folder / "person.csv", scratch / "person.csv")
    today, at = settings.programme.cutoff or now.date(), now - timedelta(days=DAYS_OF_TEST_LOAD)
    sent = hand_in(settings, site, small, progress, today=today, now=at, purpose=Purpose.TEST)
    done = {s.step.name for s in read_checklist(settings.home, site.name) if s.is_done}
    if "production" not in done:
        authorise(
            settings.home,
            site.name,
            purposes=tuple(Purpose),
            by=DATA_CENTRE,
            now=now - timedelta(days=DAYS_OF_AUTHORISATION),
        )
    return sent


def _write_head(source: Path, target: Path) -> None:
    with source.open("rb") as lines:
        target.write_bytes(b"".join(islice(lines, ROWS_OF_TEST_LOAD + 1)))


def _record_isa(home: Path, site: str, now: datetime) -> None:
    record_isa_executed(home, site, on=now.date(), by=DATA_CENTRE, now=now)


def _open_drop_area(home: Path, site: str, now: datetime) -> None:
    make_area(home, record_drop_area(home, site, url="", by=DATA_CENTRE, now=now))


def _write_down(step: str) -> Act:
    def act(home: Path, site: str, now: datetime) -> None:
        record_step(home, site, step, on=now.date(), by=DATA_CENTRE, now=now)

    return act


_STEPS: Mapping[str, tuple[int, Act]] = MappingProxyType(
    {
        "isa": (220, _record_isa),
        "contacts": (30, _write_down("contacts")),
        "stewards": (200, _write_down("stewards")),
        "drop_area": (190, _open_drop_area),
        "notice": (189, _write_down("notice")),
    }
)
"""How many days ago each step was done, and how it is recorded."""
DAYS_OF_TEST_LOAD = 150
DAYS_OF_AUTHORISATION = 148
