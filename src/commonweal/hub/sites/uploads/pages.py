"""The pages around an upload: begin a submission, fill it with files, hand it in."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.hub.common.numbers import show_size
from commonweal.hub.sites.access import get_steward_site
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.purposes import PURPOSE_NAMES, list_missing_steps
from commonweal.hub.sites.refusals import explain_refusal
from commonweal.hub.sites.uploads.drafts import (
    Draft,
    add_upload,
    discard_draft,
    find_draft,
    finish_draft,
    list_drafts,
    start_draft,
)
from commonweal.hub.sites.uploads.forms import DeclarationForm, list_dialects
from commonweal.hub.sites.uploads.protocol import Creation, RefusedError
from commonweal.hub.sites.uploads.storage import Upload, fill, list_uploads
from commonweal.hub.sites.uploads.views import get_settings
from commonweal.intake.drop_area import list_file_names, make_area
from commonweal.intake.lifecycle.declaration import DECLARATION, parse_declaration
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.onboarding import Step
from commonweal.intake.purposes import choose_dialect
from commonweal.intake.sites import Purpose, Site, check_authorised, check_fits_programme, get_site
from commonweal.schema.errors import CommonwealError

UNREADABLE = 422
"""HTTP's word for a form that arrived whole and cannot be acted on."""
TOO_LARGE = 413
FORBIDDEN = 403
NOT_FOUND = 404
SMALL_BYTES = 50_000_000
"""What a plain form may carry; it cannot go on where it broke."""
MOST_CHECKSUMS = 100_000
"""Length of the field with the browser's checksums."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class NoDraftError(Exception):
    """What is asked for was handed in or discarded, or is not the steward's own."""


@dataclass(frozen=True)
class Steward:
    """Who uploads, for which site, and where to."""

    key: str
    site: Site
    area: Path

    def get_draft(self, draft_id: str) -> Draft:
        """The steward's own draft."""
        draft = find_draft(self.area, steward=self.key, draft_id=draft_id)
        if draft is None:
            raise NoDraftError
        return draft


@dataclass(frozen=True)
class FileRow:
    """A file of a draft, as the page shows it and the script reads it."""

    name: str
    address: str
    length: int
    offset: int
    modified: str
    is_whole: bool
    size: str
    percent: int


@dataclass(frozen=True)
class DraftRow:
    """A draft in the list of those that were begun."""

    id: str
    purpose: str
    begun: str
    files: str


StewardView = Callable[..., HttpResponse]


def for_stewards(view: StewardView) -> StewardView:
    """Give the view the steward who asks; nobody else is let in."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = get_steward_site(request.user)
        if name is None:
            raise PermissionDenied
        home = get_settings().home
        try:
            site = get_site(home, name)
            steward = Steward(str(request.user.pk), site, make_area(home, site))
        except CommonwealError as error:
            context = {"section": "upload", "problem": error}
            return render(request, "sites/uploads/elsewhere.html", context, status=FORBIDDEN)
        try:
            return view(request, steward, *args, **kwargs)
        except NoDraftError:
            context = {"section": "upload", "site": site}
            return render(request, "sites/uploads/gone.html", context, status=NOT_FOUND)

    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@for_stewards
def show_uploads(request: HttpRequest, steward: Steward) -> HttpResponse:
    """What was begun and not handed in, and the form that begins a submission."""
    form = DeclarationForm(steward.site, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return _start(steward, form)
        except CommonwealError as error:
            form.add_error(None, explain_refusal(error))
    drafts = list_drafts(steward.area, steward=steward.key)
    context = {
        "section": "upload",
        "site": steward.site,
        "form": form,
        "drafts": [_describe(draft) for draft in drafts],
        "missing": _list_missing(steward.site),
        "sftp_port": get_settings().drop.sftp_port,
    }
    return render(request, "sites/uploads/index.html", context, status=_status(form))


@require_safe
@for_stewards
def show_draft(request: HttpRequest, steward: Steward, draft_id: str) -> HttpResponse:
    """The page that sends files."""
    return _answer(request, steward.get_draft(draft_id))


@require_POST
@for_stewards
def finish(request: HttpRequest, steward: Steward, draft_id: str) -> HttpResponse:
    """Hand the submission in, if everything has arrived as it is on the steward's machine."""
    draft = steward.get_draft(draft_id)
    try:
        _check_gates(steward.site, draft.purpose, synthetic=draft.synthetic, dialect=draft.dialect)
        stated = _read_checksums(request.POST.get("checksums", ""))
        rows = SubmissionRow.objects.filter(site=steward.site.name)
        known = rows.values_list("folder", flat=True)
        folder = finish_draft(draft, stated, now=datetime.now(tz=UTC), known=known)
    except (CommonwealError, RefusedError) as error:
        return _answer(request, draft, problem=_explain(error))
    return redirect("uploads:received", folder.name)


@require_POST
@for_stewards
def discard(request: HttpRequest, steward: Steward, draft_id: str) -> HttpResponse:
    """Throw the submission away, with what has arrived of it."""
    draft = steward.get_draft(draft_id)
    try:
        discard_draft(draft)
    except RefusedError as error:
        return _answer(request, draft, problem=_explain(error))
    return redirect("uploads:index")


@csrf_exempt
def send_small(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Take small files from a plain form, for browsers without scripts.

    The size is judged before the body is read; the token inside it is checked after that.
    """
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        size = 0
    if size > SMALL_BYTES:
        return render(request, "sites/uploads/too_large.html", _limit(), status=TOO_LARGE)
    return _send_small(request, draft_id)


@csrf_protect
@require_POST
@for_stewards
def _send_small(request: HttpRequest, steward: Steward, draft_id: str) -> HttpResponse:
    draft = steward.get_draft(draft_id)
    try:
        for file in request.FILES.getlist("files"):
            _take(draft, file)
    except RefusedError as error:
        return _answer(request, draft, problem=_explain(error))
    return redirect("uploads:draft", draft.id)


@require_safe
@for_stewards
def show_received(request: HttpRequest, steward: Steward, folder: str) -> HttpResponse:
    """The receipt: what was handed in, with its checksums."""
    place = steward.area / folder
    if parse_version(folder) is None or not (place / DECLARATION).is_file():
        raise Http404
    declared = parse_declaration((place / DECLARATION).read_bytes())
    files = [
        {"name": name, "size": show_size(file.bytes), "sha256": file.sha256}
        for name, file in sorted((declared.files or {}).items())
    ]
    context = {
        "section": "upload",
        "site": steward.site,
        "folder": folder,
        "purpose": PURPOSE_NAMES[declared.purpose],
        "synthetic": declared.synthetic,
        "files": files,
    }
    return render(request, "sites/uploads/received.html", context)


def _start(steward: Steward, form: DeclarationForm) -> HttpResponseRedirect:
    said = form.cleaned_data
    synthetic = said["kind"] == "synthetic"
    dialect = choose_dialect(said["purpose"], said["dialect"])
    _check_gates(steward.site, said["purpose"], synthetic=synthetic, dialect=dialect)
    draft = start_draft(
        steward.area,
        steward=steward.key,
        purpose=said["purpose"],
        synthetic=synthetic,
        dialect=dialect,
        now=datetime.now(tz=UTC),
    )
    return HttpResponseRedirect(reverse("uploads:draft", args=[draft.id]))


def _check_gates(site: Site, purpose: Purpose, *, synthetic: bool, dialect: str) -> None:
    """Refuse what the programme or the site does not take.

    Raises:
        CommonwealError: it does not, and why.
    """
    only_synthetic = get_settings().programme.synthetic
    check_fits_programme(synthetic=synthetic, only_synthetic=only_synthetic)
    check_authorised(site, purpose, synthetic=synthetic, dialect=dialect)


def _take(draft: Draft, file: "UploadedFile[Any]") -> None:
    configured = get_settings()
    creation = Creation(file.size or 0, {"filename": file.name or ""})
    upload = add_upload(
        draft,
        creation,
        settings=configured.drop,
        home=configured.home,
        now=datetime.now(tz=UTC),
    )
    fill(upload, file.chunks())


def _answer(request: HttpRequest, draft: Draft, *, problem: str = "") -> HttpResponse:
    context = {
        "section": "upload",
        "draft": draft,
        "purpose": PURPOSE_NAMES[draft.purpose],
        "dialect": _find_words(list_dialects(), draft.dialect),
        "rows": [_build_row(draft, upload) for upload in list_uploads(draft.folder)],
        "blank": FileRow("", "", 0, 0, "", is_whole=False, size="", percent=0),
        "names": " ".join(sorted(list_file_names())),
        "problem": problem,
        **_limit(),
    }
    status = UNREADABLE if problem else 200
    return render(request, "sites/uploads/draft.html", context, status=status)


def _limit() -> dict[str, str]:
    return {"section": "upload", "limit": show_size(SMALL_BYTES)}


def _build_row(draft: Draft, upload: Upload) -> FileRow:
    offset = upload.offset
    return FileRow(
        name=upload.name,
        address=reverse("uploads:file", args=[draft.id, upload.id]),
        length=upload.length,
        offset=offset,
        modified=upload.modified,
        is_whole=upload.is_whole,
        size=show_size(upload.length),
        percent=100 * offset // upload.length if upload.length else 100,
    )


def _describe(draft: Draft) -> DraftRow:
    uploads = list_uploads(draft.folder)
    whole = sum(upload.is_whole for upload in uploads)
    count = ngettext("%(count)d file", "%(count)d files", len(uploads)) % {"count": len(uploads)}
    return DraftRow(
        id=draft.id,
        purpose=str(PURPOSE_NAMES[draft.purpose]),
        begun=date_format(draft.created_at, "DATETIME_FORMAT"),
        files=_("%(files)s, %(whole)d of them whole") % {"files": count, "whole": whole},
    )


def _find_words(choices: Iterable[tuple[Any, Any]], value: str) -> str:
    return str(dict(choices).get(value, value))


def _list_missing(site: Site) -> list[Step]:
    """What keeps a site from production; nothing does where nobody is real."""
    configured = get_settings()
    return [] if configured.programme.synthetic else list_missing_steps(configured.home, site)


def _explain(error: CommonwealError | RefusedError) -> str:
    return explain_refusal(error) if isinstance(error, CommonwealError) else str(error)


def _status(form: DeclarationForm) -> int:
    return UNREADABLE if form.errors else 200


def _read_checksums(text: str) -> dict[str, str]:
    """What the browser computed, by name; what is no checksum is left out."""
    if len(text) > MOST_CHECKSUMS:
        return {}
    try:
        content = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    pairs = content.items() if isinstance(content, dict) else ()
    return {name: value for name, value in pairs if _SHA256.fullmatch(str(value))}
