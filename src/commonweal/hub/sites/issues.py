"""Issues that open when a metric of a table misses its target and close when it meets it again.

One issue stands for one site, metric and table, whatever the parts that make the metric up.
Every submission that is judged leaves a note of its own, once; one that was checked again is
judged again, by the metrics of its newest check. What a retracted one measured is erased from its
notes, and its issues are judged by what still stands.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from commonweal.hub.sites.counted import is_counted
from commonweal.hub.sites.models import Issue, IssueNote, SubmissionRow

Values = list[Mapping[str, Any]]
MEASURED = "measured"
ERASED = "erased"
"""The kind of a note whose submission was retracted."""
_NO_JUDGEMENT = ("comment", ERASED)
_ERASURES = ("retracted", "persons_retracted")
_REPLACED = re.compile(r"-r\d+$")


def judge_submission(row: SubmissionRow) -> tuple[int, int]:
    """Open and close the issues of a site by one submission; returns how many of each.

    Only what counts (``counted``) is judged, and never by a submission that is older than
    what an issue was judged by last. A metric that could not be measured changes nothing.
    """
    with transaction.atomic():
        opened, closed = _forget_erased(row)
        if not is_counted(row):
            return opened, closed
        for (metric, table), values in _group(row.metrics.get("values", [])).items():
            issue = Issue.objects.filter(site=row.site, metric=metric, table=table)
            latest = issue.order_by("-opened_at", "-id").first()
            if latest is not None and _is_judged_by_later(latest, row):
                continue
            needs_action = any(value.get("action") for value in values)
            if latest is not None and latest.closed_at is None:
                closed += _follow(latest, row, values, needs_action=needs_action)
            elif needs_action:
                _open(row, metric, table, values)
                opened += 1
    return opened, closed


def _group(values: Values) -> Mapping[tuple[str, str], Values]:
    grouped: dict[tuple[str, str], Values] = defaultdict(list)
    for value in values:
        if value.get("status", MEASURED) == MEASURED:
            grouped[(value["metric"], value.get("table") or "")].append(value)
    return grouped


def _is_judged_by_later(issue: Issue, row: SubmissionRow) -> bool:
    judged = issue.notes.exclude(kind__in=_NO_JUDGEMENT).order_by("-at", "-id").first()
    if judged is None:
        return False
    if judged.submission == row.submission:
        return bool(judged.facts.get("check", 1) >= row.check_number)
    return judged.at > row.received_at


def _open(
    row: SubmissionRow, metric: str, table: str, values: Values, at: datetime | None = None
) -> None:
    issue = Issue.objects.create(
        site=row.site,
        metric=metric,
        table=table,
        opened_at=at or row.received_at,
        opened_by=row.submission,
    )
    _note(issue, row, "opened", values, at)


def _follow(issue: Issue, row: SubmissionRow, values: Values, *, needs_action: bool) -> int:
    """Add what the next submission says of an open issue; 1 when it closes."""
    if needs_action:
        _note(issue, row, "still", values)
        return 0
    _close(issue, row, values)
    return 1


def _close(issue: Issue, row: SubmissionRow, values: Values, at: datetime | None = None) -> None:
    issue.closed_at, issue.closed_by = at or row.received_at, row.submission
    issue.save()
    _note(issue, row, "closed", values, at)


def _note(
    issue: Issue, row: SubmissionRow, kind: str, values: Values, at: datetime | None = None
) -> None:
    """Write down what was measured: the values that want action, or all when none does."""
    IssueNote.objects.create(
        issue=issue,
        at=at or row.received_at,
        by=row.submission,
        kind=kind,
        submission=row.submission,
        facts=_pick(row, values),
    )


def _pick(row: SubmissionRow, values: Values) -> dict[str, Any]:
    poor = [value for value in values if value.get("action")] or values
    return {"values": [dict(value) for value in poor], "check": row.check_number}


def _forget_erased(row: SubmissionRow) -> tuple[int, int]:
    """Take what was erased out of the notes, and judge the issues by what stands now.

    Where persons were retracted, the notes say what is measured without them.
    """
    erasure = next((e for e in reversed(row.history) if e["event"] in _ERASURES), None)
    if erasure is None:
        return 0, 0
    measured = _group(row.metrics.get("values", []))
    judged_anew: set[tuple[str, str]] = set()
    for note in _find_stale(row):
        key = (note.issue.metric, note.issue.table)
        judged_anew.add(key)
        if key in measured:
            note.submission = note.by = row.submission
            note.facts = _pick(row, measured[key])
        else:
            note.kind, note.facts = ERASED, {}
        note.save()
    at = datetime.fromisoformat(erasure["at"])
    changes = [_judge_anew(row, metric, table, at) for metric, table in sorted(judged_anew)]
    return sum(opened for opened, _ in changes), sum(closed for _, closed in changes)


def _find_stale(row: SubmissionRow) -> list[IssueNote]:
    """Notes of what a row was before persons, or all of it, were retracted."""
    base = _REPLACED.sub("", row.submission)
    versions = Q(submission=base) | Q(submission__regex=rf"^{re.escape(base)}-r[0-9]+$")
    notes = IssueNote.objects.filter(versions, issue__site=row.site)
    if row.state != "retracted":
        notes = notes.exclude(submission=row.submission)
    return list(notes.exclude(kind__in=_NO_JUDGEMENT).select_related("issue"))


def _judge_anew(row: SubmissionRow, metric: str, table: str, at: datetime) -> tuple[int, int]:
    """Open or close an issue by the latest submission that stands and measured the metric."""
    issues = Issue.objects.filter(site=row.site, metric=metric, table=table)
    open_issue = issues.filter(closed_at=None).first()
    standing, values = _find_standing(row.site, metric, table)
    needs_action = any(value.get("action") for value in values)
    if standing is not None and needs_action and open_issue is None:
        _open(standing, metric, table, values, at)
        return 1, 0
    if open_issue is not None and not needs_action:
        _close(open_issue, standing or row, values, at)
        return 0, 1
    return 0, 0


def _find_standing(site: str, metric: str, table: str) -> tuple[SubmissionRow | None, Values]:
    rows = SubmissionRow.objects.filter(site=site, purpose="production", verdict="accepted")
    for row in rows.order_by("-received_at", "-id"):
        if values := _group(row.metrics.get("values", [])).get((metric, table)):
            return row, values
    return None, []
