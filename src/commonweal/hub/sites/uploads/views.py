"""The addresses that a tus client talks to: what arrives goes to the disk block by block.

The caller is a signed-in steward on a page of ours. Anything else is refused: another
origin by Django's check of the token and by what the browser says of where a request comes
from, a stranger with 401, another steward's upload as if it were not there.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from commonweal.engine.settings import Settings
from commonweal.hub.sites.access import get_steward_site
from commonweal.hub.sites.refusals import explain_refusal
from commonweal.hub.sites.uploads import protocol
from commonweal.hub.sites.uploads.drafts import Draft, add_upload, find_draft
from commonweal.hub.sites.uploads.protocol import Answer, RefusedError
from commonweal.hub.sites.uploads.storage import (
    LostConnectionError,
    Upload,
    append,
    complete,
    get_upload,
    remove_upload,
)
from commonweal.intake.drop_area import area_of
from commonweal.intake.sites import get_site
from commonweal.schema.errors import CommonwealError

BLOCK_BYTES = 1 << 18
SAME_ORIGIN = frozenset({None, "same-origin", "none"})

TusView = Callable[[HttpRequest, Draft, str], Answer]


def answer_tus(view: TusView) -> Callable[..., HttpResponse]:
    """Let stewards to their own drafts, and turn decisions and refusals into answers."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, draft_id: str, upload_id: str = "") -> HttpResponse:
        try:
            if request.method == "OPTIONS":
                return _respond(protocol.answer_options(get_settings().drop.largest_file))
            protocol.check_version(request.headers)
            return _respond(view(request, _get_own_draft(request, draft_id), upload_id))
        except RefusedError as refused:
            words = "" if request.method == "HEAD" else refused.words
            return _respond(Answer(refused.status, refused.headers), words)
        except LostConnectionError:
            words = "The connection was silent for too long; go on from where it broke."
            return _respond(Answer(HTTPStatus.REQUEST_TIMEOUT), words)

    return answer


@require_http_methods(["POST", "OPTIONS"])
@answer_tus
def create_file(request: HttpRequest, draft: Draft, upload_id: str) -> Answer:
    """Begin to upload a file."""
    del upload_id
    configured, now = get_settings(), datetime.now(tz=UTC)
    creation = protocol.read_creation(request.headers, largest=configured.drop.largest_file)
    upload = add_upload(draft, creation, settings=configured.drop, home=configured.home, now=now)
    address = reverse("uploads:file", args=[draft.id, upload.id])
    expires = upload.find_expiry(_keep()) or now + _keep()
    return protocol.answer_created(request.build_absolute_uri(address), expires=expires)


@require_http_methods(["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"])
@answer_tus
def serve_file(request: HttpRequest, draft: Draft, upload_id: str) -> Answer:
    """Say how far a file is, go on with it, or throw it away."""
    upload = get_upload(draft.folder, upload_id)
    method = protocol.find_method(request.method or "", request.headers)
    if method == "HEAD":
        return _answer_state(upload)
    if method == "PATCH":
        offset = append(upload, request.headers, read_body(request))
        return protocol.answer_appended(offset, expires=upload.find_expiry(_keep()))
    if method == "DELETE":
        remove_upload(upload)
        return protocol.answer_removed()
    raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "An upload is not made twice.")


def read_body(request: HttpRequest) -> Iterator[bytes]:
    """The body in blocks, as they come in.

    Raises:
        LostConnectionError: the client has gone, or has been silent for too long.
    """
    connection = request.META.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(get_settings().drop.silence_seconds)
    try:
        while block := request.read(BLOCK_BYTES):
            yield block
    except OSError as error:
        raise LostConnectionError from error
    finally:
        if connection is not None:
            connection.settimeout(None)


def get_settings() -> Settings:
    """The settings in force in this process."""
    configured: Settings = settings.COMMONWEAL
    return configured


def _answer_state(upload: Upload) -> Answer:
    complete(upload)
    metadata = {"filename": upload.name, "modified": upload.modified}
    return protocol.answer_state(
        offset=upload.offset,
        length=upload.length,
        metadata=metadata,
        expires=upload.find_expiry(_keep()),
    )


def _keep() -> timedelta:
    return timedelta(days=get_settings().drop.keep_days)


def _get_own_draft(request: HttpRequest, draft_id: str) -> Draft:
    if request.headers.get("Sec-Fetch-Site") not in SAME_ORIGIN:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Uploads start from a page of this site alone.")
    if not request.user.is_authenticated:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "Sign in again, then go on.")
    name = get_steward_site(request.user)
    if name is None:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Only the data stewards of a site upload.")
    home = get_settings().home
    try:
        area = area_of(home, get_site(home, name))
    except CommonwealError as error:
        raise RefusedError(HTTPStatus.FORBIDDEN, explain_refusal(error)) from error
    draft = find_draft(area, steward=str(request.user.pk), draft_id=draft_id)
    if draft is None:
        raise RefusedError(
            HTTPStatus.NOT_FOUND, "This submission has been handed in, or has expired."
        )
    return draft


def _respond(answer: Answer, words: str = "") -> HttpResponse:
    body = f"{words}\n" if words else ""
    response = HttpResponse(body, status=answer.status, content_type="text/plain; charset=utf-8")
    for name, value in {"Tus-Resumable": protocol.VERSION, **answer.headers}.items():
        response[name] = value
    return response
