"""What changed between a submission and the one before: rows, and persons lost and gained.

A table that is not there is *not submitted*, which is something else than no rows, and it is
never taken from the submission before. Ids leave this module only for the site's own eyes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.intake.lifecycle.records import read_records
from commonweal.intake.submission import LandedFile, Submission, find_last, list_of_site


@dataclass(frozen=True)
class TableChange:
    """Rows of one table before and after; None where it was not submitted."""

    table: str
    before: int | None
    after: int | None

    def to_json(self) -> dict[str, Any]:
        return {"table": self.table, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Comparison:
    """Counts only. Persons are None where a person table is missing or was not accepted."""

    submission: str
    previous: str
    tables: tuple[TableChange, ...]
    persons_before: int | None
    persons_after: int | None
    persons_lost: int | None
    persons_gained: int | None

    def to_json(self) -> dict[str, Any]:
        return {
            "submission": self.submission,
            "previous": self.previous or None,
            "tables": [change.to_json() for change in self.tables],
            "persons": {
                "before": self.persons_before,
                "after": self.persons_after,
                "lost": self.persons_lost,
                "gained": self.persons_gained,
            },
        }


def compare_submissions(submission: Submission, previous: Submission | None) -> Comparison:
    """Compare with an earlier one; without any, everything is new."""
    after, before = _rows(submission), _rows(previous) if previous else {}
    tables = sorted(after.keys() | before.keys())
    now = read_person_ids(submission)
    then = read_person_ids(previous) if previous else None
    return Comparison(
        submission.id,
        previous.id if previous else "",
        tuple(TableChange(table, before.get(table), after.get(table)) for table in tables),
        persons_before=None if then is None else len(then),
        persons_after=None if now is None else len(now),
        persons_lost=_count_missing(then, now),
        persons_gained=_count_missing(now, then),
    )


def find_previous(submission: Submission) -> Submission | None:
    """The accepted submission for the same purpose that the site sent before."""
    home = submission.folder.parents[2]
    return find_last(
        s
        for s in list_of_site(home, submission.site)
        if s.is_accepted
        and s.purpose is submission.purpose
        and s.received_at < submission.received_at
    )


def list_changed_persons(
    submission: Submission, previous: Submission
) -> tuple[list[int], list[int]]:
    """Ids of the persons lost and gained, in order: for the site's own download alone."""
    now = read_person_ids(submission) or set()
    then = read_person_ids(previous) or set()
    return sorted(then - now), sorted(now - then)


def read_person_ids(submission: Submission) -> set[int] | None:
    """The ids in the person table, or None where it is missing or the folder was rejected."""
    file = next((f for f in submission.files if f.table == "person"), None)
    if file is None or not submission.is_accepted:
        return None
    return _read_ids(submission, file)


def _read_ids(submission: Submission, file: LandedFile) -> set[int]:
    records = read_records(submission.folder / file.name, ["person_id"])
    return {int(record.cells[0]) for record in records if record.cells[0].strip()}


def _count_missing(some: set[int] | None, others: set[int] | None) -> int | None:
    return None if some is None or others is None else len(some - others)


def _rows(submission: Submission) -> Mapping[str, int]:
    return {file.table: file.rows for file in submission.files}
