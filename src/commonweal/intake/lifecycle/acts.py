"""What the data centre does with a submission: check it anew, declare it, keep it out."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from commonweal.engine.settings import EngineSettings
from commonweal.engine.storage import SCRATCH, Location, readable_json
from commonweal.intake.check import check_folder
from commonweal.intake.check.file import FileProgress
from commonweal.intake.html import render_html
from commonweal.intake.landing import alone_in, measure_folder
from commonweal.intake.lifecycle.declaration import DECLARATION, Declaration
from commonweal.intake.lifecycle.drop import parse_version
from commonweal.intake.lifecycle.history import History
from commonweal.intake.lifecycle.settle import Ledger, settle_site
from commonweal.intake.lifecycle.tombstones import add_returned
from commonweal.intake.metrics import Surroundings
from commonweal.intake.recording import check_optional_words, check_words
from commonweal.intake.report import CheckReport
from commonweal.intake.submission import (
    METRICS,
    REPORT,
    REPORT_PAGE,
    Submission,
    list_checks,
    name_of_check,
)
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Rerun:
    """A check of what landed, made once more. ``number`` counts reports; the first is 1."""

    report: CheckReport
    number: int
    is_same: bool


def rerun_check(
    ledger: Ledger,
    submission: Submission,
    engine: EngineSettings,
    *,
    reason: str = "",
    around: Surroundings | None = None,
    progress: FileProgress | None = None,
) -> Rerun:
    """Check the files that landed with the rules of today, and keep the report beside the first.

    With it go metrics that are measured anew. The newest report and metrics are those that are
    shown. The verdict of the submission stays: whoever wants another hands in again.
    """
    reason = check_optional_words("The reason", reason)
    with alone_in(submission.folder.parent), _linked(submission) as folder:
        report = check_folder(
            folder,
            dialect=submission.dialect,
            settings=engine,
            today=ledger.now.date(),
            terms=around.vocabulary if around else None,
            progress=progress,
        )
        report = add_returned(
            report,
            folder,
            home=ledger.home,
            site=submission.site,
            purpose=submission.purpose,
        )
        number = _store(submission, folder, report, around)
    is_same = report.verdict == submission.verdict
    ledger.add(
        ledger.read(submission.key),
        "rerun",
        submission.id,
        report=number,
        verdict=report.verdict,
        same_verdict=is_same,
        **({"reason": reason} if reason else {}),
    )
    return Rerun(report, number, is_same)


def list_reports(submission: Submission) -> list[str]:
    """Names of the reports of a submission, the first one first."""
    return [name_of_check(REPORT, number) for number in list_checks(submission)]


def declare_folder(ledger: Ledger, folder: str, declaration: Declaration) -> History:
    """Say on behalf of a site what a folder of its drop area is; the next round acts on it.

    Raises:
        CommonwealError: the folder is not one that waits, or it has a declaration of its own
            that cannot be read, which would go on to count.
    """
    if parse_version(folder) is None:
        raise CommonwealError(
            f"{folder!r} is not a folder of a drop area.",
            expected="a name such as 2026-03-01-v1",
            fix="See `commonweal submissions`.",
        )
    history = ledger.read(folder)
    held = history.last("held")
    if history.state == "held" and held and DECLARATION in held.details.get("files", ()):
        raise CommonwealError(
            f"{folder} has a declaration of its own, which cannot be read.",
            expected=f"a folder without {DECLARATION}",
            fix=f"Have {DECLARATION} mended, or taken out of the folder.",
        )
    return ledger.add(history, "declared", **declaration.to_json())


def exclude_submission(ledger: Ledger, submission: Submission, reason: str) -> History:
    """Keep what is current out of curation: the site gives no data until it is included again."""
    return _decide(ledger, submission, "excluded", reason)


def include_submission(ledger: Ledger, submission: Submission, reason: str) -> History:
    """End an exclusion."""
    return _decide(ledger, submission, "included", reason)


def _decide(ledger: Ledger, submission: Submission, event: str, reason: str) -> History:
    """Record a decision with its reason.

    Raises:
        CommonwealError: the reason is blank, or the submission cannot go there from its state.
    """
    reason = check_words("The reason", reason)
    with alone_in(submission.folder.parent):
        ledger.add(ledger.read(submission.key), event, submission.id, reason=reason)
        settle_site(ledger)
    return ledger.read(submission.key)


@contextmanager
def _linked(submission: Submission) -> Iterator[Path]:
    """A folder with the files that landed and nothing else, without copying them."""
    scratch = submission.folder.with_name(f"{SCRATCH}rerun-{submission.id}")
    scratch.mkdir()
    try:
        for file in submission.files:
            os.link(submission.folder / file.name, scratch / file.name)
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _store(
    submission: Submission, folder: Path, report: CheckReport, around: Surroundings | None
) -> int:
    """Write a report under the next number that is free, and the metrics that go with it.

    No value of a cell is in them, as in the papers of the first check.
    """
    report = report.without_values()
    place = Location.of(submission.folder)
    content = readable_json(report.to_json())
    number = next(n for n in count(2) if place.create(name_of_check(REPORT, n), content))
    filled, metrics = measure_folder(folder, report, around)
    if metrics is not None:
        place.create(name_of_check(METRICS, number), readable_json(metrics.to_json()))
    page = render_html(report, f"{submission.id}, check {number}", filled, metrics)
    place.create(name_of_check(REPORT_PAGE, number), page.encode())
    return number


def make_ledger(home: Path, site: str, now: datetime, by: str) -> Ledger:
    """Where the events of one act are written, all at one time.

    Raises:
        CommonwealError: the name of who acts is blank.
    """
    name = check_words("The name of who does it", by)
    return Ledger(home, site, lambda: now, name)
