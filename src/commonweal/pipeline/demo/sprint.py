"""The data sprint of the demonstration: two sites practise with a hundred patients each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.engine.storage import make_private
from commonweal.intake.deidentify.folder import Request, deidentify_folder
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, Site
from commonweal.pipeline.handing_in import HandedIn, hand_in
from commonweal.pipeline.progress import Progress

DIALECT = "sprint"
PERSONS = 100
DAYS_AGO = 40
TABLES = (
    frozenset[str](),
    frozenset({"person", "visit_occurrence", "condition_occurrence"}),
)
"""What the first site hands in, which is all it has, and how far the second one is."""


def practise(
    settings: Settings,
    sites: tuple[Site, Site],
    folder: Path,
    report: CheckReport,
    progress: Progress,
    *,
    now: datetime,
) -> Iterator[HandedIn]:
    """Hand in de-identified files of GiBleed patients for each site, as they do for a sprint.

    ``report`` is what the check said of ``folder``.

    Raises:
        CommonwealError: the files cannot be made or handed in.
    """
    today, at = settings.programme.cutoff or now.date(), now - timedelta(days=DAYS_AGO)
    for site, tables in zip(sites, TABLES, strict=True):
        out = settings.home / "outbox" / "sprint" / site.name
        if not out.exists():
            make_private(out.parent)
            request = Request(
                folder=folder,
                out=out,
                key=out.with_name(f"{site.name}.key.csv"),
                report=report,
                dialect=DIALECT,
                as_of=today,
                most_persons=PERSONS,
                tables=tables,
            )
            deidentify_folder(request, settings=settings.engine)
        yield hand_in(
            settings,
            site,
            out,
            progress,
            today=today,
            now=at,
            purpose=Purpose.SPRINT,
            dialect=DIALECT,
        )
