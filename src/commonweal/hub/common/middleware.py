"""Pages for answers that Django gives without words."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

METHOD_NOT_ALLOWED = 405


class PageForEveryAnswer:
    """Middleware that gives an empty refusal a page, and keeps its headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, in words where there are none."""
        response = self._get_response(request)
        if response.status_code != METHOD_NOT_ALLOWED or not isinstance(response, HttpResponse):
            return response
        page = render(request, "405.html", status=METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page
