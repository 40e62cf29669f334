"""The training release: made-up people in any programme, the same everywhere, marked as such."""

from pathlib import Path

import pytest
from tests.small_programme import NOW, hash_tree, small_settings

from commonweal.engine.settings import Settings
from commonweal.hub.workbench.data import Workplace
from commonweal.pipeline.progress import Silent
from commonweal.pipeline.training import build_training_release
from commonweal.release.catalogue import Release, list_ids
from commonweal.release.verify import verify_release

PERSONS = 80


def build(home: Path, *, synthetic: bool) -> tuple[Settings, Release]:
    settings = small_settings(home, synthetic=synthetic)
    return settings, build_training_release(settings, Silent(), now=NOW, persons=PERSONS)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Release]:
    """In a programme of real people that has no submission yet."""
    return build(tmp_path_factory.mktemp("training") / "home", synthetic=False)


def test_it_is_a_sealed_release_of_its_own_tier_marked_as_synthetic(
    built: tuple[Settings, Release],
) -> None:
    settings, release = built
    assert release.id == "S2026Q4R1"
    assert (release.manifest.tier, release.manifest.letter) == ("synthetic", "S")
    assert release.manifest.synthetic
    assert verify_release(settings.home, release.id) == []
    rows = {table.name: table.rows for table in release.manifest.tables}
    assert 0.9 * PERSONS <= rows["person"] <= PERSONS
    assert min(rows["condition_occurrence"], rows["drug_exposure"], rows["measurement"]) > 100


def test_it_is_the_same_in_every_programme(built: tuple[Settings, Release], tmp_path: Path) -> None:
    _, other = build(tmp_path / "home", synthetic=True)
    assert other.content_hash == built[1].content_hash


def test_nothing_of_the_programme_itself_is_read_or_written(
    built: tuple[Settings, Release],
) -> None:
    home = built[0].home
    there = {path.name for path in home.iterdir() if any(path.rglob("*.*"))}
    assert there == {"training", "releases", "keys"}


def test_the_workbench_opens_it_until_there_is_a_registered_release(
    built: tuple[Settings, Release],
) -> None:
    with Workplace(built[0]).use() as opened:
        assert opened
        assert opened.release.id == built[1].id
        persons = opened.engine.value("SELECT count(*) FROM person")
    rows = {table.name: table.rows for table in built[1].manifest.tables}
    assert persons == rows["person"]


def test_building_it_again_changes_nothing(built: tuple[Settings, Release]) -> None:
    settings, release = built
    before = hash_tree(settings.home)
    again = build_training_release(settings, Silent(), now=NOW.replace(year=2027), persons=PERSONS)
    assert again.content_hash == release.content_hash
    assert hash_tree(settings.home) == before
    assert [str(known) for known in list_ids(settings.home)] == [release.id]
