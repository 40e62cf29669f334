"""What the pages show of sites and submissions, in the words of the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonweal.hub.sites.checklist import has_contacts, read_live_checklist
from commonweal.hub.sites.counted import is_counted
from commonweal.hub.sites.models import (
    CreditRow,
    Deadline,
    Issue,
    Notice,
    NoticeStatus,
    Steward,
    SubmissionRow,
)
from commonweal.hub.sites.phrases import name_event, say, say_sentence
from commonweal.hub.sites.purposes import PURPOSE_NAMES
from commonweal.hub.sites.reminders import are_contacts_stale, has_submitted, is_expected
from commonweal.hub.sites.trends import find_title
from commonweal.hub.sites.waiting import look_into_drop_area
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.lifecycle.history import DAMAGED
from commonweal.intake.onboarding import StepStatus, get_step
from commonweal.intake.sites import Site, list_sites

STATE_TONES: Mapping[str, str] = {
    "accepted": "good",
    "current": "good",
    "rejected": "poor",
    "held": "fair",
    "failed": "poor",
    "uploading": "plain",
    "excluded": "fair",
    "misnamed": "fair",
    "expired": "fair",
    DAMAGED: "poor",
}
"""Colours of states, always beside their words; any other is plain."""
STATE_NAMES: Mapping[str, Any] = {
    "absent": gettext_lazy("Not there yet"),
    "uploading": gettext_lazy("Arriving"),
    "held": gettext_lazy("Held"),
    "ready": gettext_lazy("Ready"),
    "receiving": gettext_lazy("Being received"),
    "checking": gettext_lazy("Being checked"),
    "failed": gettext_lazy("Failed"),
    "accepted": gettext_lazy("Accepted"),
    "current": gettext_lazy("Current"),
    "superseded": gettext_lazy("Superseded"),
    "rejected": gettext_lazy("Rejected"),
    "excluded": gettext_lazy("Excluded"),
    "retracted": gettext_lazy("Retracted"),
    "repeated": gettext_lazy("Sent before"),
    "misnamed": gettext_lazy("Wrong name"),
    "expired": gettext_lazy("Never finished"),
    DAMAGED: gettext_lazy("History damaged"),
}
BANDS: Mapping[str, tuple[Any, str]] = {
    "not_met": (gettext_lazy("not met"), "poor"),
    "approaching": (gettext_lazy("approaching"), "fair"),
    "meets": (gettext_lazy("meets"), "good"),
}
"""Words and colour of the band of a rate."""
HEAVY = ("report", "checks", "metrics", "comparison", "history")
"""Columns that may be large."""


@dataclass(frozen=True)
class Row:
    """A submission in a list."""

    row: SubmissionRow
    state: str
    tone: str
    purpose: str

    @property
    def is_read(self) -> bool:
        """Whether it was checked, so that rows and findings were counted."""
        return bool(self.row.verdict)

    @property
    def not_counted(self) -> list[str]:
        """What it does not count for, in the reader's language."""
        return [say_sentence(reason) for reason in self.row.not_counted]

    @property
    def folder(self) -> str:
        """The folder of the drop area it came in; empty where it came otherwise."""
        return self.row.folder if parse_version(self.row.folder) else ""


@dataclass(frozen=True)
class DeadlineView:
    """A deadline as it concerns one site, or nobody in particular."""

    deadline: Deadline
    days: int
    is_over: bool
    is_met: bool


@dataclass(frozen=True)
class RateView:
    """A data transfer rate and how it is judged."""

    name: str
    share: str
    words: str
    tone: str


@dataclass(frozen=True)
class CreditView:
    """What a site is credited for; ``rates`` leaves out those that are of nobody."""

    facts: Mapping[str, Any]
    rates: tuple[RateView, ...]


@dataclass(frozen=True)
class SiteRow:
    """A site on the board of all sites."""

    site: Site
    latest: Row | None
    done: int
    steps: int
    next_step: str
    issues: int
    credit: CreditView | None
    is_late: bool


@dataclass(frozen=True)
class Column:
    """Sites whose latest submission is in one state."""

    title: str
    tone: str
    sites: tuple[SiteRow, ...]


def build_row(row: SubmissionRow) -> Row:
    """A submission with its words."""
    state = str(STATE_NAMES[row.state])
    purpose = str(PURPOSE_NAMES.get(row.purpose, _("Not declared")))
    return Row(row, state, STATE_TONES.get(row.state, "plain"), purpose)


def build_rows(rows: Iterable[SubmissionRow]) -> list[Row]:
    """Submissions with their words."""
    return [build_row(row) for row in rows]


def list_light(site: str) -> models.QuerySet[SubmissionRow]:
    """The submissions of a site, the latest first, without what only their own pages show."""
    return SubmissionRow.objects.filter(site=site).defer(*HEAVY)


def find_latest(site: str) -> SubmissionRow | None:
    """What a site sent last."""
    return list_light(site).first()


def build_deadlines(site: Site, today: date) -> list[DeadlineView]:
    """Deadlines of a site that are to come, and the last one that is over."""
    past = Deadline.objects.filter(on__lt=today).order_by("-on")[:1]
    coming = Deadline.objects.filter(on__gte=today)
    return [
        _build_deadline(deadline, today, is_met=has_submitted(site.name, deadline))
        for deadline in [*past, *coming]
    ]


def list_posted(today: date) -> list[DeadlineView]:
    """Every deadline that is posted, so that each of them can be taken back."""
    return [_build_deadline(one, today, is_met=False) for one in Deadline.objects.all()]


def _build_deadline(deadline: Deadline, today: date, *, is_met: bool) -> DeadlineView:
    return DeadlineView(
        deadline, days=(deadline.on - today).days, is_over=deadline.on < today, is_met=is_met
    )


def build_overview(site: Site, home: Path, today: date) -> dict[str, Any]:
    """Everything the first page of a site shows."""
    checklist = read_live_checklist(home, site.name)
    rows = list_light(site.name)
    current = rows.filter(state="current").first()
    coming = [view for view in build_deadlines(site, today) if not view.is_over]
    return {
        "checklist": checklist,
        "next_step": None if site.closed_on else find_next_step(checklist),
        "current": build_row(current) if current else None,
        "rows": build_rows(rows[:5]),
        "drop": look_into_drop_area(home, site),
        "deadline": coming[0] if coming else None,
        "is_expected": is_expected(site),
        "issues": Issue.objects.filter(site=site.name, closed_at=None),
        "is_measured": bool(current and current.metrics and is_counted(current)),
        "credit": find_credit(site.name),
        "are_contacts_stale": are_contacts_stale(site.name, today),
        "has_contacts": has_contacts(site.name),
    }


def find_credit(site: str) -> CreditView | None:
    """The credit of a site as the worker counted it last; None before it did."""
    row = CreditRow.objects.filter(site=site).first()
    if row is None:
        return None
    rates = [("DTR-A", row.facts["dtr_a"]), ("DTR-B", row.facts["dtr_b"])]
    return CreditView(
        row.facts, tuple(_build_rate(name, facts) for name, facts in rates if facts["denominator"])
    )


def _build_rate(name: str, facts: Mapping[str, Any]) -> RateView:
    """Percent are rounded down, so that what is short of a band never looks like it."""
    tenths = facts["numerator"] * 1000 // facts["denominator"]
    words, tone = BANDS[facts["band"]]
    return RateView(name, f"{number_format(tenths / 10, 1)} %", str(words), tone)


def find_next_step(checklist: Iterable[StepStatus]) -> StepStatus | None:
    """The step whose turn it is."""
    return next(
        (s for s in checklist if not s.is_done and not s.waits_for and not s.step.optional), None
    )


def build_steps(checklist: Iterable[StepStatus]) -> list[tuple[StepStatus, str]]:
    """Every step with the titles of those it waits for."""
    return [
        (status, ", ".join(f"“{say(get_step(name).title)}”" for name in status.waits_for))
        for status in checklist
    ]


def build_board(home: Path, today: date) -> list[SiteRow]:
    """Every site that takes part or did, by name."""
    overdue = Deadline.objects.filter(on__lt=today).last()
    return [_build_site(home, site, overdue) for site in list_sites(home)]


def build_columns(sites: Iterable[SiteRow]) -> list[Column]:
    """The board: sites by the state of what they sent last; empty columns are left out."""
    grouped: dict[tuple[str, str], list[SiteRow]] = {}
    for site in sites:
        if site.site.closed_on:
            key = (_("Closed"), "plain")
        elif site.latest is None:
            key = (_("Nothing sent yet"), "plain")
        else:
            key = (site.latest.state, site.latest.tone)
        grouped.setdefault(key, []).append(site)
    order = {"poor": 0, "fair": 1, "plain": 2, "good": 3}
    ordered = sorted(grouped.items(), key=lambda item: (order[item[0][1]], item[0][0]))
    return [Column(title, tone, tuple(found)) for (title, tone), found in ordered]


def build_events(row: SubmissionRow) -> list[dict[str, Any]]:
    """The history of a submission, each event with its moment and what it says."""
    return [
        {
            "event": name_event(event["event"]),
            "at": parse_datetime(event["at"]),
            "by": event["by"],
            "said": say_sentence(str(details.get("reason") or details.get("said") or "")),
        }
        for event in row.history
        for details in (event["details"],)
    ]


def build_issues(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues with the titles of their metrics."""
    return [{"issue": issue, "title": find_title(issue.metric)} for issue in issues]


def count_notices() -> dict[str, int]:
    """How many notices are in each state."""
    return {
        str(status): Notice.objects.filter(status=status).count() for status in NoticeStatus.values
    }


def list_stewards(site: str) -> list[Steward]:
    """The stewards of a site who are in office."""
    return list(Steward.objects.filter(site=site, ended_on=None).select_related("user"))


def _build_site(home: Path, site: Site, overdue: Deadline | None) -> SiteRow:
    wanted = [s for s in read_live_checklist(home, site.name) if not s.step.optional]
    following = find_next_step(wanted)
    latest = find_latest(site.name)
    is_late = overdue is not None and not site.closed_on and is_expected(site)
    return SiteRow(
        site=site,
        latest=build_row(latest) if latest else None,
        done=sum(status.is_done for status in wanted),
        steps=len(wanted),
        next_step=say(following.step.title) if following else "",
        issues=Issue.objects.filter(site=site.name, closed_at=None).count(),
        credit=find_credit(site.name),
        is_late=is_late and overdue is not None and not has_submitted(site.name, overdue),
    )
