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
from commonweal.engine.storage import make_private
from commonweal.intake.drop_area import PART, hand_over, make_area, write_declaration
from commonweal.intake.lifecycle.declaration import build_declaration
from commonweal.intake.lifecycle.receive import receive_site
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.onboarding import (
    authorise,
    read_checklist,
    record_drop_area,
    record_isa_executed,
    record_step,
)
from commonweal.intake.sites import Purpose, Site, get_site, register_site
from commonweal.intake.submission import get_submission, read_report
from commonweal.pipeline.handing_in import HandedIn
from commonweal.pipeline.measuring import get_surroundings
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
    """Put the first rows of a site's persons into its drop area; open production when they passed.

    ``folder`` holds the ``person.csv`` that they are taken from.

    Raises:
        CommonwealError: the rows cannot be read, or the landing area cannot be written.
    """
    at = now - timedelta(days=DAYS_OF_TEST_LOAD)
    if not get_site(settings.home, site.name).test_load:
        progress.begin(f"Test load of {site.title}", 1)
        _drop_head(settings.home, site, folder / "person.csv", at)
        _receive(settings, site, at)
        progress.end()
    passed = get_site(settings.home, site.name)
    submission = get_submission(settings.home, passed.test_load)
    sent = HandedIn(passed, read_report(submission), submission)
    if Purpose.PRODUCTION not in passed.purposes:
        authorise(
            settings.home,
            site.name,
            purposes=tuple(Purpose),
            by=DATA_CENTRE,
            now=now - timedelta(days=DAYS_OF_AUTHORISATION),
        )
    return sent


def _drop_head(home: Path, site: Site, source: Path, at: datetime) -> None:
    """Put the heading and the first rows of a file into the drop area, declared as a test."""
    area = make_area(home, site)
    staging = area / f"{PART}test-load"
    staging.mkdir(exist_ok=True)
    with source.open("rb") as lines:
        (staging / source.name).write_bytes(b"".join(islice(lines, ROWS_OF_TEST_LOAD + 1)))
    write_declaration(staging, build_declaration(Purpose.TEST, synthetic=True))
    hand_over(staging, area, at.date())


def _receive(settings: Settings, site: Site, at: datetime) -> None:
    """A round over the site's drop area, at a time that lies back."""
    today = settings.programme.cutoff or at.date()
    make_private(settings.home / "spill")
    receiver = Receiver(
        settings.home,
        settings.engine,
        settings.storage,
        clock=lambda: at,
        around=lambda _: get_surroundings(settings, day=today),
        only_synthetic=settings.programme.synthetic,
    )
    receive_site(receiver, site)


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
