"""What curators record of a site: its registration and details, its steps, its closing."""

from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.hub.sites.access import for_curators, get_home
from commonweal.hub.sites.forms import ReasonForm, SiteDetailsForm, SiteForm, StepForm
from commonweal.hub.sites.refusals import explain_refusal
from commonweal.hub.sites.registry_acts import (
    DONE_HERE,
    add_site,
    close_site,
    edit_site,
    record,
    reopen_site,
)
from commonweal.hub.sites.views.site import UNREADABLE, build_onboarding, frame, get_user
from commonweal.intake.onboarding import DETAILS
from commonweal.intake.sites import Site
from commonweal.schema.errors import CommonwealError


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def register(request: HttpRequest) -> HttpResponse:
    """Add a site to the registry."""
    form = SiteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        said = dict(form.cleaned_data)
        site = Site(said.pop("site_name"), **said)
        if _try(form, lambda: add_site(get_home(), get_user(request), site)):
            return redirect("sites:onboarding", site=site.name)
    context = {"section": "board", "form": form}
    status = UNREADABLE if form.errors else 200
    return render(request, "sites/register.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def edit(request: HttpRequest, site: Site) -> HttpResponse:
    """Mend what is said of a site."""
    known = {name: getattr(site, name) for name in DETAILS}
    form = SiteDetailsForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        if _try(form, lambda: edit_site(get_home(), get_user(request), site, said)):
            return redirect("sites:onboarding", site=site.name)
    context = frame(request, site, "onboarding", form=form)
    status = UNREADABLE if form.errors else 200
    return render(request, "sites/edit_site.html", context, status=status)


@require_POST
@for_curators
def record_step(request: HttpRequest, site: Site, step: str) -> HttpResponse:
    """Record a step of the onboarding; what is done by being recorded is asked for no day."""
    form = StepForm(request.POST)
    on = timezone.now().date()
    if step not in DONE_HERE:
        if not form.is_valid():
            problem = " ".join(str(e) for errors in form.errors.values() for e in errors)
            return _refuse(request, site, problem)
        on = form.cleaned_data["on"]
    try:
        record(get_home(), get_user(request), site, step, on=on)
    except CommonwealError as error:
        return _refuse(request, site, explain_refusal(error))
    return redirect("sites:onboarding", site=site.name)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def close(request: HttpRequest, site: Site) -> HttpResponse:
    """Close a site for a reason; one that is closed stays as it is."""
    if site.closed_on:
        said = _("The site is closed already. Nothing was changed.")
        return _show_unchanged(request, site, said)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        if _try(form, lambda: close_site(get_home(), get_user(request), site, reason=reason)):
            return redirect("sites:onboarding", site=site.name)
    context = frame(request, site, "onboarding", form=form)
    return render(request, "sites/close.html", context, status=UNREADABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def reopen(request: HttpRequest, site: Site) -> HttpResponse:
    """Take the closing of a site back; one that takes part stays as it is."""
    if not site.closed_on:
        said = _("The site is not closed. Nothing was changed.")
        return _show_unchanged(request, site, said)
    if request.method == "POST":
        reopen_site(get_home(), get_user(request), site)
        return redirect("sites:onboarding", site=site.name)
    return render(request, "sites/reopen.html", frame(request, site, "onboarding"))


def _try(form: Form, act: Callable[[], None]) -> bool:
    """Whether an act was done; a refusal is written above the form."""
    try:
        act()
    except CommonwealError as error:
        form.add_error(None, explain_refusal(error))
        return False
    return True


def _refuse(request: HttpRequest, site: Site, problem: str) -> HttpResponse:
    context = build_onboarding(request, site, problem=problem)
    return render(request, "sites/onboarding.html", context, status=UNREADABLE)


def _show_unchanged(request: HttpRequest, site: Site, said: str) -> HttpResponse:
    context = build_onboarding(request, site, said=said)
    return render(request, "sites/onboarding.html", context)
