"""Where everybody starts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    return render(request, "sites/home.html", {"section": "home"})
