"""How the pages and the mails tell which persons of a submission are whose, and may be sent.

Everything here is counted; ids stand in the lists alone, which only the stewards of the site
download.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonweal.hub.sites.models import PersonsRow, SubmissionRow
from commonweal.hub.sites.reports import FindingView, build_finding
from commonweal.intake.matching.pickup import LISTS, find_lists_folder

BARRIERS: Mapping[str, Any] = {
    "not_enrolled": gettext_lazy("no participants of the programme"),
    "test_account": gettext_lazy("test accounts"),
    "withdrawn": gettext_lazy("withdrawn"),
    "expired": gettext_lazy("authorisation expired"),
    "not_validated": gettext_lazy("form not checked, or not valid"),
    "not_authorised": gettext_lazy("not authorised"),
}
REASONS: Mapping[str, Any] = {
    "rejected": gettext_lazy(
        "The submission was rejected. Only accepted ones are compared: mend what the report "
        "says, and submit again."
    ),
    "de_identified": gettext_lazy(
        "The persons of a submission for this purpose are de-identified at the site, so there "
        "is nobody to compare. This is as it should be."
    ),
    "other_kind": gettext_lazy(
        "Made-up persons are not compared with real participants, nor real ones with made-up "
        "participants. This is as it should be."
    ),
    "no_feeds": gettext_lazy(
        "The programme had no snapshot of its participants when the submission came. The data "
        "centre can compare it once there is one."
    ),
    "unusable": gettext_lazy(
        "The programme's snapshot of its participants could not be used when the submission "
        "came. The data centre has to look at it, and can compare the submission afterwards."
    ),
    "": gettext_lazy("The comparison has not been made yet; ask the data centre for it."),
}
"""Why persons were not compared, by the worker's word for it."""


@dataclass(frozen=True)
class Told:
    """A finding about rows of one file."""

    file: str
    finding: FindingView


@dataclass(frozen=True)
class PersonsView:
    """What the comparison came to; with ``why_not`` there is none, and every count is nothing."""

    why_not: str = ""
    as_of: date | None = None
    sent: int = 0
    eligible: int = 0
    matched: int = 0
    not_matched: int = 0
    validated: int = 0
    left_open: int = 0
    leaving: int = 0
    without_consent: int = 0
    withdrawn: int = 0
    barriers: tuple[tuple[str, int], ...] = ()
    told: tuple[Told, ...] = ()


def build_persons(row: SubmissionRow) -> PersonsView | None:
    """The section of a submission's page; None before it was checked."""
    if not row.verdict:
        return None
    found = PersonsRow.objects.filter(submission=row.submission).first()
    if found is not None and found.as_of:
        return _build(found)
    reason = found.facts["why_not"] if found else ""
    return PersonsView(why_not=str(REASONS[reason if row.is_accepted else "rejected"]))


def describe_persons(submission: str) -> str:
    """The counts as a sentence of a mail; empty when the persons were not compared."""
    found = PersonsRow.objects.filter(submission=submission).exclude(as_of="").first()
    if found is None:
        return ""
    view = _build(found)
    counts = {
        "sent": f"{view.sent:,}",
        "eligible": f"{view.eligible:,}",
        "without": f"{view.without_consent:,}",
        "withdrawn": f"{view.withdrawn:,}",
        "matched": f"{view.matched:,}",
        "not_matched": f"{view.not_matched:,}",
    }
    return (
        _(
            "Persons: %(sent)s sent. Their consent is in force: %(eligible)s; they match their "
            "participant: %(matched)s, they do not: %(not_matched)s. Without consent: "
            "%(without)s, of whom %(withdrawn)s have withdrawn. The lists are on the page of the "
            "submission."
        )
        % counts
    )


def find_list(home: Path, row: SubmissionRow, kind: str) -> Path | None:
    """The file of a list that lies ready for a site; None when there is none."""
    found = PersonsRow.objects.filter(submission=row.submission, site=row.site).first()
    if found is None or not found.as_of or kind not in LISTS:
        return None
    file = find_lists_folder(home, row.site, row.submission) / found.as_of / LISTS[kind]
    return file if file.is_file() else None


def _build(row: PersonsRow) -> PersonsView:
    facts = row.facts
    barriers, results = facts["persons_without_consent"], facts["results"]
    few = facts["algorithm"]["no"]
    return PersonsView(
        as_of=date.fromisoformat(row.as_of),
        sent=facts["persons"],
        eligible=facts["compared"],
        matched=facts["algorithm"]["yes"],
        not_matched=few,
        validated=few - results["leaves"] - results["not_known"],
        left_open=results["not_known"],
        leaving=results["leaves"],
        without_consent=sum(barriers.values()),
        withdrawn=barriers.get("withdrawn", 0),
        barriers=tuple((str(BARRIERS[name]), count) for name, count in barriers.items()),
        told=tuple(_list_told(facts["files"])),
    )


def _list_told(files: list[dict[str, Any]]) -> Iterator[Told]:
    for file in files:
        for finding in file["findings"]:
            yield Told(file["file"], build_finding(finding))
