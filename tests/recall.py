"""How well check, matching and curation find what the recipes plant: measured on a small site.

``measure_recall`` plants every recipe in a clean site, with few enough faults that the check
shows the place of each, and scores what is found with ``commonweal.synthetic.dirt.scoring``.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from tests.dirty_site import (
    AS_OF,
    SITE,
    CleanSite,
    build_feeds,
    encode_site,
    make_clean_site,
    mask_site,
    select_sent,
    write_files,
)

from commonweal.curation.load import load_submission
from commonweal.curation.programme import make_programme
from commonweal.curation.runner import StageResult, run_stage
from commonweal.curation.stages import COMBINED, UNION
from commonweal.curation.stages import SITE as SITE_STAGE
from commonweal.curation.union import union_sites
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.intake.check.folder import check_folder
from commonweal.intake.findings import MAX_EXAMPLES, Severity
from commonweal.intake.matching.matched import match_sent, read_programme_side
from commonweal.intake.matching.sent import open_folder
from commonweal.intake.reading import RECORD, write_text_parquet
from commonweal.intake.report import CheckReport
from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.consent import IDENTIFYING
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.mixture import Mixture
from commonweal.synthetic.dirt.recipe import (
    FileRecipe,
    HeaderRecipe,
    PeopleRecipe,
    Rates,
    Recipe,
    RowRecipe,
    TextRecipe,
)
from commonweal.synthetic.dirt.registry import list_recipes
from commonweal.synthetic.dirt.scoring import Place, Score, score

PAGE = "docs/reference/synthetic/recall.md"
SETTINGS = EngineSettings(memory_limit="500MB", threads=2)
PERSONS, SEED = 400, 3
ROWS_OF_EACH = 3
"""How many rows of a table a recipe is given on average: the check shows ten places."""
SHARE_OF_THE_DEAD = 0.1
SHARE_OF_PEOPLE = 0.3
SHARE_OF_FILES = 0.25
INTRODUCTION = f"""\
<!-- Made by scripts/measure_recall.py; run it rather than change this page. -->

# What finds the dirt

Every [recipe](recipes.md) was planted in a clean site of {PERSONS} persons, with seed {SEED}. The
[check](../findings/index.md) and, when it accepted the files, the [matching](../matching.md) with
the programme's side and the [rules](../rules/index.md) of curation looked for the faults; only the
findings and rules that a recipe names count for it.

*Planted* is the number of faults in the truth table, *check*, *matching* and *curation* how many
of them each found. *Recall* is the share that any of them found. *Precision* is the share of the
places they named where a fault stands.
"""


RUNS: Mapping[str, Callable[[Recipe], bool]] = {
    "mended": lambda recipe: not recipe.rejects and not recipe.alpha,
    "lines": lambda recipe: isinstance(recipe, TextRecipe),
    "files": lambda recipe: isinstance(recipe, FileRecipe | HeaderRecipe) and recipe.rejects,
    "de-identified": lambda recipe: recipe.alpha,
}
"""Recipes that are planted together."""


@dataclass(frozen=True)
class Found:
    """What somebody found, and by which finding or rule."""

    by: str
    place: Place


@dataclass(frozen=True)
class Measured:
    """What was planted, what was found, and what the check said in all."""

    truth: tuple[Fault, ...]
    check: tuple[Found, ...]
    matching: tuple[Found, ...]
    curation: tuple[Found, ...]
    verdict: str

    def score(self, recipe: Recipe, *, only: Sequence[Found]) -> Score:
        """How a recipe's own finders did."""
        finders = {*recipe.codes, *recipe.matches, *recipe.rules}
        places = {one.place for one in only if one.by in finders}
        return score(self.truth, places)[recipe.name]

    def line(self, recipe: Recipe) -> str:
        """The recipe's line in the table of recall, in Markdown."""
        check = self.score(recipe, only=self.check)
        matching = self.score(recipe, only=self.matching)
        curation = self.score(recipe, only=self.curation)
        both = self.score(recipe, only=[*self.check, *self.matching, *self.curation])
        is_sought = _is_sought(recipe)
        cells = (
            f"[`{recipe.name}`](recipes.md#{_anchor(recipe.title)})",
            f"{check.planted:,}",
            f"{check.found:,}" if recipe.codes else "–",
            f"{matching.found:,}" if recipe.matches else "–",
            f"{curation.found:,}" if recipe.rules else "–",
            _percent(both.recall) if is_sought else "nothing looks for it yet",
            _percent(both.precision) if is_sought else "–",
        )
        return f"| {' | '.join(cells)} |"


def measure_recall(folder: Path) -> dict[str, Measured]:
    """Plant every recipe; what was measured, by recipe.

    What curation mends is planted together, and so is what spoils lines, files, and
    submissions that were de-identified: no two faults of a run share a row.
    """
    site, measured = make_clean_site(persons=PERSONS, seed=SEED), {}
    for name, belongs in RUNS.items():
        recipes = [recipe for recipe in list_recipes() if belongs(recipe)]
        known = mask_site(site) if name == "de-identified" else site
        run = measure(known, few(known, recipes), folder / name)
        measured |= {recipe.name: run for recipe in recipes}
    return measured


def measure(site: CleanSite, mixture: Mixture, folder: Path) -> Measured:
    """Plant and check; match and curate what the check accepts."""
    dirt = site.build_dirt(mixture)
    files, truth = encode_site(select_sent(site, dirt), dirt, site.people)
    outbox = write_files(folder / "outbox", files)
    report = check_folder(outbox, dialect="programme", settings=SETTINGS, today=AS_OF)
    matched, curated = (), ()
    if report.is_accepted:
        feeds = write_feeds(site, folder)
        matched = tuple(match(outbox, report, feeds))
        curated = tuple(curate(outbox, report, feeds, folder))
    return Measured(tuple(truth), tuple(list_check(report)), matched, curated, report.verdict)


def few(site: CleanSite, recipes: Iterable[Recipe]) -> Mixture:
    """Rates that give each recipe a few rows of every table."""
    return {recipe.name: _few(site, recipe) for recipe in recipes}


def _few(site: CleanSite, recipe: Recipe) -> Rates:
    if isinstance(recipe, PeopleRecipe):
        return Rates(SHARE_OF_PEOPLE)
    if isinstance(recipe, FileRecipe | HeaderRecipe) and recipe.rejects:
        return Rates(SHARE_OF_FILES)
    if recipe.name == "time.after_death":
        return Rates(SHARE_OF_THE_DEAD)
    if not isinstance(recipe, RowRecipe | TextRecipe) or not _is_sought(recipe):
        return recipe.rates
    rows = {table: site.tables[table].num_rows for table in recipe.tables}
    return Rates(0.0, {table: ROWS_OF_EACH / max(count, 40) for table, count in rows.items()})


def _is_sought(recipe: Recipe) -> bool:
    return bool(recipe.codes or recipe.matches or recipe.rules)


def list_check(report: CheckReport) -> Iterator[Found]:
    """Every place of an error or a warning; what stands in a header is on line 1."""
    for file in report.files:
        for finding in file.findings:
            if finding.severity is Severity.INFO:
                continue
            if finding.examples and finding.count > MAX_EXAMPLES:
                raise AssertionError(
                    f"{finding.code} of {file.file} has {finding.count}: more places than are shown"
                )
            in_header = finding.code.startswith("header.")
            lines = [e.line for e in finding.examples] or [1 if in_header else None]
            for line in lines:
                yield Found(finding.code, (file.file, line, finding.column))


def write_feeds(site: CleanSite, folder: Path) -> dict[str, Path]:
    """The programme's side as Parquet files, by feed."""
    feeds = {}
    for name, table in build_feeds(site.plan, site.people).items():
        feeds[name] = folder / f"feed-{name}.parquet"
        pq.write_table(table, feeds[name])
    return feeds


def match(outbox: Path, report: CheckReport, feeds: Mapping[str, Path]) -> Iterator[Found]:
    """Every row that the comparison with the programme's side tells of, by its line."""
    sent = open_folder(outbox, report)
    matched = match_sent(sent, read_programme_side(feeds))
    told = [
        (f"consent.{barrier}", str(table), "person_id", some[RECORD].to_list())
        for (table, barrier), some in matched.unconsented.group_by("table", "barrier")
    ]
    told += [(code, t, c, frame[RECORD].to_list()) for code, t, c, frame in matched.doubtful]
    for code, table, column, records in told:
        for line in sent.find_lines(table, records):
            yield Found(code, (sent.files[table].name, line, column))


def curate(
    outbox: Path, report: CheckReport, feeds: Mapping[str, Path], folder: Path
) -> Iterator[Found]:
    """What the rules of all stages did to rows of the site, by the lines they came from."""
    model = get_model("programme")
    landed = {file.table: folder / f"{file.table}.parquet" for file in report.files}
    for file in report.files:
        write_text_parquet(outbox / file.file, model.table(file.table), landed[file.table])
    files = {file.table: file.file for file in report.files}
    persons = _find_persons(landed)
    left = _find_left_behind(landed)
    for stage in _run_stages(feeds, landed, folder):
        for table, file in files.items():
            if not stage.evidence(table).exists():
                continue
            for row in pq.read_table(stage.evidence(table)).to_pylist():
                if row["_src_site"] == SITE:
                    line = row[RECORD] + (not file.endswith(".jsonl"))
                    yield Found(row["rule"], (file, line, row["column"] or ""))
                    if row["rule"].startswith("consent."):
                        for place in left.get(persons.get((table, row[RECORD])), ()):
                            yield Found(row["rule"], place)


def _run_stages(
    feeds: Mapping[str, Path], landed: Mapping[str, Path], folder: Path
) -> list[StageResult]:
    cutoff = {"cutoff": AS_OF}
    with open_engine(SETTINGS, spill_folder=folder / "spill") as engine:
        loaded = load_submission(
            engine, landed, site=SITE, dialect="programme", out=folder / "loaded"
        )
        alone = run_stage(engine, SITE_STAGE, loaded.files, out=folder / "site")
        joined = union_sites(engine, {SITE: alone}, out=folder / "joined")
        union = run_stage(engine, UNION, joined.files, out=folder / "union", parameters=cutoff)
        own = make_programme(engine, feeds["participant"], out=folder / "programme")
        inputs = dict(union.files)
        for table, files in own.files.items():
            inputs[table] = (*inputs.get(table, ()), *files)
        combined = run_stage(
            engine,
            COMBINED,
            inputs,
            out=folder / "combined",
            relations={name: (feeds[name],) for name in COMBINED.relations},
        )
    return [alone, union, combined]


def _find_persons(landed: Mapping[str, Path]) -> dict[tuple[str, int], str]:
    """The person of each row about one, by table and record."""
    return {
        (table, record): person
        for table, file in landed.items()
        if "person_id" in pl.read_parquet_schema(file)
        for person, record in pl.read_parquet(file, columns=["person_id", RECORD]).iter_rows()
    }


def _find_left_behind(landed: Mapping[str, Path]) -> dict[str | None, list[Place]]:
    """For each person the rows that no rule sees, which go when the person's records do.

    Persons come from the programme's side, and what else tells who they are is left behind.
    """
    places: dict[str | None, list[Place]] = {}
    for table in ("person", *IDENTIFYING):
        rows = pl.read_parquet(landed[table], columns=["person_id", RECORD]).iter_rows()
        for person, record in rows:
            places.setdefault(person, []).append((f"{table}.csv", record + 1, "person_id"))
    return places


def build_recall_page(measured: Mapping[str, Measured]) -> str:
    """The page of the manual, in Markdown."""
    lines = [measured[recipe.name].line(recipe) for recipe in list_recipes()]
    names = ("planted", "check", "matching", "curation", "recall", "precision")
    head = f"| recipe | {' | '.join(names)} |\n|---|{'--:|' * len(names)}"
    return "\n".join([INTRODUCTION, head, *lines, ""])


def _anchor(title: str) -> str:
    """The anchor that the manual gives a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title.lower())).strip("-")


def _percent(share: float) -> str:
    """Rounded down, so that only all is 100 %."""
    return f"{math.floor(share * 1000) / 10:g} %"
