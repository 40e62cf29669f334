"""What the worker copies of the comparison of persons with participants: counts, and lists.

Counts go into the database, which holds nobody's id; the lists of ids go to where the pages of
their site find them.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from commonweal.engine.storage import digest_of
from commonweal.hub.sites.models import Notice, PersonsRow, SubmissionRow
from commonweal.hub.sites.outbox import write_notice
from commonweal.hub.sites.persons import describe_persons
from commonweal.intake.matching.matched import REPORT
from commonweal.intake.matching.pickup import lay_out_lists, remove_other_lists
from commonweal.intake.submission import Submission, list_submissions
from commonweal.pipeline.matching import find_comparison, find_why_not


def index_persons(home: Path) -> int:
    """Bring counts and lists in line with what was compared; returns how many rows changed."""
    before = {row.submission: (row.as_of, row.facts) for row in PersonsRow.objects.all()}
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    listed = set()
    for submission in list_submissions(home):
        comparison = find_comparison(home, submission)
        if comparison is not None:
            lay_out_lists(home, submission.site, submission.id, comparison)
            listed.add((submission.site, submission.id))
        as_of, facts = _read(home, submission, comparison)
        if facts:
            found[submission.id] = (as_of, facts)
        if facts and before.get(submission.id) != (as_of, facts):
            values = {"site": submission.site, "as_of": as_of, "facts": facts}
            PersonsRow.objects.update_or_create(submission=submission.id, defaults=values)
    remove_other_lists(home, listed)
    PersonsRow.objects.exclude(submission__in=list(found)).delete()
    return sum(before.get(name) != made for name, made in found.items())


def tell_persons(row: SubmissionRow, now: datetime) -> int:
    """Write the counts of a comparison that none of the mails about a submission holds yet.

    The mail of the verdict has those that were known by then; feeds of a later day may say
    something else.
    """
    told = describe_persons(row.submission)
    about = Notice.objects.filter(site=row.site, attach=row.submission)
    if not told or about.filter(body__contains=told).exists():
        return 0
    return int(
        write_notice(
            f"persons/{row.submission}/{digest_of(told)[:12]}",
            site=row.site,
            kind="persons",
            subject=_("Persons and consent of the submission %(id)s") % {"id": row.submission},
            body=told,
            attach=row.submission,
            now=now,
        )
    )


def _read(
    home: Path, submission: Submission, comparison: Path | None
) -> tuple[str, dict[str, Any]]:
    """The day of the feeds and the report of a comparison, or why there is none."""
    if comparison is not None:
        return comparison.name, json.loads((comparison / REPORT).read_bytes())
    why_not = find_why_not(home, submission)
    return "", {"why_not": str(why_not)} if why_not else {}
