"""The checks of a submission as the worker copies them: the newest whole, the others counted.

A submission may be checked once more. What its pages and mails show is then the newest report
with the newest metrics; its verdict stays the one of the day it landed.
"""

import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.outbox import write_notice
from commonweal.hub.sites.phrases import say_kinds
from commonweal.intake.findings import Severity
from commonweal.intake.lifecycle.history import History
from commonweal.intake.report import CheckReport
from commonweal.intake.submission import (
    METRICS,
    REPORT,
    Submission,
    find_of_newest_check,
    list_checks,
    name_of_check,
)


def read_checks(submission: Submission, history: History) -> dict[str, Any]:
    """Columns of a row about the checks of a submission; no value of a cell is in them."""
    numbers = list_checks(submission)
    reports = [
        json.loads((submission.folder / name_of_check(REPORT, number)).read_bytes())
        for number in numbers
    ]
    checks = [
        _describe(number, report, submission, history)
        for number, report in zip(numbers, reports, strict=True)
    ]
    metrics = find_of_newest_check(submission, METRICS)
    return {
        "check_number": numbers[-1],
        "checks": checks,
        "is_complete": CheckReport.from_json(reports[-1]).complete,
        "errors": checks[-1]["errors"],
        "warnings": checks[-1]["warnings"],
        "report": reports[-1],
        "metrics": json.loads(metrics.read_bytes()) if metrics else {},
    }


def tell_new_check(row: SubmissionRow, now: datetime) -> int:
    """Write the notice of a check that was made once more; once for each."""
    if row.check_number == 1:
        return 0
    newest = row.checks[-1]
    facts = {"id": row.submission, **say_kinds(newest["errors"], newest["warnings"])}
    body = _(
        "It was checked with the rules of today, which found %(errors)s and %(warnings)s. The new "
        "report is attached. The verdict of the submission stays as it was."
    )
    why = _("Why: %(why)s") % {"why": newest["why"]} if newest["why"] else ""
    return int(
        write_notice(
            f"check/{row.submission}/{row.check_number}",
            site=row.site,
            kind="check",
            subject=_("The submission %(id)s was checked once more") % facts,
            body="\n\n".join(filter(None, [body % facts, why])),
            attach=row.submission,
            now=now,
        )
    )


def _describe(
    number: int, report: dict[str, Any], submission: Submission, history: History
) -> dict[str, Any]:
    """When a check was made, by whom and why, and what it came to."""
    checked = CheckReport.from_json(report)
    facts: dict[str, Any] = {"at": submission.received_at.isoformat(), "by": "", "why": ""}
    for event in history.events:
        is_its = event.submission == submission.id and event.details.get("report") == number
        if event.name == "rerun" and is_its:
            why = str(event.details.get("reason", ""))
            facts = {"at": event.at.isoformat(), "by": event.by, "why": why}
    return {
        "number": number,
        **facts,
        "verdict": checked.verdict,
        "errors": checked.count(Severity.ERROR),
        "warnings": checked.count(Severity.WARNING),
    }
