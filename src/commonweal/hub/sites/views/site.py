"""The pages of one site, for its stewards and for curators."""

from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.hub.accounts.models import User
from commonweal.hub.sites import sprint
from commonweal.hub.sites.access import for_site, get_home, is_curator
from commonweal.hub.sites.actions import add_note
from commonweal.hub.sites.checklist import read_live_checklist
from commonweal.hub.sites.counted import list_counted
from commonweal.hub.sites.forms import NoteForm
from commonweal.hub.sites.models import Issue, SubmissionRow
from commonweal.hub.sites.persons import build_persons
from commonweal.hub.sites.presenters import (
    build_deadlines,
    build_events,
    build_issues,
    build_overview,
    build_row,
    build_rows,
    build_steps,
    list_light,
    list_stewards,
)
from commonweal.hub.sites.registry_acts import DONE_HERE
from commonweal.hub.sites.reports import SEVERITIES, build_checks, build_files, render_csv
from commonweal.hub.sites.trends import build_groups, build_lines, find_title, read_values
from commonweal.hub.sites.waiting import look_into_drop_area
from commonweal.intake.recording import EARLIEST
from commonweal.intake.sites import Site
from commonweal.quality.metrics.value import MetricValue

ROWS_ON_A_PAGE = 25
UNREADABLE = 422


def frame(request: HttpRequest, site: Site, tab: str, **context: Any) -> dict[str, Any]:
    """What every page of a site needs."""
    return {
        "site": site,
        "tab": tab,
        "section": "board" if is_curator(request.user) else tab,
        "is_curator": is_curator(request.user),
        **context,
    }


def get_user(request: HttpRequest) -> User:
    """Who asks; behind the middleware it is always somebody."""
    return cast("User", request.user)


@require_safe
@for_site
def show_site(request: HttpRequest, site: Site) -> HttpResponse:
    """What matters today."""
    overview = build_overview(site, get_home(), timezone.now().date())
    overview["issues"] = build_issues(overview["issues"])
    return render(request, "sites/site.html", frame(request, site, "overview", **overview))


@require_safe
@for_site
def list_submissions(request: HttpRequest, site: Site) -> HttpResponse:
    """Everything the site sent, the latest first."""
    page = Paginator(list_light(site.name), ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": build_rows(page.object_list),
        "drop": look_into_drop_area(get_home(), site),
    }
    return render(request, "sites/submissions.html", frame(request, site, "submissions", **context))


@require_safe
@for_site
def show_submission(request: HttpRequest, site: Site, folder: str) -> HttpResponse:
    """The report of a submission, with the findings of one severity or of all."""
    row = get_object_or_404(SubmissionRow, site=site.name, folder=folder)
    severity = request.GET.get("severity", "")
    values = [value for value in read_values(row) if value.table is None or value.action]
    context = {
        "row": build_row(row),
        "severity": severity if severity in SEVERITIES else "",
        "files": build_files(row, severity if severity in SEVERITIES else ""),
        "checks": build_checks(row),
        "persons": build_persons(row),
        "events": build_events(row),
        "changes": _build_changes(row),
        "values": [
            (find_title(v.metric), line)
            for v, line in zip(values, build_lines(values), strict=True)
        ],
    }
    return render(request, "sites/submission.html", frame(request, site, "submissions", **context))


@require_safe
@for_site
def download_report(request: HttpRequest, site: Site, folder: str, kind: str) -> HttpResponse:
    """The report for programs and for spreadsheets."""
    del request
    row = get_object_or_404(SubmissionRow, site=site.name, folder=folder)
    if not row.report:
        raise Http404
    answer: HttpResponse = JsonResponse(row.report, json_dumps_params={"indent": 2})
    if kind == "csv":
        answer = HttpResponse(render_csv(row), content_type="text/csv; charset=utf-8")
    number = f"-check-{row.check_number}" if row.check_number > 1 else ""
    answer["Content-Disposition"] = f'attachment; filename="{row.submission}{number}.{kind}"'
    return answer


@require_safe
@for_site
def show_metrics(request: HttpRequest, site: Site) -> HttpResponse:
    """The metrics of the latest submission that counts, and their course."""
    measured = [row for row in list_counted(site.name).order_by("received_at") if row.metrics]
    context = {
        "latest": build_row(measured[-1]) if measured else None,
        "groups": build_groups(measured),
        "is_abridged": bool(measured and measured[-1].metrics["vocabulary"]["abridged"]),
    }
    return render(request, "sites/metrics.html", frame(request, site, "metrics", **context))


@require_safe
@for_site
def list_issues(request: HttpRequest, site: Site) -> HttpResponse:
    """Open issues, then those that closed."""
    found = Issue.objects.filter(site=site.name)
    context = {
        "open": build_issues(found.filter(closed_at=None)),
        "closed": build_issues(found.exclude(closed_at=None)),
    }
    return render(request, "sites/issues.html", frame(request, site, "issues", **context))


@require_http_methods(["GET", "HEAD", "POST"])
@for_site
def show_issue(request: HttpRequest, site: Site, issue_id: int) -> HttpResponse:
    """One issue with everything that was said of it."""
    issue = get_object_or_404(Issue, site=site.name, pk=issue_id)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        add_note(get_user(request), issue, form.cleaned_data["text"])
        return redirect("sites:issue", site=site.name, issue_id=issue.pk)
    notes = [
        (note, build_lines(MetricValue.from_json(v) for v in note.facts.get("values", [])))
        for note in issue.notes.all()
    ]
    context = {"issue": issue, "title": find_title(issue.metric), "notes": notes, "form": form}
    page = frame(request, site, "issues", **context)
    return render(request, "sites/issue.html", page, status=UNREADABLE if form.errors else 200)


@require_safe
@for_site
def show_sprint(request: HttpRequest, site: Site) -> HttpResponse:
    """How far the site is with each table of the data sprint, and what is missing."""
    lines = sprint.build_lines([site], timezone.now().date())
    context = {"line": lines[0] if lines else None}
    return render(request, "sites/site_sprint.html", frame(request, site, "sprint", **context))


@require_safe
@for_site
def show_deadlines(request: HttpRequest, site: Site) -> HttpResponse:
    """Deadlines, and whether the site has met them."""
    views = build_deadlines(site, timezone.now().date())
    return render(
        request, "sites/deadlines.html", frame(request, site, "deadlines", deadlines=views)
    )


@require_safe
@for_site
def show_onboarding(request: HttpRequest, site: Site) -> HttpResponse:
    """The checklist; curators record its steps here."""
    return render(request, "sites/onboarding.html", build_onboarding(request, site))


def build_onboarding(
    request: HttpRequest, site: Site, *, problem: str = "", said: str = ""
) -> dict[str, Any]:
    """What the page of the checklist shows, with what was refused or is to be said above it."""
    return frame(
        request,
        site,
        "onboarding",
        steps=build_steps(read_live_checklist(get_home(), site.name)),
        stewards=list_stewards(site.name),
        earliest=EARLIEST.isoformat(),
        today=timezone.now().date().isoformat(),
        by_itself=("test_load", "closed"),
        done_here=DONE_HERE,
        problem=problem,
        said=said,
    )


def _build_changes(row: SubmissionRow) -> dict[str, Any] | None:
    """What differs from the submission before; None when there is none."""
    compared = row.comparison
    if not compared or not compared.get("previous"):
        return None
    words = {None: _("not submitted")}
    tables = [
        {
            "table": change["table"],
            "before": words.get(change["before"], change["before"]),
            "after": words.get(change["after"], change["after"]),
        }
        for change in compared["tables"]
        if change["before"] != change["after"]
    ]
    return {"previous": compared["previous"], "tables": tables, "persons": compared["persons"]}
