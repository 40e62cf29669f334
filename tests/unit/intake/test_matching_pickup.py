"""Lists that lie ready for a site are those of the newest comparison, also of the same day."""

from pathlib import Path

from commonweal.intake.matching.matched import FEEDS, REPORT, is_of_feeds
from commonweal.intake.matching.pickup import LISTS, PERSONS, find_lists_folder, lay_out_lists


def compare(folder: Path, persons: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS.values():
        (folder / name).write_text(f"{name}\n{persons}", "utf-8")
    return folder


def test_lists_of_a_snapshot_written_anew_on_its_day_take_the_place(tmp_path: Path) -> None:
    comparison = tmp_path / "2026-10-01"
    for persons in ("", "4711001\n", "4711001\n4711002\n"):
        lay_out_lists(tmp_path, "hospital", "hospital-1", compare(comparison, persons))
        laid = find_lists_folder(tmp_path, "hospital", "hospital-1") / "2026-10-01" / PERSONS
        assert laid.read_text("utf-8") == f"{PERSONS}\n{persons}"


def test_a_comparison_is_known_by_the_feeds_it_was_made_with(tmp_path: Path) -> None:
    assert not is_of_feeds(tmp_path, "one")
    (tmp_path / REPORT).write_text(f'{{"{FEEDS}": "one"}}', "utf-8")
    assert is_of_feeds(tmp_path, "one")
    assert not is_of_feeds(tmp_path, "two")
