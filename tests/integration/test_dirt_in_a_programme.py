"""Dirt in a whole programme, as it is written: what the check counts is what was planted."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tests.dirty_site import SEVERAL_TO_A_ROW

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check.folder import check_folder
from commonweal.intake.findings import Severity
from commonweal.intake.report import CheckReport
from commonweal.synthetic.assembly import default_makers
from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.mixture import Mixture, build_dirt, list_failing, parse_dirt
from commonweal.synthetic.dirt.registry import get_recipe
from commonweal.synthetic.dirt.scoring import read_truth
from commonweal.synthetic.dirt.site_dirt import SiteDirt
from commonweal.synthetic.output.programme import write_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.profile import Purpose, SiteProfile

PLAN = build_plan(persons=1_500, sites=4, seed=2)
SETTINGS = EngineSettings(memory_limit="500MB", threads=2)
OF_CLEAN_SITES = {"concept.not_mapped"}
"""No site has mapped all of its codes."""


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


def check_alpha(programme: Path, site: SiteProfile) -> CheckReport:
    folder, sent = programme / "alpha" / site.name, site.sent_on(PLAN.as_of)
    return check_folder(folder, dialect="alpha", settings=SETTINGS, today=sent)


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
            if finding.severity is not Severity.INFO and finding.code not in OF_CLEAN_SITES:
                counted[file.file, finding.code] += finding.count
                shown = {(file.file, example.line) for example in finding.examples}
                assert shown <= lines, finding.code
    assert {k: counted[k] for k in counted if k[1] not in SEVERAL_TO_A_ROW} == {
        k: planted[k] for k in planted if k[1] not in SEVERAL_TO_A_ROW
    }
    assert sum(planted.values()) > 100


def test_what_a_de_identified_file_must_not_hold_is_counted_and_rejected(
    programme: Path, truth: list[Fault]
) -> None:
    planted_in_all = 0
    for profile in (profile for profile in PLAN.sites if profile.alpha):
        report = check_alpha(programme, profile)
        faults = [f for f in truth if f.site == profile.name and f.file.startswith("alpha/")]
        lines = {(Path(fault.file).name, fault.line) for fault in faults}
        errors = [f for f in report.all_findings if f.severity is Severity.ERROR]
        assert {f.code for f in errors} <= {"sprint.real_date", "sprint.over_80"}
        for finding in errors:
            assert {(finding.file, example.line) for example in finding.examples} <= lines
        for recipe, code in (
            ("alpha.real_date", "sprint.real_date"),
            ("alpha.over_80", "sprint.over_80"),
        ):
            planted = Counter(Path(f.file).name for f in faults if f.recipe == recipe)
            first = {f.file: f.count for f in reversed(errors) if f.code == code}
            assert first == planted
            planted_in_all += sum(planted.values())
        assert report.is_accepted == (not faults)
    assert planted_in_all > 20


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
