"""The demonstration, from two sites' files to releases: the same steps a programme takes.

Running it again finds every step done and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.engine.storage import make_private, whole_folder
from commonweal.intake.check import check_folder
from commonweal.intake.landing import (
    Submission,
    find_submission,
    get_accepted,
    read_report,
    submit_folder,
)
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, Site, list_sites, register_site
from commonweal.pipeline.build import Built, run_build
from commonweal.pipeline.demo.gibleed import write_gibleed
from commonweal.pipeline.progress import Progress
from commonweal.synthetic.feeds import build_feeds, write_feeds
from commonweal.synthetic.site import write_site

CUTOFF = date(2026, 10, 1)
SEED = 20261001
LAKESIDE = Site("lakeside", "Lakeside Hospital", state="OH")
PRAIRIE = Site("prairie", "Prairie Health Clinic", state="IA")
PRAIRIE_PERSONS = 400
DIALECT = "programme"
CONFIGURATION = """\
# Settings of the demonstration: every verb of `commonweal` run in this folder uses them.
home = "."

[programme]
name = "Commonweal demonstration"
synthetic = true
cutoff = 2026-10-01
"""


@dataclass(frozen=True)
class HandedIn:
    """One folder a site handed in, and what the check said."""

    site: Site
    report: CheckReport
    submission: Submission


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration did."""

    handed_in: tuple[HandedIn, ...]
    built: Built


def get_demo_settings(settings: Settings, home: Path) -> Settings:
    """The settings of the demonstration, in a folder of its own."""
    programme = ProgrammeSettings(name="Commonweal demonstration", synthetic=True, cutoff=CUTOFF)
    return settings.model_copy(update={"home": home.resolve(), "programme": programme})


def run_demo(settings: Settings, progress: Progress, *, now: datetime) -> Demonstration:
    """Take GiBleed and a made-up site through all stages to published releases.

    Raises:
        CommonwealError: the demo's data are not installed, or the folder cannot be written.
    """
    _write_configuration(settings.home)
    handed_in = tuple(_hand_in(settings, progress, now))
    _write_feeds(settings)
    return Demonstration(handed_in, run_build(settings, progress, now=now))


def _write_configuration(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "commonweal.toml"
    if not file.exists():
        file.write_text(CONFIGURATION, encoding="utf-8")


def _hand_in(settings: Settings, progress: Progress, now: datetime) -> Iterator[HandedIn]:
    """Two sites register; one needs a second try. What is known is not handed in again."""
    outbox = settings.home / "outbox"
    for place in (outbox, settings.home / "spill"):
        make_private(place)
    folders = (
        (LAKESIDE, _make_gibleed(settings, outbox / "lakeside")),
        (PRAIRIE, _make_prairie(outbox / "prairie-first-try", faults=True)),
        (PRAIRIE, _make_prairie(outbox / "prairie", faults=False)),
    )
    for site, folder in folders:
        register_site(settings.home, site)
        progress.begin(f"Checking {site.title}: {folder.name}", 1)
        submission = find_submission(
            folder,
            home=settings.home,
            site=site.name,
            purpose=Purpose.PRODUCTION,
            synthetic=True,
            dialect=DIALECT,
        ) or _check_and_submit(settings, site, folder, now)
        progress.end()
        yield HandedIn(site, read_report(submission), submission)


def _check_and_submit(settings: Settings, site: Site, folder: Path, now: datetime) -> Submission:
    return submit_folder(
        folder,
        home=settings.home,
        site=site.name,
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=now,
        report=check_folder(folder, dialect=DIALECT, settings=settings.engine, today=CUTOFF),
    )


def _make_gibleed(settings: Settings, folder: Path) -> Path:
    if not folder.exists():
        with whole_folder(folder) as scratch, _open_engine(settings) as engine:
            write_gibleed(engine, scratch)
    return folder


def _make_prairie(folder: Path, *, faults: bool) -> Path:
    write_site(folder, site=PRAIRIE.name, seed=SEED, persons=PRAIRIE_PERSONS, faults=faults)
    return folder


def _write_feeds(settings: Settings) -> None:
    """The programme's side of everybody whom an accepted submission is about."""
    with _open_engine(settings) as engine:
        people = pa.concat_tables(list(_read_persons(engine, settings.home)))
    feeds = build_feeds(people, seed=SEED, as_of=CUTOFF)
    write_feeds(feeds, settings.home / "feeds" / CUTOFF.isoformat(), as_of=CUTOFF)


def _read_persons(engine: Engine, home: Path) -> Iterator[pa.Table]:
    for site in list_sites(home):
        submission = get_accepted(home, site.name)
        if submission:
            yield engine.arrow(
                "SELECT DISTINCT ON (person_id) CAST(person_id AS BIGINT) AS person_id, "
                "CAST(? AS VARCHAR) AS site, CAST(? AS VARCHAR) AS state, "
                "CAST(birth_datetime[1:10] AS DATE) AS birth_date, "
                "CAST(gender_concept_id AS BIGINT) AS sex_concept_id, "
                "CAST(race_concept_id AS BIGINT) AS race_concept_id, "
                "CAST(ethnicity_concept_id AS BIGINT) AS ethnicity_concept_id "
                "FROM read_csv(?, all_varchar = true) ORDER BY ALL",
                [site.name, site.state, str(submission.folder / "person.csv")],
            )


def _open_engine(settings: Settings) -> Engine:
    return open_engine(settings.engine, spill_folder=settings.home / "spill")
