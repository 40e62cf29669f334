"""Pages every process answers: is it alive, and what to say when something is wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


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


def answer_failure(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours; the log has the details, the page has none."""
    return render(request, "500.html", status=500)


def answer_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form came from a page that is too old."""
    del reason
    return render(request, "403_csrf.html", status=403)
