"""The way of a site from its agreement to production data, and out again: steps as data.

Every function here writes one event of the registry, or says why it may not be written.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from commonweal.engine.storage import Location
from commonweal.intake.recording import check_day, check_words
from commonweal.intake.registry import RegistryEvent, add_event, list_events
from commonweal.intake.sites import Purpose, Site, check_details, get_site
from commonweal.intake.stewards import CLOSED, SITE_CLOSED, fold_accounts, list_accounts
from commonweal.schema.errors import CommonwealError

DETAILS = ("title", "awardee", "organisation", "state")
"""What is said of a site and can be mended."""
STEWARDS = "stewards"
TEST_LOAD = "test_load"
"""The step that is recorded by itself."""


@dataclass(frozen=True)
class Step:
    """One step of the onboarding, as declared.

    ``seen_in_portal`` says that the sites portal holds the accounts, contacts and notices that
    show whether it was done; other processes cannot look.
    """

    name: str
    event: str
    by: str
    title: str
    text: str
    after: tuple[str, ...] = ()
    optional: bool = False
    seen_in_portal: bool = False


@dataclass(frozen=True)
class StepStatus:
    """A step of one site: when it was done and by whom, or what it waits for.

    ``by_hand`` says that it was recorded where nobody could see whether it was done.
    """

    step: Step
    done_on: date | None
    done_by: str
    waits_for: tuple[str, ...]
    by_hand: bool = False

    @property
    def is_done(self) -> bool:
        return self.done_on is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step.name,
            "title": self.step.title,
            "by": self.step.by,
            "optional": self.step.optional,
            "done_on": self.done_on.isoformat() if self.done_on else None,
            "done_by": self.done_by,
            "by_hand": self.by_hand,
            "waits_for": list(self.waits_for),
        }


@cache
def list_steps() -> tuple[Step, ...]:
    """The steps in their order."""
    text = (files("commonweal.intake") / "data" / "onboarding.toml").read_text(encoding="utf-8")
    return tuple(
        Step(**facts | {"after": tuple(facts.get("after", ()))})
        for facts in tomllib.loads(text)["step"]
    )


def get_step(name: str) -> Step:
    """The step called ``name``.

    Raises:
        CommonwealError: there is none; the message names them all.
    """
    found = next((step for step in list_steps() if step.name == name), None)
    if found is None:
        raise CommonwealError(
            f"There is no step called {name!r}.",
            expected=", ".join(step.name for step in list_steps()),
            fix="Choose one of these.",
        )
    return found


def read_checklist(
    home: Path, name: str, *, lacking: Collection[str] = ()
) -> tuple[StepStatus, ...]:
    """Every step of a site with what became of it.

    ``lacking`` are steps of which there is nothing to show any more, as the sites portal knows:
    they are not done, whatever was recorded.
    """
    site = get_site(home, name)
    return build_checklist(site, list_events(home, name), lacking=lacking)


def build_checklist(
    site: Site, events: list[RegistryEvent], *, lacking: Collection[str] = ()
) -> tuple[StepStatus, ...]:
    """Every step: it is done when its event was written down, and is not lacking."""
    done = {
        step.name: None if step.name in lacking else _find_done(step, site, events)
        for step in list_steps()
    }
    return tuple(
        StepStatus(
            step,
            done_on=event.on if event else None,
            done_by=event.by if event else "",
            waits_for=tuple(name for name in step.after if done[name] is None),
            by_hand=bool(event and event.details.get("by_hand")),
        )
        for step in list_steps()
        for event in (done[step.name],)
    )


def record_isa_executed(home: Path, site: str, *, on: date, by: str, now: datetime) -> Site:
    """Write down the day the agreement was executed.

    Raises:
        CommonwealError: the site is unknown or closed, or the day is still to come.
    """
    return _record(home, site, "isa_executed", on=on, by=by, now=now)


def record_step(
    home: Path,
    site: str,
    name: str,
    *,
    on: date,
    by: str,
    now: datetime,
    by_hand: bool = False,
) -> Site:
    """Write down a step that changes nothing about what may be sent.

    ``by_hand`` says that the recorder cannot see the accounts, contacts and notices of the sites
    portal; the event of a step that shows there says so too.
    """
    step = get_step(name)
    if step.event in ("isa_executed", "drop_area_opened", "authorised", "deprovisioned"):
        raise CommonwealError(
            f"The step {name} is not recorded by hand alone.",
            fix="Use its own verb, which says what it needs.",
        )
    if step.event == "test_load_passed":
        raise CommonwealError(
            "A test load passes by itself when a submission that proves the drop area is accepted.",
            expected="made-up records, declared for the purpose test, in the site's drop area",
            fix="Put a folder there by upload, SFTP or bucket; `commonweal receive` takes it.",
        )
    _check_turn(home, site, name)
    details = _say_by_hand(home, site, name, by_hand=by_hand)
    return _record(home, site, step.event, on=on, by=by, now=now, details=details)


def record_drop_area(
    home: Path, site: str, *, url: str, by: str, now: datetime, by_hand: bool = False
) -> Site:
    """Write down where a site puts its files; an empty URL is the programme's own folder.

    ``by_hand`` is as for ``record_step``.

    Raises:
        CommonwealError: the site is unknown or closed, has no stewards yet, or the URL names
            no storage.
    """
    _check_turn(home, site, "drop_area")
    if url:
        Location.of(url)
    details = {"url": url} | _say_by_hand(home, site, "drop_area", by_hand=by_hand)
    return _record(home, site, "drop_area_opened", on=now.date(), by=by, now=now, details=details)


def record_test_load_passed(
    home: Path, site: str, *, submission: str, by: str, now: datetime
) -> Site:
    """Write down the first test load (``lifecycle.proof``); later ones change nothing.

    Raises:
        CommonwealError: the site is unknown, or has no stewards or no drop area yet.
    """
    found = get_site(home, site)
    if found.test_load or found.closed_on:
        return found
    _check_turn(home, site, TEST_LOAD)
    details = {"submission": submission}
    return _record(home, site, "test_load_passed", on=now.date(), by=by, now=now, details=details)


def authorise(
    home: Path, site: str, *, purposes: tuple[Purpose, ...], by: str, now: datetime
) -> Site:
    """Say what a site may send from now on; real production data has its gates first.

    Raises:
        CommonwealError: production is among them and a step before it is not done.
    """
    if Purpose.PRODUCTION in purposes:
        _check_turn(home, site, "production")
    details = {"purposes": [str(purpose) for purpose in purposes]}
    return _record(home, site, "authorised", on=now.date(), by=by, now=now, details=details)


def record_deprovisioned(
    home: Path, site: str, *, on: date, reason: str, by: str, now: datetime
) -> Site:
    """Close a site: nothing is taken from it any more.

    Raises:
        CommonwealError: the site is unknown or closed, the day does not fit, or no reason is
            given.
    """
    details = {"reason": check_words("The reason", reason)}
    return _record(home, site, "deprovisioned", on=on, by=by, now=now, details=details)


def record_reopened(home: Path, site: str, *, by: str, now: datetime) -> Site:
    """Take the closing of a site back.

    Raises:
        CommonwealError: the site is unknown, or is not closed.
    """
    if get_site(home, site).closed_on is None:
        raise CommonwealError(f"The site {site} is not closed.", fix="There is nothing to do.")
    add_event(home, site, "reopened", on=now.date(), by=by, now=now)
    return get_site(home, site)


def record_edited(
    home: Path, site: str, said: Mapping[str, Any], *, by: str, now: datetime
) -> dict[str, str]:
    """Mend what is said of a site, closed or not; return what is different now, by detail.

    ``said`` holds some of ``DETAILS``. The short name is that of folders and submissions and never
    changes.

    Raises:
        CommonwealError: the site is unknown, or a detail does not fit.
    """
    known = get_site(home, site)
    mended = check_details(replace(known, **{name: said[name] for name in DETAILS if name in said}))
    different = {
        name: getattr(mended, name)
        for name in DETAILS
        if getattr(mended, name) != getattr(known, name)
    }
    if different:
        add_event(home, site, "edited", on=now.date(), by=by, now=now, details=different)
    return different


def _record(
    home: Path,
    site: str,
    event: str,
    *,
    on: date,
    by: str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> Site:
    if get_site(home, site).closed_on is not None:
        raise CommonwealError(
            f"The site {site} is closed.",
            expected="a site that takes part",
            fix=f"Take the closing back first: commonweal sites reopen {site}",
        )
    check_day(on, now.date())
    add_event(home, site, event, on=on, by=by, now=now, details=details or {})
    return get_site(home, site)


def _say_by_hand(home: Path, site: str, name: str, *, by_hand: bool) -> dict[str, Any]:
    """Mark a step that was recorded unseen; that there are stewards, the registry shows too."""
    is_seen = name in (STEWARDS, "drop_area") and bool(list_accounts(home, site))
    return {"by_hand": True} if by_hand and get_step(name).seen_in_portal and not is_seen else {}


def _check_turn(home: Path, site: str, name: str) -> None:
    """Refuse a step whose turn has not come."""
    status = next(s for s in read_checklist(home, site) if s.step.name == name)
    if status.waits_for:
        missing = ", ".join(get_step(step).title for step in status.waits_for)
        raise CommonwealError(
            f"{status.step.title}: that has to wait, as something is not done yet.",
            expected=missing,
            fix=f"See `commonweal sites show {site}`.",
        )


def _find_done(step: Step, site: Site, events: list[RegistryEvent]) -> RegistryEvent | None:
    """The event that did a step and still holds."""
    last = next((event for event in reversed(events) if event.name == step.event), None)
    if step.name == "production" and Purpose.PRODUCTION not in site.purposes:
        return None
    if step.name == "closed" and site.closed_on is None:
        return None
    if step.name == STEWARDS and last and _have_all_gone(last, site, events):
        return None
    return last


def _have_all_gone(approved: RegistryEvent, site: Site, events: list[RegistryEvent]) -> bool:
    """Whether the last steward left after the approval: an account or the site was closed."""
    ended = (e for e in events if e.name in (CLOSED, SITE_CLOSED) and e.number > approved.number)
    return any(ended) and not fold_accounts(site.name, events)
