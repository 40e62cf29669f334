"""Dirt in a whole programme, as it is written: what the check counts is what was planted."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check.folder import check_folder
from commonweal.intake.findings import Severity
from commonweal.intake.report import CheckReport
from commonweal.schema.model import DataType, get_model
from commonweal.synthetic.assembly import default_makers
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.mixture import Mixture, build_dirt, list_failing, parse_dirt
from commonweal.synthetic.dirt.recipe import LEAVES
from commonweal.synthetic.dirt.registry import get_recipe
from commonweal.synthetic.dirt.scoring import Place, read_truth, score
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.output.programme import write_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.profile import Purpose

PLAN = build_plan(persons=1_500, sites=4, seed=2)
SETTINGS = EngineSettings(memory_limit="500MB", threads=2)
SEVERAL_TO_A_ROW = "date.implausible"
"""A row in the future has two such cells, and one before birth may be before 1980 as well."""


def write(folder: Path, mixture: Mixture | None, batch: int = 1_500) -> Path:
    """The submissions of all sites, and the truth."""

    def dirt_of(position: int, purpose: Purpose) -> SiteDirt:
        last = np.datetime64(PLAN.sites[position].sent_on(PLAN.as_of), "D")
        alpha = purpose is Purpose.ALPHA
        return build_dirt(PLAN, position, mixture, last=last, alpha=alpha)

    parts = {Part.SUBMISSIONS}
    write_programme(
        PLAN, folder, makers=default_makers(), parts=parts, dirt_of=dirt_of, batch=batch
    )
    return folder


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the dirt of real life."""
    return write(tmp_path_factory.mktemp("programme") / "made", None)


@pytest.fixture(scope="module")
def truth(programme: Path) -> list[Fault]:
    return read_truth(programme / "truth.csv")


def check(programme: Path, site: str) -> CheckReport:
    folder = programme / "submissions" / site
    return check_folder(folder, dialect="programme", settings=SETTINGS, today=PLAN.as_of)


@pytest.mark.parametrize("position", range(4))
def test_the_check_counts_what_was_planted_and_rejects_who_fails(
    programme: Path, truth: list[Fault], position: int
) -> None:
    site = PLAN.sites[position].name
    report = check(programme, site)
    assert report.is_accepted == (position not in list_failing(PLAN))
    faults = [fault for fault in truth if fault.site == site and "/" not in fault.file]
    planted = Counter((f.file, code) for f in faults for code in get_recipe(f.recipe).codes)
    counted: Counter[tuple[str, str]] = Counter()
    lines = {(fault.file, fault.line) for fault in faults}
    for file in report.files:
        for finding in file.findings:
            if finding.severity is not Severity.INFO:
                counted[file.file, finding.code] += finding.count
                shown = {(file.file, example.line) for example in finding.examples}
                assert shown <= lines, finding.code
    several = {key for key in counted if key[1] == SEVERAL_TO_A_ROW}
    assert {k: counted[k] for k in counted if k not in several} == {
        k: planted[k] for k in planted if k not in several
    }
    assert sum(planted.values()) > 100


def read_rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of every row of a file whose rows take one line each."""
    with file.open(encoding="utf-8", newline="") as stream:
        yield from enumerate(csv.DictReader(stream), start=2)


def find_real_dates(folder: Path) -> Iterator[Place]:
    """Rows of events with a day that is not the first of a year."""
    for file in sorted(folder.glob("*.csv")):
        if file.stem in LEAVES:
            table = get_model("programme").table(file.stem)
            dates = [f.name for f in table.fields_of(DataType.DATE, DataType.TIMESTAMP)]
            for line, row in read_rows(file):
                if any(row[name] and row[name][5:10] != "01-01" for name in dates):
                    yield f"alpha/{file.name}", line, ""


def find_over_80(folder: Path, last: date) -> Iterator[Place]:
    for line, row in read_rows(folder / "person.csv"):
        if last.year - int(row["year_of_birth"]) > 80:
            yield "alpha/person.csv", line, "year_of_birth"


def test_what_a_de_identified_file_must_not_hold_can_be_found(
    programme: Path, truth: list[Fault]
) -> None:
    """By a check of a few lines, since the product has none yet: all of it, and nothing else."""
    planted = 0
    for profile in PLAN.sites:
        if profile.alpha:
            folder = programme / "alpha" / profile.name
            faults = [f for f in truth if f.site == profile.name and f.file.startswith("alpha/")]
            for recipe, found in (
                ("alpha.real_date", find_real_dates(folder)),
                ("alpha.over_80", find_over_80(folder, profile.sent_on(PLAN.as_of))),
            ):
                result = score([f for f in faults if f.recipe == recipe], set(found)).get(recipe)
                planted += result.planted if result else 0
                assert result is None or (result.recall, result.precision) == (1.0, 1.0)
    assert planted > 20


def test_batches_change_no_byte_of_all_the_dirt_there_is(tmp_path: Path) -> None:
    one, other = (
        hash_files(write(tmp_path / str(batch), parse_dirt(["all"]), batch))
        for batch in (1_500, 400)
    )
    assert one == other


def hash_files(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
