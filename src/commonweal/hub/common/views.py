"""Pages every process answers: is it alive, and what to say when something is wrong."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

MOST_DRAINED = 64_000_000
DRAIN_STEP = 64_000


@require_safe
@never_cache
def answer_healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process is up; for supervisors, not for people."""
    del request
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page, and where to go instead."""
    del exception
    return render(request, "404.html", status=404)


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a request cannot be read, or that it is too large to be."""
    if isinstance(exception, RequestDataTooBig):
        _drain(request)
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def _drain(request: HttpRequest) -> None:
    """Read what is still arriving, within bounds: a browser that is cut off shows no answer."""
    stream = request.META["wsgi.input"]
    for _ in range(MOST_DRAINED // DRAIN_STEP):
        if not stream.read(DRAIN_STEP):
            return


def answer_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a page is not for this visitor."""
    del exception
    return render(request, "403.html", status=403)


def answer_failure(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours; the log has the details, the page has none."""
    return render(request, "500.html", status=500)


def answer_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form came from a page that is too old."""
    del reason
    return render(request, "403_csrf.html", status=403)
