"""The hub's own folder in the programme's home: its database and the key it signs with."""

from pathlib import Path


def make_hub_folder(home: Path) -> Path:
    """Return ``hub/``, made for its owner alone when it is missing."""
    folder = home / "hub"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
