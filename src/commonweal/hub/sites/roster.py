"""The roster of a site as its page shows it: how many are listed, what changed, who has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy

from commonweal.hub.accounts.models import User
from commonweal.hub.sites.actions import write_audit
from commonweal.hub.sites.models import RosterRequest, RosterRow, RosterStatus
from commonweal.intake.matching.pickup import ROSTER_FILES, find_rosters_folder
from commonweal.intake.sites import Site

KEEP_DAYS = 3
"""How long a roster lies ready: it holds details of people."""
CHANGES: Mapping[str, tuple[Any, Any]] = {
    "added": (
        gettext_lazy("Added"),
        gettext_lazy("Look for the person, and send the records from now on."),
    ),
    "withdrawn": (gettext_lazy("Withdrawn"), gettext_lazy("Send nothing more of this person.")),
    "expired": (
        gettext_lazy("Expired"),
        gettext_lazy("Send nothing until the person is listed again."),
    ),
    "not_authorised": (
        gettext_lazy("Not authorised"),
        gettext_lazy("Send nothing: taken back, or the form was not valid."),
    ),
    "unpaired": (
        gettext_lazy("Not paired"),
        gettext_lazy("The person belongs to another site now, or to none."),
    ),
}
"""Title of a change and what to do, by its name in the file."""


@dataclass(frozen=True)
class ChangeView:
    """How many participants something happened to."""

    title: str
    advice: str
    count: int


@dataclass(frozen=True)
class DownloadView:
    """One download, as it was recorded."""

    number: int
    at: datetime | None
    by: str
    participants: int


@dataclass(frozen=True)
class RosterView:
    """The roster as the worker counted it last."""

    as_of: date
    participants: int
    changes: tuple[ChangeView, ...]
    last: DownloadView | None
    downloads: tuple[DownloadView, ...]


def needs_agreement(site: Site, *, synthetic: bool) -> bool:
    """Whether a site has to wait for its agreement: the roster tells of real people."""
    return not synthetic and site.isa_date is None


def find_roster(site: str) -> RosterView | None:
    """The counts of a site's roster; None before there is a snapshot of participants."""
    row = RosterRow.objects.filter(site=site).first()
    if row is None:
        return None
    last = row.facts["last_download"]
    return RosterView(
        as_of=date.fromisoformat(row.as_of),
        participants=row.facts["participants"],
        changes=_build_changes(row.facts["changes"]),
        last=_build_download(last) if last else None,
        downloads=tuple(_build_download(one) for one in row.facts["downloads"]),
    )


def build_page(site: Site, *, synthetic: bool) -> dict[str, Any]:
    """What the page of the roster shows; to whom what is offered is the template's business."""
    requests = RosterRequest.objects.filter(site=site.name)
    ready = requests.filter(status=RosterStatus.READY)
    latest = requests.first()
    return {
        "roster": find_roster(site.name),
        "needs_agreement": needs_agreement(site, synthetic=synthetic),
        "is_waiting": requests.filter(status=RosterStatus.WAITING).exists(),
        "refused": latest if latest and latest.status == RosterStatus.REFUSED else None,
        "ready": [(request, _build_changes(request.facts)) for request in ready],
        "days": KEEP_DAYS,
    }


def ask_for_roster(by: User, site: str) -> None:
    """Have the worker prepare the roster; nothing more happens while one is being prepared."""
    try:
        with transaction.atomic():
            RosterRequest.objects.create(site=site, by=by.email, asked_at=timezone.now())
            write_audit(by.email, "roster_asked_for", site=site)
    except IntegrityError:
        return


def find_roster_file(home: Path, site: str, request_id: int, kind: str) -> Path | None:
    """A file that lies ready for a site; None when there is none."""
    ready = RosterRequest.objects.filter(site=site, pk=request_id, status=RosterStatus.READY)
    if kind not in ROSTER_FILES or not ready.exists():
        return None
    file = find_rosters_folder(home, site) / str(request_id) / ROSTER_FILES[kind]
    return file if file.is_file() else None


def _build_changes(counts: Mapping[str, int]) -> tuple[ChangeView, ...]:
    return tuple(
        ChangeView(str(title), str(advice), counts[name])
        for name, (title, advice) in CHANGES.items()
    )


def _build_download(facts: Mapping[str, Any]) -> DownloadView:
    return DownloadView(
        facts["number"], parse_datetime(facts["at"]), facts["by"], facts["participants"]
    )
