"""Finding a submission by what a person calls it, and listing all there are with their states."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commonweal.intake.lifecycle.history import (
    History,
    list_histories,
    list_sites_with_history,
    read_history,
)
from commonweal.intake.submission import Submission, list_submissions
from commonweal.schema.errors import CommonwealError

_UNKNOWN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Entry:
    """A folder with its history; ``submission`` is None before it lands and after it is gone."""

    site: str
    key: str
    history: History
    submission: Submission | None

    @property
    def id(self) -> str:
        """The id, or the site and folder where there is none yet."""
        return self.history.submission or (self.submission.id if self.submission else self.name)

    @property
    def label(self) -> str:
        """What the site called the folder, also where the name is none that could be a key."""
        named = self.history.last("misnamed")
        return str(named.details["folder"]) if named else self.key

    @property
    def name(self) -> str:
        return f"{self.site}/{self.label}"

    @property
    def state(self) -> str:
        """The state; of what landed before there were histories, the verdict."""
        if self.history.events or self.history.is_damaged or self.submission is None:
            return self.history.state
        return self.submission.verdict

    @property
    def purpose(self) -> str:
        if self.submission is not None:
            return str(self.submission.purpose)
        return str(self._said("purpose") or "")

    @property
    def is_synthetic(self) -> bool:
        return bool(self.submission.synthetic if self.submission else self._said("synthetic"))

    @property
    def at(self) -> datetime:
        """When it was received, else when something happened to it last; long ago if unknown."""
        if self.submission is not None:
            return self.submission.received_at
        return self.history.events[-1].at if self.history.events else _UNKNOWN

    @property
    def has_open_erasure(self) -> bool:
        """An erasure was ordered and then interrupted: the same order once more finishes it."""
        last = self.history.last("retraction_begun", "persons_retracted", "retracted")
        return last is not None and last.name == "retraction_begun"

    def _said(self, detail: str) -> Any:
        found = (e.details[detail] for e in reversed(self.history.events) if detail in e.details)
        return next(found, None)

    def to_json(self) -> dict[str, Any]:
        """What programs are told: of what landed, all that stands in its own event as well."""
        own: dict[str, Any] = {
            "id": self.id,
            "site": self.site,
            "purpose": self.purpose,
            "synthetic": self.is_synthetic,
            "verdict": None,
            "history": self.key,
        }
        if self.submission is not None:
            own = self.submission.to_json() | {
                "files": len(self.submission.files),
                "rows": self.submission.rows,
                "bytes": sum(file.bytes for file in self.submission.files),
            }
        if self.has_open_erasure:
            own["erasure"] = "interrupted"
        return own | {"state": self.state}


def list_entries(home: Path) -> list[Entry]:
    """Everything that was ever seen of any site, the latest last."""
    return sorted(_walk(home), key=lambda entry: (entry.at, entry.id))


def get_entry(home: Path, name: str) -> Entry:
    """The entry by id, also one that was replaced or erased since, or by ``site/folder``.

    Raises:
        CommonwealError: there is none.
    """
    for entry in _walk(home):
        ids = {event.submission for event in entry.history.events if event.submission}
        if name in ids | {entry.id, entry.name, f"{entry.site}/{entry.key}"}:
            return entry
    raise CommonwealError(
        f"There is no submission called {name!r}.",
        expected="an id, or a site and a folder such as hospital/2026-03-01-v1",
        fix="See `commonweal submissions`.",
    )


def get_landed(home: Path, name: str) -> Submission:
    """The submission in the landing area that a person means.

    Raises:
        CommonwealError: there is none, or it has not landed, or was erased.
    """
    entry = get_entry(home, name)
    if entry.submission is None:
        raise CommonwealError(
            f"{name} is {entry.state}: nothing of it is in the landing area.",
            expected="a submission that has landed",
            fix="See `commonweal submissions history`.",
        )
    return entry.submission


def _walk(home: Path) -> Iterator[Entry]:
    landed = {(s.site, s.key): s for s in list_submissions(home)}
    sites = set(list_sites_with_history(home))
    known = {(h.site, h.key): h for site in sites for h in list_histories(home, site)}
    for site, key in sorted(landed.keys() | known.keys()):
        history = known.get((site, key)) or read_history(home, site, key)
        if history.events or history.is_damaged or (site, key) in landed:
            yield Entry(site, key, history, landed.get((site, key)))
