"""What the worker copies from the landing area into the hub's database, and what follows.

Rows are known by the hash of their content, so running it again changes nothing. Only Django
commands of the worker import this module: no web process opens the landing area.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from commonweal.engine.storage import digest_of
from commonweal.hub.sites.checks import read_checks, tell_new_check
from commonweal.hub.sites.closings import end_accounts_of_closed_sites
from commonweal.hub.sites.folder_notices import list_folder_notices
from commonweal.hub.sites.issues import judge_submission
from commonweal.hub.sites.models import SubmissionRow
from commonweal.hub.sites.outbox import Attachment, write_notice
from commonweal.hub.sites.persons import describe_persons
from commonweal.hub.sites.persons_indexing import index_persons, tell_persons
from commonweal.hub.sites.phrases import say_counts, say_kinds
from commonweal.intake.lifecycle.history import History
from commonweal.intake.lifecycle.lookup import Entry, list_entries
from commonweal.intake.onboarding import read_checklist
from commonweal.intake.sites import Site, list_sites
from commonweal.intake.submission import (
    COMPARISON,
    REPORT_PAGE,
    Submission,
    find_of_newest_check,
    get_submission,
)
from commonweal.schema.errors import CommonwealError

MOST_OF_NAME = 200
"""How much of a name a row holds; a folder may be called anything."""


@dataclass
class Indexed:
    """What a round of indexing changed."""

    rows: int = 0
    unchanged: int = 0
    notices: int = 0
    issues_opened: int = 0
    issues_closed: int = 0
    accounts_ended: int = 0


def index_submissions(home: Path, *, now: datetime) -> Indexed:
    """Bring the rows, the notices and the issues in line with what has landed.

    Accounts of stewards end with their site before anything else.
    """
    done = Indexed(accounts_ended=end_accounts_of_closed_sites(home))
    index_persons(home)
    titles = {site.name: site for site in list_sites(home)}
    for entry in list_entries(home):
        row = _upsert(entry, done)
        done.notices += _tell(row, entry, now)
    for site in titles.values():
        done.notices += _tell_test_load(home, site, now)
    for row in SubmissionRow.objects.order_by("received_at", "id"):
        opened, closed = judge_submission(row)
        done.issues_opened += opened
        done.issues_closed += closed
    return done


def find_attachments(home: Path, submission_id: str) -> list[Attachment]:
    """The newest report of a submission as it stands today; none when it was retracted."""
    try:
        file = find_of_newest_check(get_submission(home, submission_id), REPORT_PAGE)
        content = file.read_bytes() if file else None
    except (CommonwealError, FileNotFoundError):
        return []
    return [Attachment(f"{submission_id}.html", content, "text/html")] if content else []


def _upsert(entry: Entry, done: Indexed) -> SubmissionRow:
    facts = _read_facts(entry)
    content_hash = digest_of({k: v for k, v in facts.items() if k != "received_at"})
    with transaction.atomic():
        found = SubmissionRow.objects.filter(site=entry.site, folder=entry.key).first()
        if found is not None and found.content_hash == content_hash:
            done.unchanged += 1
            return found
        row, _made = SubmissionRow.objects.update_or_create(
            site=entry.site, folder=entry.key, defaults={**facts, "content_hash": content_hash}
        )
    done.rows += 1
    return row


def _read_facts(entry: Entry) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "submission": entry.id[:MOST_OF_NAME],
        "purpose": entry.purpose,
        "synthetic": entry.is_synthetic,
        "state": entry.state,
        "received_at": entry.at,
        "history": [_show_event(event.to_json()) for event in entry.history.events],
    }
    if entry.submission is None:
        return facts | _NOTHING_LANDED
    return facts | _read_landed(entry.submission, entry.history)


_NOTHING_LANDED = {
    "dialect": "",
    "verdict": "",
    "is_complete": False,
    "rows": 0,
    "errors": 0,
    "warnings": 0,
    "check_number": 1,
    "checks": [],
    "report": {},
    "metrics": {},
    "comparison": {},
}


def _read_landed(submission: Submission, history: History) -> dict[str, Any]:
    return {
        "dialect": submission.dialect,
        "verdict": submission.verdict,
        "rows": submission.rows,
        "comparison": _read_json(submission.folder / COMPARISON),
        **read_checks(submission, history),
    }


def _read_json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    content: dict[str, Any] = json.loads(file.read_bytes())
    return content


def _show_event(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("event", "at", "by", "details")}


def _tell(row: SubmissionRow, entry: Entry, now: datetime) -> int:
    """Write the notices of a verdict, and of what was not taken; once for each."""
    told = _tell_landed(row, now) if row.verdict else 0
    for notice in list_folder_notices(entry):
        told += write_notice(
            f"folder/{row.site}/{row.folder}/{notice.number}",
            site=row.site,
            kind="folder",
            subject=notice.subject,
            body=notice.body,
            now=now,
        )
    return told


def _tell_landed(row: SubmissionRow, now: datetime) -> int:
    """The verdict, what a later check found, and whose consent is missing."""
    return _tell_verdict(row, now) + tell_new_check(row, now) + tell_persons(row, now)


def _tell_verdict(row: SubmissionRow, now: datetime) -> int:
    accepted = _("The submission %(id)s was accepted")
    rejected = _("The submission %(id)s was rejected")
    subject = (accepted if row.is_accepted else rejected) % {"id": row.submission}
    counts = {"rows": say_counts(row.rows)["rows"], **say_kinds(row.errors, row.warnings)}
    body = _(
        "It has %(rows)s. The check found %(errors)s and %(warnings)s. The report is attached; it "
        "says where each of them is and how to mend it."
    )
    advice = "" if row.is_accepted else _("Please mend what it says and submit again.")
    return int(
        write_notice(
            f"verdict/{row.submission}",
            site=row.site,
            kind="verdict",
            subject=subject,
            body="\n\n".join(
                filter(
                    None,
                    [
                        body % counts,
                        advice,
                        *row.not_counted,
                        describe_persons(row.submission),
                    ],
                )
            ),
            attach=row.submission,
            now=now,
        )
    )


def _tell_test_load(home: Path, site: Site, now: datetime) -> int:
    if not site.test_load:
        return 0
    waits = [s for s in read_checklist(home, site.name) if s.step.name == "production"]
    open_steps = [step for status in waits for step in status.waits_for]
    return int(
        write_notice(
            f"test_load/{site.name}/{site.test_load}",
            site=site.name,
            kind="test_load",
            subject=_("The test load of %(site)s has passed") % {"site": site.title},
            body=_("Account and drop area work.")
            + ("" if open_steps else " " + _("The data centre can authorise production now.")),
            now=now,
        )
    )
