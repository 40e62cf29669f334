"""The data sprint of the demonstration: two sites practise with a hundred patients each."""

from datetime import date, datetime, timedelta
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.engine.storage import make_private
from commonweal.intake.check import check_folder
from commonweal.intake.deidentify.folder import Request, deidentify_folder
from commonweal.intake.sites import Purpose, Site
from commonweal.pipeline.handing_in import HandedIn, hand_in
from commonweal.pipeline.progress import Progress

DIALECT = "sprint"
PERSONS = 100
ALL: frozenset[str] = frozenset()
FIRST_WEEKS = frozenset({"person", "visit_occurrence", "condition_occurrence"})
DAYS_AGO = {ALL: 180, FIRST_WEEKS: 12}
"""When a site handed in all it has, or the tables of the first weeks."""


def practise(
    settings: Settings,
    site: Site,
    tables: frozenset[str],
    folder: Path,
    progress: Progress,
    *,
    now: datetime,
) -> HandedIn:
    """Hand in de-identified files made of a programme submission, as a site does in a sprint.

    ``tables`` are ``ALL`` or ``FIRST_WEEKS``.

    Raises:
        CommonwealError: the files cannot be made or handed in.
    """
    today = settings.programme.cutoff or now.date()
    out = settings.home / "outbox" / "sprint" / site.name
    if not out.exists():
        _make(settings, out, tables, folder, today)
    return hand_in(
        settings,
        site,
        out,
        progress,
        today=today,
        now=now - timedelta(days=DAYS_AGO[tables]),
        purpose=Purpose.SPRINT,
        dialect=DIALECT,
    )


def _make(settings: Settings, out: Path, tables: frozenset[str], folder: Path, today: date) -> None:
    make_private(out.parent)
    request = Request(
        folder=folder,
        out=out,
        key=out.with_name(f"{out.name}.key.csv"),
        report=check_folder(folder, dialect="programme", settings=settings.engine, today=today),
        dialect=DIALECT,
        as_of=today,
        most_persons=PERSONS,
        tables=tables,
    )
    deidentify_folder(request, settings=settings.engine)
