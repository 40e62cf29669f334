"""Handing in what a made-up site sends: the same check and landing as any submission's."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.engine.storage import make_private
from commonweal.intake.check import check_folder
from commonweal.intake.landing import (
    Delivery,
    Submission,
    find_submission,
    read_report,
    submit_folder,
)
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.pipeline.measuring import get_surroundings
from commonweal.pipeline.progress import Progress

DIALECT = "programme"


@dataclass(frozen=True)
class HandedIn:
    """One folder a site handed in, and what the check said."""

    site: Site
    report: CheckReport
    submission: Submission


def hand_in(
    settings: Settings,
    site: Site,
    folder: Path,
    progress: Progress,
    *,
    today: date,
    now: datetime,
    purpose: Purpose = Purpose.PRODUCTION,
    dialect: str = DIALECT,
) -> HandedIn:
    """Register the site, check the folder and hand it in; what is known is not handed in again.

    ``today`` is the day that dates are judged by.

    Raises:
        CommonwealError: the folder cannot be read, or the landing area cannot be written.
    """
    make_private(settings.home / "spill")
    register_site(settings.home, site)
    progress.begin(f"Checking {site.title}: {folder.name}", 1)
    around = get_surroundings(settings, day=today)
    submission = find_submission(
        folder,
        home=settings.home,
        site=site.name,
        purpose=purpose,
        synthetic=True,
        dialect=dialect,
    ) or submit_folder(
        folder,
        home=settings.home,
        site=site.name,
        purpose=purpose,
        synthetic=True,
        now=now,
        report=check_folder(
            folder,
            dialect=dialect,
            settings=settings.engine,
            today=today,
            terms=around.vocabulary,
        ),
        delivery=Delivery(around=around),
    )
    progress.end()
    return HandedIn(site, read_report(submission), submission)
