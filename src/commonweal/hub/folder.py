"""The hub's own folder in the programme's home: its database and the key it signs with."""

from pathlib import Path

from commonweal.engine.storage import make_private


def make_hub_folder(home: Path) -> Path:
    """Return ``hub/``, open to its owner alone, whoever made it and however."""
    folder = home / "hub"
    make_private(folder)
    return folder
