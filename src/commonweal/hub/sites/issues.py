"""Issues that open when a metric of a table misses its target and close when it meets it again.

One issue stands for one site, metric and table, whatever the parts that make the metric up.
Every submission that is judged leaves a note of its own, once; one that was checked again is
judged again, by the metrics of its newest check.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from commonweal.hub.sites.models import Issue, IssueNote, SubmissionRow

Values = list[Mapping[str, Any]]
MEASURED = "measured"


def judge_submission(row: SubmissionRow) -> tuple[int, int]:
    """Open and close the issues of a site by one submission; returns how many of each.

    Only accepted production data are judged, and never by a submission that is older than
    what an issue was judged by last. A metric that could not be measured changes nothing.
    """
    if row.purpose != "production" or not row.is_accepted:
        return 0, 0
    opened = closed = 0
    with transaction.atomic():
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
    judged = issue.notes.exclude(kind="comment").order_by("-at", "-id").first()
    if judged is None:
        return False
    if judged.submission == row.submission:
        return bool(judged.facts.get("check", 1) >= row.check_number)
    return judged.at > row.received_at


def _open(row: SubmissionRow, metric: str, table: str, values: Values) -> None:
    issue = Issue.objects.create(
        site=row.site,
        metric=metric,
        table=table,
        opened_at=row.received_at,
        opened_by=row.submission,
    )
    _note(issue, row, "opened", values)


def _follow(issue: Issue, row: SubmissionRow, values: Values, *, needs_action: bool) -> int:
    """Add what the next submission says of an open issue; 1 when it closes."""
    if needs_action:
        _note(issue, row, "still", values)
        return 0
    issue.closed_at, issue.closed_by = row.received_at, row.submission
    issue.save()
    _note(issue, row, "closed", values)
    return 1


def _note(issue: Issue, row: SubmissionRow, kind: str, values: Values) -> None:
    """Write down what was measured: the values that want action, or all when none does."""
    poor = [value for value in values if value.get("action")] or values
    IssueNote.objects.create(
        issue=issue,
        at=row.received_at,
        by=row.submission,
        kind=kind,
        submission=row.submission,
        facts={"values": [dict(value) for value in poor], "check": row.check_number},
    )
