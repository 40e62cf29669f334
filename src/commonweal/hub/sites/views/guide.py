"""The guide for sites: open to everybody, edited by curators."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.hub.sites.access import for_curators, is_curator
from commonweal.hub.sites.actions import save_guide
from commonweal.hub.sites.forms import GuideForm
from commonweal.hub.sites.guide import PAGES, build_facts, list_pages, list_versions, read_page
from commonweal.hub.sites.markup import render_markup
from commonweal.hub.sites.views.site import UNREADABLE, get_user
from commonweal.schema.errors import CommonwealError


@require_safe
def show_guide(request: HttpRequest) -> HttpResponse:
    """The first page of the guide."""
    return show_guide_page(request, next(iter(PAGES)))


@require_safe
def show_guide_page(request: HttpRequest, page: str) -> HttpResponse:
    """A page of the guide, in the reader's language."""
    found = read_page(_check(page), _language())
    context = {
        "section": "guide",
        "page": found,
        "pages": list_pages(),
        "is_curator": is_curator(request.user),
        **build_facts(page, timezone.now().date()),
    }
    return render(request, "sites/guide.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def edit_guide(request: HttpRequest, page: str) -> HttpResponse:
    """Change the words of a page; a preview changes nothing."""
    found = read_page(_check(page), _language())
    posted = request.method == "POST"
    known = {"text": found.text, "over": found.version}
    form = GuideForm(request.POST) if posted else GuideForm(initial=known)
    newer = None
    if posted and form.is_valid() and "save" in request.POST:
        try:
            save_guide(
                get_user(request), page, _language(), **form.cleaned_data, now=timezone.now()
            )
            return redirect("sites:guide_page", page=page)
        except CommonwealError as error:
            newer = found.edited
            form = GuideForm({**form.cleaned_data, "over": found.version})
            form.add_error("text", error.found)
    context = {
        "newer": newer,
        "section": "guide",
        "page": found,
        "form": form,
        "versions": list_versions(page, _language()),
        "preview": _preview(form) if posted else "",
        "language_name": dict(settings.LANGUAGES)[_language()],
    }
    status = UNREADABLE if posted and form.errors else 200
    return render(request, "sites/edit_guide.html", context, status=status)


def _preview(form: GuideForm) -> str:
    return render_markup(form.cleaned_data["text"]) if form.is_valid() else ""


def _check(page: str) -> str:
    if page not in PAGES:
        raise Http404
    return page


def _language() -> str:
    code = (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
