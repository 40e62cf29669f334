"""Where lists for a site lie until its stewards collect them: the folder ``pickup``.

The pages for sites open nothing that landed and no feed. What a steward downloads from them is
laid out here by the worker: for each submission the lists of the site's own persons, and for a
while the rosters that were asked for. Nothing here belongs to more than one site.
"""

import shutil
from filecmp import cmpfiles
from pathlib import Path

from commonweal.engine.storage import make_private, whole_folder

FOLDER = "pickup"
PERSONS, IDENTITY = "persons_without_consent.csv", "identity_match.csv"
LISTS = {"without-consent": PERSONS, "matches": IDENTITY}
"""Lists of a submission, by the name of their address."""
ROSTER, CHANGES = "roster.csv", "changes.csv"
ROSTER_FILES = {"roster": ROSTER, "changes": CHANGES}


def find_lists_folder(home: Path, site: str, submission: str) -> Path:
    """Where the lists of a submission lie, in a folder for the day of the feeds."""
    return home / FOLDER / site / "persons" / submission


def find_rosters_folder(home: Path, site: str) -> Path:
    """Where the rosters of a site lie, in a folder for each time somebody asked for one."""
    return home / FOLDER / site / "rosters"


def lay_out_lists(home: Path, site: str, submission: str, comparison: Path) -> None:
    """Copy the lists of a comparison, in place of those from other feeds."""
    make_private(home / FOLDER)
    place = find_lists_folder(home, site, submission)
    target = place / comparison.name
    names = list(LISTS.values())
    if set(cmpfiles(comparison, target, names, shallow=False)[0]) != set(names):
        shutil.rmtree(target, ignore_errors=True)
        with whole_folder(target) as scratch:
            for name in names:
                shutil.copy(comparison / name, scratch / name)
    for other in place.glob("????-??-??"):
        if other != target:
            shutil.rmtree(other)


def remove_other_lists(home: Path, kept: set[tuple[str, str]]) -> None:
    """Remove the lists of submissions that are not among ``kept``, by site and id."""
    for folder in (home / FOLDER).glob("*/persons/*"):
        if folder.is_dir() and (folder.parents[1].name, folder.name) not in kept:
            shutil.rmtree(folder)
