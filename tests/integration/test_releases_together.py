"""What releases of one programme say beside each other, in whatever order they were built."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.small_programme import NOW, STATE, make_small_programme

from commonweal.disclosure.counts import PUBLIC, PublishedCount, publish_count
from commonweal.pipeline.build import Built, run_build
from commonweal.pipeline.progress import Silent
from commonweal.publish.analyses import CELLS, DOMAINS
from commonweal.publish.pointer import PUBLIC_TIER, store_path
from commonweal.publish.reader import PublishingStore

PERSONS = 303
CUTOFFS = (date(2016, 12, 31), date(2026, 10, 1), date(2010, 12, 31))
"""In the order of building: a later one than the first, and one that is earlier than both."""

Counts = dict[tuple[object, ...], PublishedCount | None]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[Built]:
    """The programme, built once with each cut-off."""
    home = tmp_path_factory.mktemp("programme") / "home"
    settings = make_small_programme(home, persons=PERSONS)
    programmes = [settings.programme.model_copy(update={"cutoff": cutoff}) for cutoff in CUTOFFS]
    return [
        run_build(settings.model_copy(update={"programme": programme}), Silent(), now=NOW)
        for programme in programmes
    ]


@pytest.fixture(scope="module")
def stores(builds: list[Built]) -> list[Counts]:
    """Everything each store says about people, in the order the stores were written."""
    releases = [built.releases[PUBLIC_TIER] for built in builds]
    home = releases[0].folder.parents[2]
    return [dict(_read_counts(store_path(home, r.id, r.content_hash))) for r in releases]


def _read_counts(path: Path) -> Iterator[tuple[tuple[object, ...], PublishedCount | None]]:
    with closing(PublishingStore(path)) as store:
        yield ("participants",), store.participants()
        for cell, count in store.participants_by_age_sex().cells.items():
            yield ("participants", cell), count
        for domain in store.domains():
            yield (domain.id,), domain.participants
            for concept_id in store.concept_ids(domain.id):
                page = store.get_concept(concept_id)
                assert page
                yield (concept_id,), page.concept.participants
                for cell, count in page.by_age_sex.cells.items():
                    yield (concept_id, cell), count


def _one_step_apart(first: Counts, second: Counts) -> list[tuple[object, ...]]:
    """What a single person may have changed; a concept that is not listed has nobody."""
    nobody = publish_count(0)
    shown = [
        (name, first.get(name, nobody), second.get(name, nobody))
        for name in first.keys() | second.keys()
    ]
    return sorted(
        (name for name, a, b in shown if a and b and abs(a.value - b.value) == PUBLIC.base),
        key=str,
    )


def test_no_two_releases_show_counts_one_step_apart(stores: list[Counts]) -> None:
    assert len(stores) == len(CUTOFFS)
    for first, second in combinations(stores, 2):
        assert _one_step_apart(first, second) == []


def test_only_counts_that_moved_are_held_back(stores: list[Counts]) -> None:
    """The first release knows of no other. The second has one step fewer people than it, so it
    tells of none; the last, with an earlier cut-off, holds back some cells and shows the others.
    """
    first, second, last = ([counts["participants", cell] for cell in CELLS] for counts in stores)
    assert None not in first
    assert set(second) == {None}
    assert None in last
    assert any(count and count.value for count in last)
    for counts in stores:
        assert {(domain.id,) for domain in DOMAINS} <= counts.keys()


def test_the_registry_tells_the_tiers_where_the_sites_are(builds: list[Built]) -> None:
    """Most people live where their site is, which is the one state with enough of them."""
    for built in builds:
        tier = built.tiers["registered"]
        recipe = json.loads((tier.folder / "manifest.json").read_text())["recipe"]
        assert recipe["sites"] == {"clinic": STATE}
        shown = pq.read_table(tier.file("person_ext"))["state_of_residence_source_value"]
        assert set(shown.to_pylist()) == {STATE, None}
