"""What lies in a site's drop area and is among its submissions not yet, or never will be.

Between handing in and the next round of the worker only the drop area knows of a folder. Areas
in a bucket are read by the worker alone: what lies there is told after its next round.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commonweal.engine.storage import Location
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.purposes import PURPOSE_NAMES
from commonweal.intake.drop_area import area_of
from commonweal.intake.lifecycle.declaration import DECLARATION, parse_declaration
from commonweal.intake.lifecycle.drop import DropArea, survey_drop
from commonweal.intake.sites import Site
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Waiting:
    """A folder that was handed in and waits to be checked; ``purpose`` is empty if unreadable."""

    folder: str
    at: datetime
    purpose: str


@dataclass(frozen=True)
class DropView:
    """Folders that wait, the latest first, and files outside of any folder, which nobody takes."""

    waiting: tuple[Waiting, ...] = ()
    loose: tuple[str, ...] = ()


def look_into_drop_area(home: Path, site: Site) -> DropView:
    """What the drop area of a site holds that no row tells of."""
    try:
        place = area_of(home, site)
    except CommonwealError:
        return DropView()
    area = survey_drop(Location.of(place).list_files())
    return DropView(tuple(_list_waiting(place, site, area)), area.root_files)


def _list_waiting(place: Path, site: Site, area: DropArea) -> list[Waiting]:
    declared = {f.name: f.files[DECLARATION] for f in area.folders if DECLARATION in f.files}
    rows = SubmissionRow.objects.filter(site=site.name, folder__in=declared)
    new = sorted(declared.keys() - set(rows.values_list("folder", flat=True)), reverse=True)
    return [
        Waiting(name, declared[name].modified_at, _name_purpose(place / name / DECLARATION))
        for name in new
    ]


def _name_purpose(file: Path) -> str:
    try:
        return str(PURPOSE_NAMES[parse_declaration(file.read_bytes()).purpose])
    except (CommonwealError, FileNotFoundError):
        return ""
