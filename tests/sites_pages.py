"""People, sites and submissions for the tests of the pages for sites."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.intake_folders import SETTINGS, write_persons

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.models import Position, Steward, SubmissionRow
from commonweal.intake.check import check_folder
from commonweal.intake.landing import submit_folder
from commonweal.intake.sites import Purpose, Site, register_site
from commonweal.intake.submission import Submission

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SIGNED = {"rules_of_behaviour_on": date(2026, 1, 2), "training_on": date(2026, 1, 3)}
HOSPITAL = Site("hospital", "The hospital", "MA")
CLINIC = Site("clinic", "The clinic", "OH")


def make_user(name: str, role: Role) -> User:
    """An account whose password is its name."""
    return User.objects.create_user(
        email=f"{name}@example.org", name=name.title(), password=name, role=role
    )


def make_steward(
    name: str, site: str, position: Position = Position.PRIMARY, **facts: Any
) -> Steward:
    """The account of a steward of a site."""
    signed = {**SIGNED, "started_on": date(2026, 1, 4), **facts}
    user = make_user(name, Role.STEWARD)
    return Steward.objects.create(user=user, site=site, position=position, **signed)


def send_persons(
    home: Path,
    folder: Path,
    *ids: int,
    site: str = "hospital",
    purpose: Purpose = Purpose.TEST,
    now: datetime = NOW,
) -> Submission:
    """Hand in a person table that is accepted."""
    write_persons(folder, *ids)
    report = check_folder(folder, dialect="programme", settings=SETTINGS)
    return submit_folder(
        folder, home=home, site=site, purpose=purpose, synthetic=True, now=now, report=report
    )


def make_row(site: str = "hospital", number: int = 1, **facts: Any) -> SubmissionRow:
    """A row as the worker writes it, of an accepted production submission."""
    name = f"{site}-{number}"
    wanted = {
        "submission": name,
        "purpose": "production",
        "synthetic": False,
        "dialect": "programme",
        "state": "current",
        "verdict": "accepted",
        "is_complete": True,
        "received_at": NOW.replace(day=number),
        "rows": 2,
        "errors": 0,
        "warnings": 0,
        "content_hash": "",
    }
    return SubmissionRow.objects.create(site=site, folder=name, **{**wanted, **facts})


def make_value(metric: str, share: float, *, action: bool, **facts: Any) -> dict[str, Any]:
    """A value of a metric as it stands in metrics.json."""
    judged = {"band": "not_met", "words": "does not meet the target", "tone": "poor"}
    if not action:
        judged = {"band": "meets", "words": "meets the target", "tone": "good"}
    return {
        "metric": metric,
        "table": None,
        "part": "",
        "status": "measured",
        "numerator": share * 100,
        "denominator": 100,
        "value": share,
        "action": action,
        "concerned": 3,
        "note": "",
        **judged,
        **facts,
    }


def make_metrics(*values: dict[str, Any]) -> dict[str, Any]:
    """What metrics.json holds."""
    return {"vocabulary": {"version": "v5", "abridged": False}, "values": list(values)}


def register_both(home: Path) -> None:
    """Register the two sites."""
    register_site(home, HOSPITAL)
    register_site(home, CLINIC)
