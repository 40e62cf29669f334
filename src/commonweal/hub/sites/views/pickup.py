"""What stewards download: the roster, and the lists of persons of a submission.

Every file that leaves is written down. Curators see counts, and who downloaded when.
"""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commonweal.hub.sites.access import for_site, for_stewards, get_home
from commonweal.hub.sites.actions import write_audit
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.persons import find_list
from commonweal.hub.sites.roster import ask_for_roster, build_page, find_roster_file
from commonweal.hub.sites.views.site import frame, get_user
from commonweal.intake.sites import Site


@require_safe
@for_site
def show_roster(request: HttpRequest, site: Site) -> HttpResponse:
    """What the roster is, what changed since the last download, and what lies ready."""
    page = build_page(site, synthetic=settings.COMMONWEAL.programme.synthetic)
    return render(request, "sites/roster.html", frame(request, site, "roster", **page))


@require_POST
@for_stewards
def prepare_roster(request: HttpRequest, site: Site) -> HttpResponse:
    """Ask for the roster; it is refused in words where the site has to wait for it."""
    ask_for_roster(get_user(request), site.name)
    return redirect("sites:roster", site=site.name)


@require_safe
@for_stewards
def download_roster(request: HttpRequest, site: Site, request_id: int, kind: str) -> FileResponse:
    """The roster, or the rows of it that something happened to."""
    place = find_roster_file(get_home(), site.name, request_id, kind)
    name = f"{site.name}-{kind}-{request_id}.csv"
    return _hand_out(request, site, place, name, roster=str(request_id), file=kind)


@require_safe
@for_stewards
def download_persons(request: HttpRequest, site: Site, folder: str, kind: str) -> FileResponse:
    """A list of persons of a submission, by id."""
    row = get_object_or_404(SubmissionRow, site=site.name, folder=folder)
    place = find_list(get_home(), row, kind)
    name = f"{row.submission}-{kind}.csv"
    return _hand_out(request, site, place, name, submission=row.submission, file=kind)


def _hand_out(
    request: HttpRequest, site: Site, place: Path | None, name: str, **facts: str
) -> FileResponse:
    """Write down who takes a file, and give it."""
    if place is None:
        raise Http404
    content = place.open("rb")
    if request.method == "GET":
        write_audit(get_user(request).email, "list_downloaded", site=site.name, **facts)
    return FileResponse(content, as_attachment=True, filename=name, content_type="text/csv")
