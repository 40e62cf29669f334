"""Which store is the current one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from commonweal.engine.duckdb_engine import DuckDBEngine
from commonweal.publish.model import ReleaseFacts
from commonweal.publish.pointer import (
    find_current,
    list_current,
    list_others,
    set_current,
    store_path,
)
from commonweal.publish.store import build_store
from commonweal.schema.errors import CommonwealError


def _file(home: Path, release_id: str) -> Path:
    path = store_path(home, release_id, "ab" * 32)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_nothing_published_yet(tmp_path: Path) -> None:
    assert find_current(tmp_path) is None
    assert list_current(tmp_path) == {}


def test_names(tmp_path: Path) -> None:
    assert _file(tmp_path, "R1") == tmp_path / "publishing" / "R1-abababab.sqlite"


def test_each_tier_has_its_own_and_old_files_stay(tmp_path: Path) -> None:
    old, new, other = (_file(tmp_path, name) for name in ("R1", "R2", "C1"))
    set_current(tmp_path, "controlled", other)
    assert find_current(tmp_path) == other
    set_current(tmp_path, "registered", old)
    set_current(tmp_path, "registered", new)
    assert list_current(tmp_path) == {"controlled": other, "registered": new}
    assert find_current(tmp_path, "controlled") == other
    assert find_current(tmp_path) == new
    assert find_current(tmp_path, "none") is None
    assert old.exists()
    assert not list((tmp_path / "publishing").glob(".partial*"))


def test_only_a_store_in_its_place_can_be_current(tmp_path: Path) -> None:
    elsewhere = tmp_path / "x.sqlite"
    elsewhere.write_bytes(b"")
    for path in (elsewhere, tmp_path / "publishing" / "absent.sqlite"):
        with pytest.raises(CommonwealError, match="cannot be made current"):
            set_current(tmp_path, "registered", path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{'registered'}", '{"registered": "../x.sqlite"}', '{"a": 1}']
)
def test_a_damaged_pointer_is_told(tmp_path: Path, content: str) -> None:
    folder = _file(tmp_path, "R1").parent
    (folder / "current.json").write_text(content)
    with pytest.raises(CommonwealError, match="damaged"):
        find_current(tmp_path)


def test_all_other_stores_of_the_tier_whatever_their_cut_offs(
    engine: DuckDBEngine, release: ReleaseFacts, tmp_path: Path
) -> None:
    facts = {
        "R2020Q1R1": replace(release, id="R2020Q1R1", cutoff=date(2020, 3, 31)),
        "R2020Q2R9": replace(release, id="R2020Q2R9"),
        "R2020Q2R10": replace(release, id="R2020Q2R10"),
        "C2020Q1R1": replace(release, id="C2020Q1R1", tier="controlled"),
    }
    for release_id, fact in facts.items():
        build_store(engine, fact, store_path(tmp_path, release_id, release.content_hash))

    def others(release_id: str) -> list[str]:
        return [p.name.partition("-")[0] for p in list_others(tmp_path, facts[release_id])]

    assert others("R2020Q1R1") == ["R2020Q2R10", "R2020Q2R9"]
    assert others("R2020Q2R9") == ["R2020Q1R1", "R2020Q2R10"]
    assert others("R2020Q2R10") == ["R2020Q1R1", "R2020Q2R9"]
    assert others("C2020Q1R1") == []
