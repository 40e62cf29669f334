"""A submission compared with the newest feeds, and the result kept for site and data centre.

It is kept beside the landing area, whose submissions are never written again, in a folder for
each submission and day of the feeds: consent changes, and so does what a comparison finds.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from commonweal.engine.settings import Settings
from commonweal.engine.storage import Location, make_private, readable_json, whole_folder
from commonweal.intake.landing import Submission
from commonweal.intake.matching.matched import (
    Matched,
    ProgrammeSide,
    is_of_feeds,
    match_sent,
    read_programme_side,
    write_matched,
)
from commonweal.intake.matching.pickup import find_lists_folder
from commonweal.intake.matching.sent import open_submission
from commonweal.intake.sites import IDENTIFIED
from commonweal.pipeline.curate import list_curated_submissions
from commonweal.pipeline.feeds import find_latest_folder, read_feeds
from commonweal.pipeline.progress import Progress
from commonweal.pipeline.snapshots import Snapshot
from commonweal.schema.errors import CommonwealError

FOLDER, NOT_COMPARED = "matching", "not_compared.json"


class WhyNot(StrEnum):
    """Why the persons of an accepted submission were not compared when it came."""

    DE_IDENTIFIED = "de_identified"
    OTHER_KIND = "other_kind"
    """Its people are made up and those of the snapshot are not, or the reverse."""
    NO_FEEDS = "no_feeds"
    """The programme had no snapshot of its participants."""
    UNUSABLE = "unusable"
    """The snapshot, or the submission, could not be read."""


@dataclass(frozen=True)
class Programme:
    """The programme's side and the snapshot it was read from."""

    side: ProgrammeSide
    snapshot: Snapshot

    @property
    def as_of(self) -> date:
        """Day of the snapshot."""
        return date.fromisoformat(self.snapshot.folder.name)


def read_programme(
    settings: Settings, folder: Path | None = None, *, synthetic: bool | None = None
) -> Programme:
    """The programme's side from a snapshot of feeds, the newest one unless given.

    ``synthetic`` says whether the people must be made up; as the programme's are unless given.

    Raises:
        CommonwealError: there is no snapshot, it was altered or is not as declared, or it is
            about people of another kind.
    """
    kind = settings.programme.synthetic if synthetic is None else synthetic
    snapshot = read_feeds(folder or find_latest_folder(settings.home), synthetic=kind)
    return Programme(read_programme_side(snapshot.files), snapshot)


def match_at_intake(settings: Settings, submission: Submission) -> tuple[Matched | None, str]:
    """Compare what was just accepted with the newest feeds and keep the result.

    What cannot be compared is not, and the text says why: a site may hand in before the
    programme has a snapshot, and files for a sprint name nobody. The reason is kept as well.
    """
    try:
        check_identified(submission)
        programme = read_programme(settings, synthetic=submission.synthetic)
        return record_match(settings, submission, programme)[0], ""
    except CommonwealError as error:
        _keep_why_not(settings, submission)
        return None, error.found


def find_comparison(home: Path, submission: Submission) -> Path | None:
    """Where the comparison with the newest feeds is kept; None when there is none."""
    dated = (home / FOLDER / submission.site / submission.id).glob("????-??-??")
    return max(dated, default=None)


def find_why_not(home: Path, submission: Submission) -> WhyNot | None:
    """Why a submission was not compared when it came; None when nobody tried."""
    file = home / FOLDER / submission.site / submission.id / NOT_COMPARED
    return WhyNot(json.loads(file.read_bytes())["why"]) if file.is_file() else None


def match_current(settings: Settings, progress: Progress) -> None:
    """Compare what curation takes of every site with the newest feeds, where it was not yet.

    Raises:
        CommonwealError: there is no submission to curate, or there are no feeds.
    """
    submissions, programme = list_curated_submissions(settings), read_programme(settings)
    progress.begin("Comparing persons with participants", len(submissions))
    for submission in submissions:
        folder = find_matching_folder(settings.home, submission, programme.as_of)
        if not is_of_feeds(folder, programme.snapshot.digest):
            record_match(settings, submission, programme)
        progress.advance(submission.site)
    progress.end()


def check_identified(submission: Submission) -> None:
    """Refuse a submission whose persons have ids of the site's own choice.

    Raises:
        CommonwealError: it is for a purpose whose files are de-identified at the site.
    """
    if submission.purpose not in IDENTIFIED:
        raise CommonwealError(
            f"The persons of a submission for {submission.purpose} are de-identified.",
            expected="a submission for test or production, whose persons are participants",
            fix="Compare one of these.",
        )


def list_derived(home: Path, submission: Submission) -> list[Path]:
    """Folders of what was made of a submission, and holds ids or rows of its persons."""
    return [
        home / "stages",
        home / FOLDER / submission.site / submission.id,
        find_lists_folder(home, submission.site, submission.id),
    ]


def find_matching_folder(home: Path, submission: Submission, as_of: date) -> Path:
    """Where the comparison of a submission with the feeds of a day is kept."""
    return home / FOLDER / submission.site / submission.id / as_of.isoformat()


def record_match(
    settings: Settings, submission: Submission, programme: Programme
) -> tuple[Matched, Path]:
    """Compare an accepted submission and keep the result, which is the same each time.

    Raises:
        CommonwealError: the submission was not accepted, or is de-identified.
    """
    check_identified(submission)
    matched = match_sent(open_submission(submission), programme.side)
    make_private(settings.home / FOLDER)
    folder = find_matching_folder(settings.home, submission, programme.as_of)
    digest = programme.snapshot.digest
    if not is_of_feeds(folder, digest):
        shutil.rmtree(folder, ignore_errors=True)
        with whole_folder(folder) as scratch:
            write_matched(matched, scratch, digest)
    return matched, folder


def _keep_why_not(settings: Settings, submission: Submission) -> None:
    make_private(settings.home / FOLDER)
    place = Location.of(settings.home / FOLDER / submission.site / submission.id)
    place.write(NOT_COMPARED, readable_json({"why": _find_reason(settings, submission)}))


def _find_reason(settings: Settings, submission: Submission) -> WhyNot:
    if submission.purpose not in IDENTIFIED:
        return WhyNot.DE_IDENTIFIED
    try:
        newest = find_latest_folder(settings.home)
    except CommonwealError:
        return WhyNot.NO_FEEDS
    try:
        read_feeds(newest, synthetic=not submission.synthetic)
    except CommonwealError:
        return WhyNot.UNUSABLE
    return WhyNot.OTHER_KIND
