"""Metrics find exactly what a synthetic site was planted with."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check import check_folder
from commonweal.intake.metrics import Surroundings, measure_submission
from commonweal.pipeline.vocabulary import read_abridged
from commonweal.quality.metrics.consent import TABLES as OF_PERSONS
from commonweal.quality.metrics.definition import all_tables, get_metric
from commonweal.quality.metrics.value import Metrics
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.dirt.mixture import parse_dirt
from commonweal.synthetic.dirt.scoring import read_truth
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=700, sites=2)
SITE = PLAN.sites[0].name
SETTINGS = EngineSettings(memory_limit="400MB", threads=1)
PARTS = {Part.SUBMISSIONS, Part.FEEDS}
CELLS = ("unit.missing", "unit.spelling", "key.visit_absent", "time.end_before_start")
ROWS = ("key.duplicate=0.02", "consent.absent")


def make(folder: Path, *dirt: str) -> Path:
    make_programme(PLAN, folder, parts=PARTS, mixture=parse_dirt(dirt))
    return folder


def measure(programme: Path) -> Metrics:
    folder = programme / "submissions" / SITE
    report = check_folder(folder, dialect="programme", settings=SETTINGS, today=PLAN.as_of)
    assert report.is_accepted
    (feeds,) = (programme / "feeds").iterdir()
    around = Surroundings(
        read_abridged(), {file.stem: file for file in feeds.glob("*.parquet")}, PLAN.as_of
    )
    return measure_submission(folder, report, around).metrics


def count_planted(programme: Path) -> Counter[tuple[str, str]]:
    """Faults by recipe and file."""
    truth = read_truth(programme / "truth.csv")
    return Counter((fault.recipe, fault.file) for fault in truth if fault.site == SITE)


def read_csv(programme: Path, table: str) -> pl.DataFrame:
    return pl.read_csv(programme / "submissions" / SITE / f"{table}.csv", infer_schema=False)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("metrics") / "clean")


@pytest.fixture(scope="module")
def of_clean(clean: Path) -> Metrics:
    return measure(clean)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("metrics") / "spoilt", *CELLS)


@pytest.fixture(scope="module")
def of_spoilt(spoilt: Path) -> Metrics:
    return measure(spoilt)


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("metrics") / "repeated", *ROWS)


@pytest.mark.parametrize("table", get_metric("gc_1_standard").tables)
def test_concepts_are_counted_as_they_stand_in_the_file(
    clean: Path, of_clean: Metrics, table: str
) -> None:
    facts = all_tables()[table]
    ids = read_csv(clean, table)[facts.concept].cast(pl.Int64)
    concepts = pl.concat(pl.read_parquet(file) for file in read_abridged().files["concept"])
    good = concepts.filter(
        (pl.col("standard_concept") == "S")
        & (pl.col("concept_id") != 0)
        & ((pl.col("domain_id") == facts.domain) | (facts.domain == ""))
    )
    fitting = ids.is_in(good["concept_id"].implode()).sum()
    given = (ids.fill_null(0) != 0).sum()
    standard, any_concept = (of_clean.get(f"gc_{n}_standard", table) for n in (1, 3))
    assert (standard.numerator, standard.denominator) == (fitting, len(ids))
    assert (any_concept.numerator, any_concept.denominator) == (given, len(ids))


def test_the_planted_shares_of_unmapped_codes_are_seen(of_clean: Metrics) -> None:
    profile = PLAN.sites[0]
    shares = {
        "condition_occurrence": profile.unmapped_conditions,
        "drug_exposure": profile.unmapped_drugs,
    }
    assert shares == {"condition_occurrence": 0.10, "drug_exposure": 0.27}
    for table, share in shares.items():
        value = of_clean.get("gc_3_standard", table).value
        assert value == pytest.approx(1 - share, abs=0.04)


def test_a_clean_site_meets_what_can_be_met(of_clean: Metrics) -> None:
    met = ("dc_1", "dc_2", "dc_3", "dc_4", "dc_average", "visit_id_failure")
    assert {of_clean.get(name).band for name in met} == {"meets"}
    assert of_clean.get("duplicates").band == "none"
    assert of_clean.get("consent_light").band == "green"
    assert of_clean.abridged


def test_planted_units_are_counted_exactly(
    spoilt: Path, of_spoilt: Metrics, of_clean: Metrics
) -> None:
    planted = count_planted(spoilt)
    units = sum(planted[recipe, "measurement.csv"] for recipe in ("unit.missing", "unit.spelling"))
    before = of_clean.get("unit_failure", "measurement")
    after = of_spoilt.get("unit_failure", "measurement")
    assert units > 100
    assert after.numerator == (before.numerator or 0) + units
    assert after.denominator == before.denominator


def test_planted_visits_are_counted_exactly(
    spoilt: Path, of_spoilt: Metrics, of_clean: Metrics
) -> None:
    planted = count_planted(spoilt)
    for table in get_metric("visit_id_failure").tables:
        lost = planted["key.visit_absent", f"{table}.csv"]
        before, after = (m.get("visit_id_failure", table) for m in (of_clean, of_spoilt))
        assert lost > 0
        assert after.numerator == (before.numerator or 0) + lost


def test_planted_ends_are_counted_exactly(spoilt: Path, of_spoilt: Metrics) -> None:
    planted = count_planted(spoilt)["time.end_before_start", "visit_occurrence.csv"]
    assert planted > 0
    assert of_spoilt.get("dc_1", "visit_occurrence").concerned == planted


def test_planted_repeats_are_counted_exactly(repeated: Path) -> None:
    """Of rows that were sent twice, those with a concept are duplicates."""
    truth = [f for f in read_truth(repeated / "truth.csv") if f.site == SITE]
    metrics = measure(repeated)
    for table in get_metric("duplicates").tables:
        lines = [
            f.line - 2
            for f in truth
            if f.line and f.recipe == "key.duplicate" and f.file == f"{table}.csv"
        ]
        concepts = read_csv(repeated, table)[all_tables()[table].concept].cast(pl.Int64)
        expected = int((concepts.gather(lines).fill_null(0) != 0).sum())
        assert metrics.get("duplicates", table).value == expected
    assert (metrics.get("duplicates").value or 0) > 20


def test_planted_persons_without_consent_make_the_light_red(repeated: Path) -> None:
    truth = [f for f in read_truth(repeated / "truth.csv") if f.site == SITE]
    lines = [
        f.line - 2
        for f in truth
        if f.line and f.recipe == "consent.absent" and f.file == "person.csv"
    ]
    planted = set(read_csv(repeated, "person")["person_id"].gather(lines).to_list())
    having = {person for table in OF_PERSONS for person in read_csv(repeated, table)["person_id"]}
    light = measure(repeated).get("consent_light")
    assert planted
    assert (light.band, light.value, light.denominator) == (
        "red",
        len(planted & having),
        len(having),
    )
