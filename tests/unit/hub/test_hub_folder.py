"""The hub's folder holds password hashes and sessions: nobody else looks into it."""

from pathlib import Path

from commonweal.hub.folder import make_hub_folder


def test_a_folder_that_stands_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir(mode=0o755)
    assert make_hub_folder(tmp_path).stat().st_mode & 0o077 == 0
    assert make_hub_folder(tmp_path / "new").stat().st_mode & 0o077 == 0
