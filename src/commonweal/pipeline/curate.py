"""Curates: every site's accepted submission and the programme's side become one dataset.

Every step is a folder named by what went into it, so a run that was killed, or is run
again, goes on where the folders end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commonweal.curation.evidence import RuleCount
from commonweal.curation.folder import TableFolder, make_folder
from commonweal.curation.left import list_left_tables
from commonweal.curation.load import load_submission
from commonweal.curation.programme import make_programme
from commonweal.curation.runner import StageResult, run_stage, settle_parameters
from commonweal.curation.stage import Stage
from commonweal.curation.stages import COMBINED, SITE, UNION
from commonweal.curation.union import union_sites
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings
from commonweal.intake.landing import (
    Submission,
    get_accepted,
    verify_submission,
    write_landed_parquet,
)
from commonweal.intake.sites import list_sites
from commonweal.pipeline.feeds import get_latest_feeds
from commonweal.pipeline.progress import Progress
from commonweal.pipeline.snapshots import Snapshot
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import get_model


@dataclass(frozen=True)
class Curated:
    """The combined dataset, the stages it went through and what it was made from.

    ``left_out`` are current submissions that are not of the programme's kind: synthetic ones where
    real data are curated, and the reverse.
    """

    submissions: tuple[Submission, ...]
    left_out: tuple[Submission, ...]
    feeds: Snapshot
    landed: Mapping[str, TableFolder]
    loaded: Mapping[str, TableFolder]
    sites: Mapping[str, StageResult]
    joined: TableFolder
    union: StageResult
    programme: TableFolder
    combined: StageResult

    @property
    def stages(self) -> tuple[StageResult, ...]:
        return (*self.sites.values(), self.union, self.combined)

    @property
    def counts(self) -> list[tuple[str, RuleCount]]:
        """What every rule did, and where: from the rows that landed to the combined dataset.

        ``rows_in + rows_programme − dropped + added`` are the rows of the combined dataset.
        """
        found = [
            *((f"loaded:{site}", list_left_tables(made)) for site, made in self.loaded.items()),
            *((f"{SITE.name}:{site}", made.counts) for site, made in self.sites.items()),
            ("joined", list_left_tables(self.joined)),
            (UNION.name, self.union.counts),
            (COMBINED.name, self.combined.counts),
        ]
        return [(stage, count) for stage, counts in found for count in counts]

    @property
    def rows_in(self) -> int:
        """Rows the sites sent, those of tables that are left behind included."""
        return sum(sum(folder.rows.values()) for folder in self.landed.values())

    @property
    def rows_programme(self) -> int:
        """Rows the programme added from its own side."""
        return sum(self.programme.rows.values())


def get_cutoff(settings: Settings) -> date:
    """The last day of data.

    Raises:
        CommonwealError: the programme has not set one.
    """
    if settings.programme.cutoff is None:
        raise CommonwealError(
            "The programme has no cut-off date.",
            expected="programme.cutoff, the last day of data in the next release",
            fix="Write cutoff = 2026-10-01 under [programme] in commonweal.toml.",
        )
    return settings.programme.cutoff


def get_parameters(settings: Settings) -> dict[str, dict[str, str]]:
    """The parameters of every stage's rules, as text for manifests."""
    return {
        stage.name: {
            name: str(value)
            for name, value in settle_parameters(stage, _given(stage, settings)).items()
        }
        for stage in (SITE, UNION, COMBINED)
    }


def _given(stage: Stage, settings: Settings) -> dict[str, object]:
    """The parameters that a programme must set; the others keep their defaults."""
    return {"cutoff": get_cutoff(settings)} if "cutoff" in stage.parameters else {}


def list_curated_submissions(settings: Settings) -> tuple[Submission, ...]:
    """The current submission of every site that has one, unchanged since it came.

    A site whose submission is not of the programme's kind is left out (``list_left_out``).

    Raises:
        CommonwealError: there is none, one was altered, or none is of the programme's kind.
    """
    submissions = _list_current(settings)
    if not submissions:
        raise CommonwealError(
            "There is nothing to curate.",
            expected="an accepted production submission of at least one site",
            fix="See `commonweal submissions`; hand one in with `commonweal submit`.",
        )
    left_out = list_left_out(settings)
    chosen = tuple(s for s in submissions if s not in left_out)
    for submission in chosen:
        _check_submission(submission, synthetic=settings.programme.synthetic)
    return chosen


def list_left_out(settings: Settings) -> tuple[Submission, ...]:
    """Submissions that are current beside others and not of the programme's kind.

    Where real data are curated they are the synthetic ones, and the reverse.
    """
    current = _list_current(settings)
    unfit = tuple(s for s in current if s.synthetic != settings.programme.synthetic)
    return () if len(unfit) == len(current) else unfit


def _list_current(settings: Settings) -> tuple[Submission, ...]:
    found = [get_accepted(settings.home, site.name) for site in list_sites(settings.home)]
    return tuple(submission for submission in found if submission)


def _check_submission(submission: Submission, *, synthetic: bool) -> None:
    if submission.synthetic != synthetic:
        kind = "synthetic" if submission.synthetic else "real"
        raise CommonwealError(
            f"The submission {submission.id} holds {kind} data; this programme curates none.",
            expected=f"{'synthetic' if synthetic else 'real'} data, as programme.synthetic says",
            fix="Keep synthetic and real data in programmes of their own.",
        )
    if altered := verify_submission(submission):
        raise CommonwealError(
            f"Files of {submission.id} are not what was handed in: {', '.join(altered)}.",
            fix="Bring the landing area back from a copy, or have the site submit again.",
        )


def curate(engine: Engine, settings: Settings, progress: Progress) -> Curated:
    """Run all stages up to the combined dataset, or find them done.

    Raises:
        CommonwealError: an input is missing or does not fit.
    """
    submissions = list_curated_submissions(settings)
    feeds = get_latest_feeds(settings.home, synthetic=settings.programme.synthetic)
    stages = settings.home / "stages"
    landed, loaded, sites = {}, {}, {}
    for submission in submissions:
        progress.begin(f"Curating {submission.site}", len(submission.files))
        landed[submission.site] = _land(submission, stages)
        loaded[submission.site] = _load(engine, submission, landed[submission.site], stages)
        sites[submission.site] = run_stage(
            engine,
            SITE,
            loaded[submission.site].files,
            out=stages / SITE.name,
            progress=count_tables(progress),
        )
        progress.end()
    progress.begin("Joining the sites", len(next(iter(sites.values())).rows))
    joined = union_sites(engine, sites, out=stages / "joined")
    union = run_stage(
        engine,
        UNION,
        joined.files,
        out=stages / UNION.name,
        parameters=_given(UNION, settings),
        progress=count_tables(progress),
    )
    progress.end()
    own = make_programme(engine, feeds.files["participant"], out=stages / "programme")
    combined = _combine(engine, settings, (union, own), feeds, progress)
    return Curated(
        submissions,
        list_left_out(settings),
        feeds,
        landed,
        loaded,
        sites,
        joined,
        union,
        own,
        combined,
    )


def _land(submission: Submission, stages: Path) -> TableFolder:
    """A submission's tables as text, read by the reader that checked them."""
    model = get_model(submission.dialect)
    files = {file.table: file for file in submission.files if file.table}

    def write(folder: Path) -> tuple[dict[str, int], dict[str, str]]:
        rows = {
            table: write_landed_parquet(
                submission, file, model.table(table), folder / f"{table}.parquet"
            )
            for table, file in files.items()
        }
        return rows, {}

    return make_folder(
        stages / "landed" / submission.site, "landed", {"submission": submission.digest}, write
    )


def _load(engine: Engine, submission: Submission, landed: TableFolder, stages: Path) -> TableFolder:
    """A submission's tables, typed."""
    return load_submission(
        engine,
        {table: landed.file(table) for table in landed.rows},
        site=submission.site,
        dialect=submission.dialect,
        out=stages / "loaded" / submission.site,
    )


def _combine(
    engine: Engine,
    settings: Settings,
    sides: tuple[TableFolder, TableFolder],
    feeds: Snapshot,
    progress: Progress,
) -> StageResult:
    """The sites' rows and the programme's own, as the rules of the last stage let them through."""
    union, own = sides
    progress.begin("Combining with the programme's side", len(union.rows))
    inputs = dict(union.files)
    for table, files in own.files.items():
        inputs[table] = (*inputs.get(table, ()), *files)
    combined = run_stage(
        engine,
        COMBINED,
        inputs,
        out=settings.home / "stages" / COMBINED.name,
        parameters=_given(COMBINED, settings),
        relations={name: (feeds.files[name],) for name in COMBINED.relations},
        progress=count_tables(progress),
    )
    progress.end()
    return combined


def count_tables(progress: Progress) -> Callable[[str, str], None]:
    """Move a bar on for each table that is written."""

    def tell(table: str, work: str) -> None:
        if work == "writing":
            progress.advance(table)

    return tell
