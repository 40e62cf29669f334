"""The pages of the data centre: the board, the outbox, deadlines, stewards, the audit."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.hub.sites.access import for_curators, get_home, get_sprint_start
from commonweal.hub.sites.actions import (
    add_steward,
    end_steward,
    post_deadline,
    remove_deadline,
    retry_notice,
)
from commonweal.hub.sites.audit_words import build_line
from commonweal.hub.sites.forms import DeadlineForm, StewardForm
from commonweal.hub.sites.models import AuditEntry, Deadline, Notice, NoticeStatus, Steward
from commonweal.hub.sites.presenters import (
    build_board,
    build_columns,
    count_notices,
    list_posted,
    list_stewards,
)
from commonweal.hub.sites.quarters import list_quarter_ends
from commonweal.hub.sites.refusals import explain_refusal
from commonweal.hub.sites.sprint import build_headings, build_lines
from commonweal.hub.sites.views.site import UNREADABLE, frame, get_user
from commonweal.intake.sites import Site, list_sites
from commonweal.schema.errors import CommonwealError

QUARTERS = 4
ENTRIES_ON_A_PAGE = 50


@require_safe
@for_curators
def show_board(request: HttpRequest) -> HttpResponse:
    """All sites: the board of states, and what stands behind it as a table."""
    sites = build_board(get_home(), timezone.now().date())
    context = {"section": "board", "sites": sites, "columns": build_columns(sites)}
    return render(request, "sites/board.html", context)


@require_safe
@for_curators
def show_sprint(request: HttpRequest) -> HttpResponse:
    """How far every site is with every table of the data sprint."""
    sites = [site for site in list_sites(get_home()) if site.closed_on is None]
    context = {
        "section": "board",
        "weeks": build_headings(get_sprint_start()),
        "lines": build_lines(sites, timezone.now().date()),
    }
    return render(request, "sites/sprint.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def show_new_steward(request: HttpRequest, site: Site) -> HttpResponse:
    """Make the account of a steward; a closed site gets none."""
    if site.closed_on:
        return redirect("sites:people", site=site.name)
    form = StewardForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        said = dict(form.cleaned_data)
        email, name = said.pop("steward_email"), said.pop("steward_name")
        try:
            add_steward(get_user(request), site.name, email=email, name=name, **said)
            return redirect("sites:people", site=site.name)
        except CommonwealError as error:
            form.add_error(None, explain_refusal(error))
    context = frame(request, site, "people", form=form)
    return render(request, "sites/steward.html", context, status=UNREADABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def remove_steward(request: HttpRequest, site: Site, steward_id: int) -> HttpResponse:
    """Ask whether to close the account of a steward, and do it."""
    if request.method == "POST":
        end_steward(get_user(request), site.name, steward_id)
        return redirect("sites:people", site=site.name)
    steward = get_object_or_404(Steward, site=site.name, pk=steward_id, ended_on=None)
    is_last = len(list_stewards(site.name)) == 1
    page = frame(request, site, "people", steward=steward, is_last=is_last)
    return render(request, "sites/remove_steward.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def edit_deadlines(request: HttpRequest) -> HttpResponse:
    """Post deadlines, one by one or the next four quarters."""
    form = DeadlineForm(request.POST if "title" in request.POST else None)
    if form.is_bound and form.is_valid():
        post_deadline(get_user(request), **form.cleaned_data)
        return redirect("sites:edit_deadlines")
    today = timezone.now().date()
    missing = [
        day
        for day in list_quarter_ends(today, QUARTERS)
        if not Deadline.objects.filter(on=day).exists()
    ]
    if "quarters" in request.POST:
        for day in missing:
            title = f"{day.year}, Q{(day.month + 2) // 3}"
            post_deadline(get_user(request), title=title, on=day)
        return redirect("sites:edit_deadlines")
    context = {
        "section": "deadlines",
        "form": form,
        "deadlines": list_posted(today),
        "missing": missing,
    }
    status = UNREADABLE if form.errors else 200
    return render(request, "sites/edit_deadlines.html", context, status=status)


@require_POST
@for_curators
def take_deadline_back(request: HttpRequest, deadline_id: int) -> HttpResponse:
    """Remove a deadline."""
    remove_deadline(get_user(request), deadline_id)
    return redirect("sites:edit_deadlines")


@require_safe
@for_curators
def show_outbox(request: HttpRequest) -> HttpResponse:
    """Every notice with how it fared."""
    status = request.GET.get("status", "")
    found = Notice.objects.all()
    if status in NoticeStatus.values:
        found = found.filter(status=status)
    page = Paginator(found, ENTRIES_ON_A_PAGE).get_page(request.GET.get("page"))
    counts = count_notices()
    context = {
        "section": "outbox",
        "page": page,
        "status": status,
        "choices": [(value, label, counts[value]) for value, label in NoticeStatus.choices],
    }
    return render(request, "sites/outbox.html", context)


@require_safe
@for_curators
def show_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """One notice as it is sent."""
    notice = get_object_or_404(Notice, pk=notice_id)
    return render(request, "sites/notice.html", {"section": "outbox", "notice": notice})


@require_POST
@for_curators
def send_again(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Let the worker try a notice again."""
    retry_notice(get_user(request), get_object_or_404(Notice, pk=notice_id))
    return redirect("sites:notice", notice_id=notice_id)


@require_safe
@for_curators
def show_audit(request: HttpRequest) -> HttpResponse:
    """Who did what."""
    page = Paginator(AuditEntry.objects.all(), ENTRIES_ON_A_PAGE)
    entries = page.get_page(request.GET.get("page"))
    lines = [build_line(entry) for entry in entries]
    context = {"section": "audit", "page": entries, "lines": lines}
    return render(request, "sites/audit.html", context)
