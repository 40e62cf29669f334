"""The demonstration, from seven sites' files to releases: the same steps a programme takes.

GiBleed is one site; the others, and the programme's own side of everybody, are made up. Running
it again finds every step done and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import ProgrammeSettings, Settings
from commonweal.engine.storage import make_private, whole_folder
from commonweal.intake.sites import Site
from commonweal.pipeline.build import Built, run_build
from commonweal.pipeline.demo.enrolment import enrol, send_test_load
from commonweal.pipeline.demo.gibleed import write_earlier, write_gibleed
from commonweal.pipeline.demo.sprint import ALL, FIRST_WEEKS, practise
from commonweal.pipeline.handing_in import HandedIn, hand_in
from commonweal.pipeline.matching import match_current
from commonweal.pipeline.progress import Progress
from commonweal.pipeline.training import build_training_release
from commonweal.release.catalogue import Release
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.feeds.accounts import build_visitors
from commonweal.synthetic.feeds.build import build_feeds
from commonweal.synthetic.feeds.snapshot import write_feeds
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.people.people import adopt_people, make_people
from commonweal.synthetic.plan import Plan, build_plan

CUTOFF = date(2026, 10, 1)
SEED = 20261001
LAKESIDE = Site("lakeside", "Lakeside Hospital", state="OH")
NEWCOMER = Site("brookside", "Brookside Clinic", state="VT")
"""A site that still practises: it has its agreement and takes part in the sprint."""
STEPS_OF_NEWCOMER = 2
QUARTER = timedelta(days=92)
MENDING = timedelta(days=9)
PERSONS = 2_500
"""Made-up people, beside the 2,694 of GiBleed."""
CONFIGURATION = """\
# Settings of the demonstration: every verb of `commonweal` run in this folder uses them.
home = "."

[programme]
name = "Commonweal demonstration"
synthetic = true
cutoff = 2026-10-01
"""


@dataclass(frozen=True)
class Made:
    """What a site sends at the first try, and what it sends when that is mended."""

    site: Site
    first: Path
    mended: Path


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration did."""

    handed_in: tuple[HandedIn, ...]
    """Production data of this quarter."""
    before: tuple[HandedIn, ...]
    """Test loads, the sprint, and what the first site sent a quarter earlier."""
    built: Built
    training: Release


def get_demo_settings(settings: Settings, home: Path) -> Settings:
    """The settings of the demonstration, in a folder of its own."""
    programme = ProgrammeSettings(name="Commonweal demonstration", synthetic=True, cutoff=CUTOFF)
    return settings.model_copy(update={"home": home.resolve(), "programme": programme})


def run_demo(
    settings: Settings, progress: Progress, *, now: datetime, persons: int = PERSONS
) -> Demonstration:
    """Take GiBleed and made-up sites through all stages to published releases.

    Raises:
        CommonwealError: the demo's data are not installed, or the folder cannot be written.
    """
    _write_configuration(settings.home)
    plan = build_plan(persons=persons, seed=SEED, as_of=CUTOFF)
    made = _make_folders(settings, plan, progress)
    _write_feeds(settings, plan, progress)
    before = tuple(_prepare(settings, made, progress, now))
    handed_in = tuple(_hand_in(settings, made, progress, now))
    match_current(settings, progress)
    built = run_build(settings, progress, now=now)
    training = build_training_release(settings, progress, now=now)
    return Demonstration(handed_in, before, built, training)


def _write_configuration(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "commonweal.toml"
    if not file.exists():
        file.write_text(CONFIGURATION, encoding="utf-8")


def _make_folders(settings: Settings, plan: Plan, progress: Progress) -> tuple[Made, ...]:
    """What every site sends, GiBleed first."""
    outbox = settings.home / "outbox"
    make_private(outbox)
    gibleed = _make_gibleed(settings, outbox / LAKESIDE.name)
    first = _make_sites(plan, outbox / "made-up", progress, mended=False)
    mended = _make_sites(plan, outbox / "made-up-mended", progress, mended=True)
    submissions = Part.SUBMISSIONS.value
    return (
        Made(LAKESIDE, gibleed, gibleed),
        *(
            Made(
                _make_site(profile.name, profile.title, profile.state),
                first / submissions / profile.name,
                mended / submissions / profile.name,
            )
            for profile in plan.sites
        ),
    )


def _prepare(
    settings: Settings, made: tuple[Made, ...], progress: Progress, now: datetime
) -> Iterator[HandedIn]:
    """Take every site to where it may send production data, and a new one not so far.

    What comes first in time is handed in first, as submissions of a site keep their order.
    """
    earlier = _make_earlier(settings, made[0].first)
    for one in made:
        enrol(settings.home, one.site, now=now)
    enrol(settings.home, NEWCOMER, now=now, most=STEPS_OF_NEWCOMER)
    for site, tables in ((LAKESIDE, ALL), (NEWCOMER, FIRST_WEEKS)):
        yield practise(settings, site, tables, earlier, progress, now=now)
    for one in made:
        yield send_test_load(settings, one.site, one.mended, progress, now=now)
    at = now - QUARTER
    yield hand_in(settings, LAKESIDE, earlier, progress, today=CUTOFF, now=at)


def _hand_in(
    settings: Settings, made: tuple[Made, ...], progress: Progress, now: datetime
) -> Iterator[HandedIn]:
    """Every site hands in; those that are rejected mend their files and do so once more."""
    for one in made:
        at = now - MENDING if one.first != one.mended else now
        handed = hand_in(settings, one.site, one.first, progress, today=CUTOFF, now=at)
        yield handed
        if not handed.report.is_accepted:
            yield hand_in(settings, one.site, one.mended, progress, today=CUTOFF, now=now)


def _make_site(name: str, title: str, state: str) -> Site:
    return Site(name, title, state=state)


def _make_earlier(settings: Settings, gibleed: Path) -> Path:
    folder = gibleed.with_name(f"{gibleed.name}-earlier")
    if not folder.exists():
        with whole_folder(folder) as scratch, _open_engine(settings) as engine:
            write_earlier(engine, gibleed, scratch)
    return folder


def _make_gibleed(settings: Settings, folder: Path) -> Path:
    if not folder.exists():
        with whole_folder(folder) as scratch, _open_engine(settings) as engine:
            write_gibleed(engine, scratch)
    return folder


def _make_sites(plan: Plan, folder: Path, progress: Progress, *, mended: bool) -> Path:
    """What the made-up sites send at the first try, or once it is mended."""
    if not folder.exists():
        progress.begin("Making up sites" + (", mended" if mended else ""), 1)
        make_programme(plan, folder, parts={Part.SUBMISSIONS}, mended=mended)
        progress.end()
    return folder


def _write_feeds(settings: Settings, plan: Plan, progress: Progress) -> None:
    """The programme's side of everybody: GiBleed's persons first, for their ids are lower."""
    folder = settings.home / "feeds" / CUTOFF.isoformat()
    if folder.exists():
        return
    progress.begin("Writing the programme's own side", 1)
    lakeside = replace(plan.sites[0], name=LAKESIDE.name, state=LAKESIDE.state)
    near_lakeside = replace(plan, sites=(lakeside,))
    persons = _read_persons(settings)
    sides = (
        build_feeds(near_lakeside, adopt_people(near_lakeside, persons)),
        build_feeds(plan, make_people(plan, plan.batch(0, plan.persons))),
        {"account_registration": build_visitors(plan, 0, plan.persons)},
    )
    feeds = {
        name: pa.concat_tables([side[name] for side in sides if name in side]) for name in sides[0]
    }
    write_feeds(feeds, folder, as_of=CUTOFF)
    progress.end()


def _read_persons(settings: Settings) -> pa.Table:
    """Who GiBleed says its patients are, as ``adopt_people`` wants them."""
    file = settings.home / "outbox" / LAKESIDE.name / "person.csv"
    with _open_engine(settings) as engine:
        return engine.arrow(
            "SELECT DISTINCT ON (person_id) CAST(person_id AS BIGINT) AS person_id, "
            "CAST(? AS VARCHAR) AS site, "
            "CAST(birth_datetime[1:10] AS DATE) AS birth_date, "
            "CAST(gender_concept_id AS BIGINT) AS sex_concept_id, "
            "CAST(race_concept_id AS BIGINT) AS race_concept_id, "
            "CAST(ethnicity_concept_id AS BIGINT) AS ethnicity_concept_id "
            "FROM read_csv(?, all_varchar = true) ORDER BY ALL",
            [LAKESIDE.name, str(file)],
        )


def _open_engine(settings: Settings) -> Engine:
    make_private(settings.home / "spill")
    return open_engine(settings.engine, spill_folder=settings.home / "spill")
