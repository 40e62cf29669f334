"""Rosters that stewards asked for on the pages, prepared by the worker, which alone reads feeds.

A roster is made and recorded by the same function as at the command line, in the name of the
steward who asked. It then lies ready for the stewards of the site, for a few days.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from commonweal.engine.settings import Settings
from commonweal.engine.storage import digest_of, make_private, sha256_of
from commonweal.hub.sites.models import RosterRequest, RosterRow, RosterStatus, Steward
from commonweal.hub.sites.outbox import write_notice
from commonweal.hub.sites.roster import KEEP_DAYS, needs_agreement
from commonweal.intake.matching.pickup import CHANGES, ROSTER, find_rosters_folder
from commonweal.intake.matching.pickup import FOLDER as PICKUP
from commonweal.intake.matching.roster import (
    build_roster,
    count_downloads,
    download_roster,
    find_last_download,
    find_record,
    list_downloads,
    write_changes,
)
from commonweal.intake.sites import Site, get_site, list_sites
from commonweal.pipeline.feeds import MANIFEST, find_latest_folder
from commonweal.pipeline.matching import Programme, read_programme
from commonweal.schema.errors import CommonwealError

LISTED = 20
"""Downloads that a page shows."""


@dataclass
class Prepared:
    """What a round came to."""

    prepared: int = 0
    refused: int = 0
    removed: int = 0
    counted: int = 0


def prepare_rosters(settings: Settings, *, now: datetime) -> Prepared:
    """Remove what has lain long enough, prepare what was asked for, and count anew."""
    done = Prepared(removed=_remove_old(settings.home, now))
    for request in RosterRequest.objects.filter(status=RosterStatus.WAITING).order_by("asked_at"):
        try:
            _prepare(settings, request, now)
            done.prepared += 1
        except CommonwealError as error:
            RosterRequest.objects.filter(pk=request.pk).update(
                status=RosterStatus.REFUSED, ready_at=now, problem=error.found[:300]
            )
            done.refused += 1
    done.counted = _count(settings)
    return done


def _prepare(settings: Settings, request: RosterRequest, now: datetime) -> None:
    """Make a roster, record it and say that it is ready.

    A worker that was stopped after the record finds it again, so that one wish is one download
    and no change goes untold.
    """
    site = get_site(settings.home, request.site)
    _check_may_have(settings, site, request)
    make_private(settings.home / PICKUP)
    folder = find_rosters_folder(settings.home, site.name) / str(request.pk)
    file = folder / ROSTER
    record = find_record(settings.home, site.name, file, by=request.by, since=request.asked_at)
    if record is None:
        programme = _read(settings)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _roster, record = download_roster(
            settings.home,
            site.name,
            programme.side,
            file,
            by=request.by,
            now=now,
            feeds_of=programme.as_of,
            feeds_digest=programme.snapshot.digest,
        )
    facts = {"as_of": record.feeds_of.isoformat(), **write_changes(file, folder / CHANGES)}
    RosterRequest.objects.filter(pk=request.pk).update(
        status=RosterStatus.READY, ready_at=now, number=record.number, facts=facts
    )
    _tell(site, request, now)


def _check_may_have(settings: Settings, site: Site, request: RosterRequest) -> None:
    """Refuse what was asked by somebody who may not have it by now.

    Raises:
        CommonwealError: the site is closed, has no agreement, or the steward is none any more.
    """
    serving = Steward.objects.filter(site=site.name, user__email=request.by, ended_on=None)
    if site.closed_on or not serving.exists():
        raise CommonwealError(_("Whoever asked for it is no steward of the site any more."))
    if needs_agreement(site, synthetic=settings.programme.synthetic):
        raise CommonwealError(_("The information security agreement is not executed yet."))


def _read(settings: Settings) -> Programme:
    """The programme's side; where it is not there, the pages are told so without a path."""
    try:
        return read_programme(settings)
    except CommonwealError as error:
        raise CommonwealError(
            _("The programme's snapshot of its participants is missing, or cannot be used."),
        ) from error


def _tell(site: Site, request: RosterRequest, now: datetime) -> None:
    """Let everybody at the site know that a roster was made, and for whom."""
    write_notice(
        f"roster/{site.name}/{request.pk}",
        site=site.name,
        kind="roster",
        subject=_("The roster of %(site)s is ready") % {"site": site.title},
        body=_(
            "%(by)s asked for it. Stewards download it on the page of the roster within "
            "%(days)d days; it is never sent by mail."
        )
        % {"by": request.by, "days": KEEP_DAYS},
        now=now,
    )


def _remove_old(home: Path, now: datetime) -> int:
    """Remove rosters that nobody needs to have by now; the records of them stay."""
    limit = now - timedelta(days=KEEP_DAYS)
    old = RosterRequest.objects.filter(status=RosterStatus.READY, ready_at__lt=limit)
    for request in old:
        shutil.rmtree(find_rosters_folder(home, request.site) / str(request.pk), ignore_errors=True)
    return old.update(status=RosterStatus.GONE)


def _count(settings: Settings) -> int:
    """Count the roster of every site anew where the feeds or the downloads have changed."""
    home = settings.home
    sites = [site.name for site in list_sites(home) if site.closed_on is None]
    RosterRow.objects.exclude(site__in=sites).delete()
    try:
        feeds = find_latest_folder(home)
        digest = sha256_of(feeds / MANIFEST)
        known = dict(RosterRow.objects.values_list("site", "made_of"))
        made_of = {site: digest_of([digest, count_downloads(home, site)]) for site in sites}
        stale = [site for site in sites if known.get(site) != made_of[site]]
        if stale:
            programme = read_programme(settings)
            for site in stale:
                _index(home, site, programme, made_of[site])
    except (CommonwealError, OSError):
        RosterRow.objects.all().delete()
        return 0
    return len(stale)


def _index(home: Path, site: str, programme: Programme, made_of: str) -> None:
    roster = build_roster(site, programme.side, find_last_download(home, site))
    downloads = [one.to_json() for one in reversed(list_downloads(home, site))]
    facts = {**roster.to_json(), "downloads": downloads[:LISTED]}
    values = {"as_of": programme.as_of.isoformat(), "facts": facts, "made_of": made_of}
    RosterRow.objects.update_or_create(site=site, defaults=values)
