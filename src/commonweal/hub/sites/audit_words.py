"""The audit in words: what each code of an act stands for, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from commonweal.hub.sites.models import AuditEntry, Position
from commonweal.intake.onboarding import list_steps

ACTS: Mapping[str, Any] = {
    "contact_added": _("Contact added"),
    "contact_changed": _("Details of a contact changed"),
    "contact_removed": _("Contact taken off the list"),
    "contacts_confirmed": _("List of contacts confirmed"),
    "curator_added": _("Curator added"),
    "deadline_posted": _("Deadline posted"),
    "deadline_removed": _("Deadline taken back"),
    "guide_changed": _("Guide changed"),
    "issue_note": _("Note on an issue"),
    "list_downloaded": _("List of persons downloaded"),
    "notice_retried": _("Notice sent again"),
    "roster_asked_for": _("Roster asked for"),
    "site_closed": _("Site closed"),
    "site_edited": _("Details of the site changed"),
    "site_registered": _("Site registered"),
    "site_reopened": _("Site reopened"),
    "step_recorded": _("Step recorded"),
    "steward_added": _("Steward added"),
    "steward_ended": _("Account of a steward ended"),
    "steward_returned": _("Account of a steward opened again"),
}
FACTS: Mapping[str, Any] = {
    "awardee": _("Awardee"),
    "contacts": _("Contacts"),
    "email": _("Email address"),
    "file": _("File"),
    "issue": _("Issue"),
    "language": _("Language"),
    "notice": _("Notice"),
    "on": _("Day"),
    "organisation": _("Organisation"),
    "page": _("Page"),
    "position": _("Position"),
    "reason": _("Reason"),
    "roster": _("Roster"),
    "state": _("State"),
    "step": _("Step"),
    "submission": _("Submission"),
    "title": _("Title"),
}


@dataclass(frozen=True)
class AuditLine:
    """An act with its words."""

    entry: AuditEntry
    act: str
    facts: tuple[tuple[str, Any], ...]


def build_line(entry: AuditEntry) -> AuditLine:
    """An act with its words; a code from another version of the product is shown as it is."""
    facts = (
        (str(FACTS.get(name, name)), _show(name, value)) for name, value in entry.facts.items()
    )
    return AuditLine(entry, str(ACTS.get(entry.action, entry.action)), tuple(facts))


def _show(name: str, value: Any) -> Any:
    """A value in words where it is a code: steps have the titles of the checklist."""
    match name:
        case "step":
            return next((step.title for step in list_steps() if step.name == value), value)
        case "position":
            return str(dict(Position.choices).get(value, value))
        case _:
            return value
