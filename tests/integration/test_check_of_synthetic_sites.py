"""The check accepts what the sites of a synthetic programme send: no error and no warning."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check import check_folder
from commonweal.intake.findings import Severity
from commonweal.intake.landing import submit_folder
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.schema.model import DataType, Submission, get_model
from commonweal.synthetic.assembly import choose_dirt, default_makers, make_programme
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.output.programme import write_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan
from commonweal.synthetic.sites.codes import build_book

PLAN = build_plan(persons=1_500, sites=8)
OF_CLEAN_SITES = {"concept.not_mapped"}
"""No site has mapped all of its codes."""
NOW = datetime.fromisoformat("2026-10-01T12:00:00+00:00")


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "programme"
    make_programme(PLAN, folder, parts={Part.SUBMISSIONS}, mixture={})
    return folder


def check(folder: Path, dialect: str = "programme") -> CheckReport:
    return check_folder(folder, dialect=dialect, settings=EngineSettings(), today=PLAN.as_of)


def list_faults(report: CheckReport) -> list[tuple[str, str]]:
    findings = [*report.findings, *(f for file in report.files for f in file.findings)]
    return [
        (f.file, f.code)
        for f in findings
        if f.severity is not Severity.INFO and f.code not in OF_CLEAN_SITES
    ]


@pytest.mark.parametrize("position", range(8))
def test_a_clean_submission_passes_without_a_word(programme: Path, position: int) -> None:
    report = check(programme / "submissions" / PLAN.sites[position].name)
    assert list_faults(report) == []
    assert report.is_accepted
    assert report.missing == ()
    model = get_model("programme")
    pii = {table.name for table in model.with_submission(Submission.PII)}
    assert pii | {"observation_period"} <= {file.table for file in report.files}


def test_sites_get_along_without_snomed(tmp_path: Path) -> None:
    """Its codes stand in a file that may be removed."""
    plan = build_plan(persons=200)
    write_programme(
        plan,
        tmp_path / "made",
        makers=replace(default_makers(), codes=build_book(read_facts("codes.csv"))),
        parts={Part.SUBMISSIONS},
        dirt_of=choose_dirt(plan, {}),
    )
    for site in plan.sites:
        folder = tmp_path / "made" / "submissions" / site.name
        assert list_faults(check(folder)) == []
        rows = pl.read_csv(folder / "condition_occurrence.csv", infer_schema=False)
        codes = rows["condition_source_value"]
        assert codes.null_count() == 0
        assert not codes.str.contains(r"^\d{6,}$").any(), "a code of SNOMED CT"


@pytest.mark.parametrize("site", ["prairie", "harborview"])
def test_a_clean_alpha_submission_passes_without_a_word(programme: Path, site: str) -> None:
    report = check(programme / "alpha" / site, "alpha")
    assert list_faults(report) == []
    assert report.is_accepted
    assert report.complete
    assert sum(file.rows for file in report.files) > 500


def test_an_alpha_submission_is_no_production(programme: Path) -> None:
    report = check(programme / "alpha" / "prairie")
    assert not report.is_accepted
    assert "care_site" in report.missing


def test_a_site_knows_nothing_later_than_its_last_submission(programme: Path) -> None:
    tables = get_model("programme").tables
    for site in PLAN.sites:
        for file in (programme / "submissions" / site.name).glob("*.csv"):
            dated = tables[file.stem].fields_of(DataType.DATE, DataType.TIMESTAMP)
            names = [field.name for field in dated if not field.name.startswith("valid_")]
            text = pl.read_csv(file, columns=names, infer_schema=False) if names else pl.DataFrame()
            latest = max((day for column in text for day in column.drop_nulls()), default="")
            assert latest[:10] <= str(site.sent_on(PLAN.as_of)), (site.name, file.name)


def test_a_site_can_hand_it_in(programme: Path, tmp_path: Path) -> None:
    register_site(tmp_path, Site("gulfcoast", "Gulf Coast Community Clinics"))
    folder = programme / "submissions" / "gulfcoast"
    submission = submit_folder(
        folder,
        home=tmp_path,
        site="gulfcoast",
        purpose=Purpose.PRODUCTION,
        synthetic=True,
        now=NOW,
        report=check(folder),
    )
    assert submission.is_accepted
    assert {file.name for file in submission.files} == {path.name for path in folder.iterdir()}
