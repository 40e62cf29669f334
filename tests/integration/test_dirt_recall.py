"""What the recipes plant is found by the check and the rules that say they find it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tests.dirty_site import (
    AS_OF,
    SEVERAL_TO_A_ROW,
    CleanSite,
    encode_site,
    make_clean_site,
    select_sent,
    write_files,
)
from tests.recall import (
    PAGE,
    SETTINGS,
    Measured,
    build_recall_page,
    measure,
    measure_recall,
)

from commonweal.curation.stages import list_rules
from commonweal.intake.check.folder import check_folder
from commonweal.intake.findings import Severity, all_kinds
from commonweal.schema.model import get_model
from commonweal.synthetic.dirt.mixture import build_dirt, default_mixture, list_failing
from commonweal.synthetic.dirt.recipe import Recipe
from commonweal.synthetic.dirt.registry import list_recipes

REPOSITORY = Path(__file__).resolve().parents[2]
SOUGHT = [recipe for recipe in list_recipes() if recipe.codes or recipe.matches or recipe.rules]
OF_A_PERSON = "identity.not_matched"
"""Stands where the person does, whichever row of the person is at fault."""
UNSOUGHT = [
    recipe for recipe in list_recipes() if not (recipe.codes or recipe.matches or recipe.rules)
]


def name_of(recipe: Recipe) -> str:
    return recipe.name


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    return measure_recall(tmp_path_factory.mktemp("recall"))


@pytest.fixture(scope="module")
def site() -> CleanSite:
    return make_clean_site(persons=200, seed=5)


def test_a_clean_site_passes_without_a_word(site: CleanSite, tmp_path: Path) -> None:
    run = measure(site, {}, tmp_path)
    assert (run.verdict, run.truth, run.check, run.matching) == ("accepted", (), (), ())
    finders = {finder for recipe in SOUGHT for finder in recipe.rules}
    found = Counter(one.by for one in run.curation if one.by in finders)
    assert found == {}


@pytest.mark.parametrize("recipe", SOUGHT, ids=name_of)
def test_every_fault_is_found_by_each_that_looks_for_it(
    recipe: Recipe, measured: dict[str, Measured]
) -> None:
    run = measured[recipe.name]
    if recipe.codes:
        by_check = run.score(recipe, only=run.check)
        assert by_check.planted > 0
        assert (by_check.recall, by_check.precision) == (1.0, 1.0)
    if recipe.matches:
        by_matching = run.score(recipe, only=run.matching)
        assert by_matching.planted > 0
        assert (by_matching.recall, by_matching.precision) == (1.0, 1.0)
    if recipe.rules:
        by_rules = run.score(recipe, only=run.curation)
        assert by_rules.planted > 0
        assert (by_rules.recall, by_rules.precision) == (1.0, 1.0)


@pytest.mark.parametrize("recipe", SOUGHT, ids=name_of)
def test_a_file_is_rejected_just_when_the_recipe_says_so(
    recipe: Recipe, measured: dict[str, Measured]
) -> None:
    kinds = all_kinds()
    errors = [code for code in recipe.codes if kinds[code].severity is Severity.ERROR]
    assert bool(errors) == recipe.rejects
    verdict = "rejected" if recipe.rejects else "accepted"
    assert measured[recipe.name].verdict == verdict


@pytest.mark.parametrize("recipe", UNSOUGHT, ids=name_of)
def test_nothing_finds_what_nothing_looks_for(
    recipe: Recipe, measured: dict[str, Measured]
) -> None:
    """When this fails somebody has learned to find it: let the recipe say who.

    A date of the same year may lie after a death that was moved to 1 January.
    """
    run = measured[recipe.name]
    lines = {(fault.file, fault.line) for fault in run.truth if fault.recipe == recipe.name}
    assert lines
    about = {one.by for one in (*run.check, *run.curation) if one.place[:2] in lines}
    assert about <= {"time.date_datetime", "conf.person_from_programme", "death.no_data_after"}


def test_the_check_names_nothing_that_was_not_planted(measured: dict[str, Measured]) -> None:
    for run in measured.values():
        lines = {(fault.file, fault.line) for fault in run.truth}
        told = [one for one in (*run.check, *run.matching) if one.by != OF_A_PERSON]
        assert {one for one in told if one.place[:2] not in lines} == set()


def test_the_page_of_recall_is_what_a_run_gives(measured: dict[str, Measured]) -> None:
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert page == build_recall_page(measured), "run scripts/measure_recall.py"


def test_recipes_name_findings_rules_and_tables_that_there_are() -> None:
    rules = {rule.id for rule in list_rules()}
    tables = set(get_model("programme").tables)
    for recipe in list_recipes():
        assert {*recipe.codes, *recipe.matches} <= set(all_kinds()), recipe.name
        assert set(recipe.rules) <= rules, recipe.name
        assert set(recipe.tables) <= tables, recipe.name
        assert set(recipe.rates.by_table) <= set(recipe.tables), recipe.name


@pytest.mark.parametrize("position", [0, 1])
def test_at_real_rates_totals_agree_and_only_a_failing_site_is_rejected(
    site: CleanSite, tmp_path: Path, position: int
) -> None:
    """Far more faults than the check shows places of: what it counts is what was planted."""
    dirt = build_dirt(site.plan, 0, default_mixture(site.plan, position))
    files, truth = encode_site(select_sent(site, dirt), dirt, site.people)
    folder = write_files(tmp_path / "site", files)
    report = check_folder(folder, dialect="programme", settings=SETTINGS, today=AS_OF)
    is_failing = position in list_failing(site.plan)
    assert report.is_accepted == (not is_failing)
    codes = {recipe.name: recipe.codes for recipe in list_recipes()}
    planted = Counter((fault.file, code) for fault in truth for code in codes[fault.recipe])
    counted: Counter[tuple[str, str]] = Counter()
    for file in report.files:
        for finding in file.findings:
            counted[file.file, finding.code] += finding.count
    exact = {key: count for key, count in planted.items() if key[1] not in SEVERAL_TO_A_ROW}
    assert {key: counted[key] for key in exact} == exact
    assert sum(exact.values()) > 200


def test_of_several_sites_one_fails_and_never_all(site: CleanSite) -> None:
    failing = list_failing(site.plan)
    assert 0 < len(failing) < len(site.plan.sites)
    assert np.all(np.diff(failing) > 0)
