"""No release, no stage and no public page is built from what participants entered of themselves."""

from pathlib import Path

import polars as pl
import pytest
from tests.small_programme import (
    NOW,
    copy_programme,
    hash_tree,
    make_small_programme,
    mark_contacts,
    small_settings,
)

from commonweal.curation.stages import STAGES
from commonweal.pipeline.build import run_build
from commonweal.pipeline.feeds import get_latest_feeds, list_identifying_feeds
from commonweal.pipeline.progress import Silent

CONTACT = "participant_contact"
MARKER = "Zyzzyva"
IDENTIFIABLE = ("feeds", "landing", "outbox")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("plain") / "home"
    make_small_programme(home)
    return home


@pytest.fixture(scope="module")
def marked(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same programme with a marker in every text that participants entered."""
    home = copy_programme(plain, tmp_path_factory.mktemp("marked") / "home")
    mark_contacts(home, MARKER)
    return home


def holds_marker(file: Path) -> bool:
    """Whether a file holds the marker, in a cell of a Parquet file or as it stands."""
    if file.suffix == ".parquet":
        cells = pl.read_parquet(file).select(pl.col(pl.String))
        return any(column.str.contains(MARKER).any() for column in cells)
    return MARKER.encode() in file.read_bytes()


def test_building_is_not_given_the_feed(plain: Path) -> None:
    assert list_identifying_feeds() == {CONTACT}
    assert CONTACT not in get_latest_feeds(plain, synthetic=True).files
    assert all(CONTACT not in stage.relations for stage in STAGES.values())


def test_what_participants_entered_reaches_no_stage_and_changes_no_release(
    plain: Path, marked: Path, tmp_path: Path
) -> None:
    built = copy_programme(plain, tmp_path / "home")
    for home in (built, marked):
        run_build(small_settings(home), Silent(), now=NOW)
    assert holds_marker(marked / "feeds" / "2026-10-01" / f"{CONTACT}.parquet")
    within = [f for f in marked.rglob("*") if f.is_file()]
    reached = [f for f in within if f.relative_to(marked).parts[0] not in IDENTIFIABLE]
    assert len(reached) > 100
    assert [file.name for file in reached if holds_marker(file)] == []
    keyed = frozenset({"signature.json"})  # by the key of each programme
    for folder in ("stages", "releases/objects", "publishing"):
        one, other = (hash_tree(home / folder, without=keyed) for home in (marked, built))
        assert one == other, folder
