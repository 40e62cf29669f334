"""Whether what is kept for good is still what was written: registry, histories and files."""

from dataclasses import dataclass
from pathlib import Path

from commonweal.intake.lifecycle.history import list_histories
from commonweal.intake.registry import list_events
from commonweal.intake.submission import list_of_site, verify_submission
from commonweal.schema.errors import CommonwealError


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was written, and what is wrong with it."""

    place: str
    said: str


def verify_site(home: Path, site: str) -> list[Damage]:
    """What is damaged of a site: its steps, its histories, the files that it handed in.

    Every event is read and has to follow from the one before, and every file is hashed. An
    event that was the last one and is missing leaves no trace.
    """
    return [
        *_find_damaged_registry(home, site),
        *_find_damaged_histories(home, site),
        *_find_altered_files(home, site),
    ]


def list_verifiable_sites(home: Path) -> list[str]:
    """Sites of which something is kept, by name."""
    places = [home / name for name in ("history", "landing")]
    known = {folder.name for place in places for folder in place.glob("[!.]*") if folder.is_dir()}
    return sorted(known | {file.stem for file in (home / "registry" / "sites").glob("*.json")})


def _find_damaged_registry(home: Path, site: str) -> list[Damage]:
    try:
        list_events(home, site)
    except CommonwealError as error:
        return [Damage(f"registry of {site}", error.found)]
    return []


def _find_damaged_histories(home: Path, site: str) -> list[Damage]:
    return [
        Damage(
            f"history of {site}/{history.key}",
            f"Event {history.damaged_at} is missing, was changed or could not have happened.",
        )
        for history in list_histories(home, site)
        if history.is_damaged
    ]


def _find_altered_files(home: Path, site: str) -> list[Damage]:
    return [
        Damage(submission.id, f"{name} is missing or is not what was handed in.")
        for submission in list_of_site(home, site)
        for name in verify_submission(submission)
    ]
