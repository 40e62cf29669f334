"""What releases of one programme say beside each other, in whatever order they were built."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from tests.small_programme import NOW, make_small_programme

from commonweal.disclosure.counts import PUBLIC, PublishedCount, publish_count
from commonweal.pipeline.build import run_build
from commonweal.pipeline.progress import Silent
from commonweal.publish.analyses import CELLS, DOMAINS
from commonweal.publish.reader import PublishingStore

PERSONS = 300
CUTOFFS = (date(2024, 6, 30), date(2026, 10, 1), date(2022, 12, 31))
"""In the order of building: a later one than the first, and one that is earlier than both."""

Counts = dict[tuple[object, ...], PublishedCount | None]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Counts]:
    """Everything each store says about people, in the order the stores were written."""
    home = tmp_path_factory.mktemp("programme") / "home"
    settings = make_small_programme(home, persons=PERSONS)
    written: dict[Path, None] = {}
    for cutoff in CUTOFFS:
        programme = settings.programme.model_copy(update={"cutoff": cutoff})
        run_build(settings.model_copy(update={"programme": programme}), Silent(), now=NOW)
        written |= dict.fromkeys(sorted((home / "publishing").glob("*.sqlite")))
    return [dict(_read_counts(path)) for path in written]


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
