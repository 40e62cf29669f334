"""The sprint board: one row for each site and table, with four ticks and, if one lacks, why.

*received*: a file of the table lies in a submission of purpose sprint. *parsed*: it can be read
as its table. *loaded*: every row of it fits. *mapped*: its concepts reach the goals. The newest
file of a table counts, so that a site may send week by week.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.intake.findings import Severity
from commonweal.intake.landing import Submission, list_submissions, read_report
from commonweal.intake.report import FileReport
from commonweal.intake.sites import Purpose
from commonweal.intake.sprint.files import score_files
from commonweal.intake.sprint.plan import Week, list_goals
from commonweal.intake.sprint.score import ColumnScore, is_mapped
from commonweal.vocabulary.views import VocabularyViews

UNREADABLE = frozenset({"file", "encoding", "header", "structure"})
"""Families of findings that stop a file being read as its table; others are about cells."""


@dataclass(frozen=True)
class Receipt:
    """The newest file of a table that a site sent for the sprint, and what the check said.

    ``scores`` are those of its concepts; empty when the file could not be loaded.
    """

    submission: Submission
    file: FileReport
    scores: tuple[ColumnScore, ...] = ()


@dataclass(frozen=True)
class BoardRow:
    """How far a site is with a table. ``why`` says what the first missing tick is waiting for."""

    site: str
    table: str
    week: int
    due: date | None
    submission: str | None
    received: bool
    parsed: bool
    loaded: bool
    mapped: bool
    why: str
    is_late: bool = False

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {"due": self.due.isoformat() if self.due else None}


def read_board(
    engine: Engine,
    home: Path,
    vocabulary: VocabularyViews,
    *,
    sites: Iterable[str],
    start: date | None,
    today: date,
) -> tuple[BoardRow, ...]:
    """The board of the sites from what they handed in; opens the landing area.

    ``vocabulary`` names the views of the vocabulary in force, which are in the engine;
    ``start`` is the first day of the sprint. The rows hold nobody's values.
    """
    receipts = find_receipts(list_submissions(home))
    scored = {
        place: _score(engine, receipt, vocabulary) for place, receipt in sorted(receipts.items())
    }
    return build_board(sites, scored, goals=list_goals(start), today=today)


def build_board(
    sites: Iterable[str],
    receipts: Mapping[tuple[str, str], Receipt],
    *,
    goals: Mapping[str, Week],
    today: date,
) -> tuple[BoardRow, ...]:
    """One row for each site and each table that is a goal, in the order of the weeks."""
    return tuple(
        _build_row(site, table, week, receipts.get((site, table)), today)
        for site in sites
        for table, week in goals.items()
    )


def find_receipts(submissions: Iterable[Submission]) -> dict[tuple[str, str], Receipt]:
    """The newest file of each site and table among submissions of purpose sprint.

    What was retracted is not there any more, and counts as never received.
    """
    found: dict[tuple[str, str], Receipt] = {}
    for submission in sorted(submissions, key=lambda s: s.received_at):
        if submission.purpose is Purpose.SPRINT:
            for file in _list_files(submission):
                found[submission.site, file.table] = Receipt(submission, file)
    return found


def _list_files(submission: Submission) -> list[FileReport]:
    """The checked files that are still there."""
    try:
        files = read_report(submission).files
    except FileNotFoundError:
        return []
    return [file for file in files if (submission.folder / file.file).is_file()]


def is_parsed(file: FileReport) -> bool:
    """Whether a file could be read as its table, whatever its cells hold."""
    return not _list_errors(file, UNREADABLE)


def _score(engine: Engine, receipt: Receipt, vocabulary: VocabularyViews) -> Receipt:
    submission = receipt.submission
    (scored,) = score_files(
        engine, submission.folder, [receipt.file], vocabulary, dialect=submission.dialect
    )
    return replace(receipt, scores=scored.scores)


def _build_row(site: str, table: str, week: Week, receipt: Receipt | None, today: date) -> BoardRow:
    received = receipt is not None
    parsed = receipt is not None and is_parsed(receipt.file)
    loaded = parsed and receipt is not None and receipt.file.verdict == "accepted"
    mapped = loaded and receipt is not None and is_mapped(receipt.scores)
    return BoardRow(
        site=site,
        table=table,
        week=week.number,
        due=week.due,
        submission=receipt.submission.id if receipt else None,
        received=received,
        parsed=parsed,
        loaded=loaded,
        mapped=mapped,
        why="" if mapped else _explain(receipt, parsed=parsed, loaded=loaded),
        is_late=not mapped and week.due is not None and today > week.due,
    )


def _explain(receipt: Receipt | None, *, parsed: bool, loaded: bool) -> str:
    if receipt is None:
        return "no file has been handed in"
    if not parsed:
        return "cannot be read: " + ", ".join(_list_errors(receipt.file, UNREADABLE))
    if not loaded:
        return "rows do not fit: " + ", ".join(_list_errors(receipt.file))
    if not any(score.rows for score in receipt.scores):
        return "the file has no rows"
    return "; ".join(_explain_scores(receipt.scores))


def _explain_scores(scores: Sequence[ColumnScore]) -> Iterator[str]:
    for score in scores:
        for question in score.below if score.column.is_goal else ():
            goal = score.column.targets[question]
            yield f"{score.column.concept}: {question} {score.shares[question]}, goal {goal:.0%}"


def _list_errors(file: FileReport, families: frozenset[str] | None = None) -> list[str]:
    codes = {f.code for f in file.findings if f.severity is Severity.ERROR}
    return sorted(c for c in codes if families is None or c.partition(".")[0] in families)
