"""What a site is told of a folder that was not taken: what was found, expected, and to be done.

Files are named, for they lie at the site; what stands in them is not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonweal.intake.lifecycle.history import Event
from commonweal.intake.lifecycle.lookup import Entry
from commonweal.intake.lifecycle.reasons import Reason

MOST_FILES = 30
MOST_OF_NAME = 80
"""How much of a folder's name a subject holds."""


@dataclass(frozen=True)
class Advice:
    """What was found, what was expected, and what to do, in the words of a mail."""

    found: Any
    expected: Any
    fix: Any


@dataclass(frozen=True)
class FolderNotice:
    """A notice about a folder; ``number`` is that of the event it tells of."""

    number: int
    subject: str
    body: str


_SEND_AGAIN = gettext_lazy("Put the files into a folder with the next number and declare it.")
_MANIFEST = gettext_lazy(
    "Every file of the folder in the manifest of _SUBMISSION.json, with its size and SHA-256, and "
    "no other."
)

REASONS: Mapping[Reason, Advice] = {
    Reason.DAY_AHEAD: Advice(
        gettext_lazy("The folder is named for a day that has not come yet."),
        gettext_lazy(
            "The day of the upload; tomorrow's is taken too, as it has begun at some sites."
        ),
        gettext_lazy("Rename the folder, or wait: it is taken when its day has come."),
    ),
    Reason.LINKS: Advice(
        gettext_lazy("Some names are links, devices, or too long for a file."),
        gettext_lazy("Plain files alone."),
        gettext_lazy("Put the files themselves into the folder, or take these names away."),
    ),
    Reason.BROKEN_DECLARATION: Advice(
        gettext_lazy("The declaration _SUBMISSION.json cannot be read."),
        gettext_lazy('At least {"purpose": "production", "synthetic": false}.'),
        gettext_lazy("Mend _SUBMISSION.json and upload it again into the same folder."),
    ),
    Reason.NO_FILES: Advice(
        gettext_lazy("There are no files in the folder."),
        gettext_lazy("One CSV file for each table."),
        gettext_lazy("Upload the files into the folder, and _SUBMISSION.json last."),
    ),
    Reason.NESTED: Advice(
        gettext_lazy("The files lie in a folder within the folder, where nobody looks."),
        gettext_lazy("One CSV file for each table, in the folder itself."),
        gettext_lazy("Move the files up, and upload _SUBMISSION.json last."),
    ),
    Reason.UNDECLARED: Advice(
        gettext_lazy("Nothing says what the folder is for."),
        gettext_lazy("The declaration _SUBMISSION.json, with purpose and synthetic."),
        gettext_lazy(
            "Upload _SUBMISSION.json into the folder, or ask the data centre to declare it."
        ),
    ),
    Reason.TABLES_MISSING: Advice(
        gettext_lazy("Required tables are missing."),
        gettext_lazy("Every required table, or a declaration that says the folder is complete."),
        gettext_lazy("Upload what is missing, or _SUBMISSION.json if nothing else will come."),
    ),
    Reason.NOT_AS_LISTED: Advice(
        gettext_lazy("Files of the manifest are missing, or have another size."),
        _MANIFEST,
        gettext_lazy("Upload these files again, or mend the manifest."),
    ),
    Reason.UNLISTED: Advice(
        gettext_lazy("There are files that the manifest does not list."),
        _MANIFEST,
        gettext_lazy("Add these files to the manifest, or take them out of the folder."),
    ),
    Reason.CHECKSUMS: Advice(
        gettext_lazy("The checksums of some files are not those of the manifest."),
        _MANIFEST,
        gettext_lazy("Upload these files again, or mend the manifest if they are right."),
    ),
    Reason.NOT_AUTHORISED: Advice(
        gettext_lazy("Your site may not send this yet."),
        gettext_lazy("What the onboarding of your site allows so far."),
        gettext_lazy("Look at the steps on the page of your site, and ask the data centre."),
    ),
    Reason.NO_TABLE: Advice(
        gettext_lazy("No file is named after a table."),
        gettext_lazy("Names such as person.csv and measurement.csv."),
        gettext_lazy("Rename the files, and correct the manifest if there is one."),
    ),
}
"""For every reason not to take a folder."""

STATES: Mapping[str, Advice] = {
    "failed": Advice(
        gettext_lazy("Something went wrong at the data centre, and not with your files."),
        "",
        gettext_lazy("You need not do anything: it is tried again, and the data centre knows."),
    ),
    "misnamed": Advice(
        gettext_lazy("The folder has a name that says neither day nor number; it was not read."),
        gettext_lazy("A folder called YYYY-MM-DD-vN, such as 2026-03-01-v1."),
        gettext_lazy("Put the files into a folder with such a name."),
    ),
    "superseded": Advice(
        gettext_lazy(
            "The folder %(by)s is the later of the two and takes the place of all you sent before "
            "it. This one was not read."
        ),
        "",
        gettext_lazy("If this one should count, put its files into a folder with the next number."),
    ),
    "repeated": Advice(
        gettext_lazy("It holds, byte for byte, what you sent last for the purpose: %(by)s."),
        gettext_lazy("Files that differ, if you meant to correct something."),
        gettext_lazy(
            "If that was the intention, you need not do anything. Else look at your export."
        ),
    ),
}
"""For every state in which a folder was not taken, but for those that give a reason."""

SUBJECTS: Mapping[str, Any] = {
    "held": gettext_lazy("The folder %(folder)s waits for you"),
    "failed": gettext_lazy("The folder %(folder)s could not be taken yet"),
    "misnamed": gettext_lazy("The folder %(folder)s has a name that cannot be taken"),
    "superseded": gettext_lazy("The folder %(folder)s was passed over, for a later one"),
    "repeated": gettext_lazy("The folder %(folder)s is nothing new"),
    "expired": gettext_lazy("The folder %(folder)s was never finished"),
}
"""States of a folder that has not landed, of which its site is told."""


def list_folder_notices(entry: Entry) -> Iterator[FolderNotice]:
    """What is to be told of a folder: why it was not taken, and what came when it was closed."""
    last = entry.history.last(entry.state)
    if entry.submission is None and entry.state in SUBJECTS and last is not None:
        yield _tell_state(entry, last)
    for event in entry.history.events:
        if event.name == "changed":
            yield _tell_late(entry, event)


def _tell_state(entry: Entry, event: Event) -> FolderNotice:
    advice = _find_advice(entry.state, event)
    body = _write(
        str(advice.found),
        _list_files(event),
        str(advice.expected),
        str(advice.fix),
        str(event.details.get("said", "")) if entry.state == "held" else "",
    )
    return FolderNotice(event.number, _name(SUBJECTS[entry.state], entry), body)


def _find_advice(state: str, event: Event) -> Advice:
    """What to say; a reason that is not known any more is repeated as it stands."""
    if state in STATES:
        advice = STATES[state]
        by = event.details.get("superseded_by") or event.submission
        return replace(advice, found=str(advice.found) % {"by": by})
    said = str(event.details.get("reason", ""))
    known = said in set(Reason) and REASONS.get(Reason(said))
    advice = known or Advice(said, "", _SEND_AGAIN)
    if state != "expired":
        return advice
    late = _(
        "The folder stayed unfinished for 29 days. As long as its files are there, a declaration "
        "or a file that comes late opens it again; or put them into a folder with the next number."
    )
    return Advice(advice.found, advice.expected, late)


def _tell_late(entry: Entry, event: Event) -> FolderNotice:
    body = _write(
        _("Files came or changed after the folder was closed. They were not read."),
        _list_files(event),
        _("A folder that stays as it is once it was taken."),
        str(_SEND_AGAIN),
    )
    subject = gettext_lazy("Files came too late into the folder %(folder)s")
    return FolderNotice(event.number, _name(subject, entry), body)


def _name(subject: Any, entry: Entry) -> str:
    return str(subject) % {"folder": entry.label[:MOST_OF_NAME]}


def _list_files(event: Event) -> str:
    """The names in an event, the first of very many."""
    files = [str(name) for name in event.details.get("files", ())]
    more = len(files) - MOST_FILES
    shown = ", ".join(files[:MOST_FILES])
    return shown if more <= 0 else _("%(names)s and %(more)d more") % {"names": shown, "more": more}


def _write(found: str, files: str, expected: str, fix: str, said: str = "") -> str:
    parts = [
        (_("Found: %(words)s"), found),
        (_("In detail: %(words)s"), said),
        (_("Concerns: %(words)s"), files),
        (_("Expected: %(words)s"), expected),
        (_("What to do: %(words)s"), fix),
    ]
    return "\n\n".join(template % {"words": words} for template, words in parts if words)
