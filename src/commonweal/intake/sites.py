"""The site registry: who sends data, and what each may send.

A site is the file it was registered with and the events since then (``registry``). Both live
beside the data and not in a database, because what a release means depends on them.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.storage import Location, readable_json
from commonweal.intake.recording import check_optional_words, check_words
from commonweal.intake.registry import RegistryEvent, list_events
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import MODELS, get_model

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_STATE = re.compile(r"([A-Z]{2})?")


class Purpose(StrEnum):
    """What a submission is for; only production data are curated."""

    TEST = "test"
    SPRINT = "sprint"
    ALPHA = "alpha"
    PRODUCTION = "production"


IDENTIFIED = (Purpose.TEST, Purpose.PRODUCTION)
"""Purposes whose files may be about people as they are; for the others they are de-identified."""
BEFORE_PRODUCTION = (Purpose.TEST, Purpose.SPRINT, Purpose.ALPHA)
"""What a site may send from its first day; production is authorised by an event."""


@dataclass(frozen=True)
class Site:
    """An organisation that sends data, and what it is authorised to send.

    ``awardee`` and ``organisation`` are whom it belongs to, and ``state`` is where it is, such
    as MA. ``drop_url`` is where it puts files, when that is not the programme's own folder for it.

    Only events tell the rest: ``isa_date`` is the day the information security agreement was
    executed, ``test_load`` names the accepted submission that proved account and drop area, and
    nothing comes from a site after ``closed_on``. Until production is among its ``purposes``, as
    authorised, a site may send synthetic production data only.
    """

    name: str
    title: str
    state: str = ""
    isa_date: date | None = None
    purposes: tuple[Purpose, ...] = BEFORE_PRODUCTION
    drop_url: str = ""
    awardee: str = ""
    organisation: str = ""
    test_load: str = ""
    closed_on: date | None = None

    def to_json(self) -> dict[str, Any]:
        days = {"isa_date": self.isa_date, "closed_on": self.closed_on}
        told = {name: day.isoformat() if day else None for name, day in days.items()}
        return asdict(self) | told | {"purposes": [str(p) for p in self.purposes]}


def register_site(home: Path, site: Site) -> None:
    """Add a site to the registry; adding the same site again changes nothing.

    Raises:
        CommonwealError: the name, a detail or the drop area does not fit, a step would be
            skipped, or the name is taken by a site with other details.
    """
    if not _NAME.fullmatch(site.name):
        raise CommonwealError(
            f"{site.name!r} cannot be the name of a site.",
            expected="a lower-case letter, then lower-case letters, digits and underscores",
            fix="Choose a short name such as general_hospital.",
        )
    if site.drop_url:
        Location.of(site.drop_url)
    site = check_details(site)
    _check_is_beginning(site)
    content = {name: told for name, told in site.to_json().items() if name not in _TOLD_BY_EVENTS}
    created = _registry(home).create(f"{site.name}.json", readable_json(content))
    if not created and _read(_registry(home).path / f"{site.name}.json") != site:
        raise CommonwealError(
            f"The site {site.name} is registered already, with other details.",
            fix="Choose another name: the registry is append-only.",
        )


def check_details(site: Site) -> Site:
    """The site with what is said of it, without the space around.

    Raises:
        CommonwealError: it has no full name, words that cannot be printed, or a state that is
            not given by two letters.
    """
    said = replace(
        site,
        title=check_words("The full name", site.title),
        awardee=check_optional_words("The awardee", site.awardee),
        organisation=check_optional_words("The organisation", site.organisation),
        state=site.state.strip(),
    )
    if not _STATE.fullmatch(said.state):
        raise CommonwealError(
            "The state is not given by two capital letters.",
            expected="such as MA, or nothing",
            fix="Use its postal abbreviation.",
        )
    return said


def _check_is_beginning(site: Site) -> None:
    """Nobody is registered past the gates: each of them is an event of its own."""
    if Purpose.PRODUCTION in site.purposes or any(vars(site)[name] for name in _TOLD_BY_EVENTS):
        raise CommonwealError(
            f"The site {site.name} cannot be registered as one that is past its onboarding.",
            expected="a site at its beginning, without agreement, test load and production",
            fix="Register it, then record its steps: `commonweal sites show NAME` lists them. "
            "Production comes last, with `commonweal sites authorise`.",
        )


def list_sites(home: Path) -> list[Site]:
    """Every registered site by name."""
    files = sorted(_registry(home).path.glob("*.json"))
    return [fold(_read(file), list_events(home, file.stem)) for file in files]


def fold(site: Site, events: list[RegistryEvent]) -> Site:
    """The site as it is after these events; one that changes nothing about it is passed over."""
    for event in events:
        change = _CHANGES.get(event.name)
        site = change(site, event) if change else site
    return site


def get_site(home: Path, name: str) -> Site:
    """The site called ``name``.

    Raises:
        CommonwealError: it is not registered; the message lists the sites that are.
    """
    file = _registry(home).path / f"{name}.json"
    if not _NAME.fullmatch(name) or not file.is_file():
        known = ", ".join(site.name for site in list_sites(home)) or "none so far"
        raise CommonwealError(
            f"There is no site called {name!r}.",
            expected=f"a registered site ({known})",
            fix="Register it: commonweal sites register NAME --title 'Its name'",
        )
    return fold(_read(file), list_events(home, name))


def check_fits_programme(*, synthetic: bool, only_synthetic: bool) -> None:
    """Refuse records of real people where the whole programme is made up.

    Raises:
        CommonwealError: ``only_synthetic``, as the programme's settings say, and they are not.
    """
    if only_synthetic and not synthetic:
        raise CommonwealError(
            "This programme is synthetic as a whole and takes no records of real people.",
            expected="made-up records, declared synthetic",
            fix="Declare them synthetic if they are made up; records of real people belong to a "
            "programme of their own.",
        )


def check_authorised(site: Site, purpose: Purpose, *, synthetic: bool, dialect: str) -> None:
    """Refuse what the site is not authorised to send.

    Raises:
        CommonwealError: the site was closed, the purpose is not among those of the site, or
            records of real people would come before the agreement is executed, into production
            before the test load has passed and production is authorised, or into a sprint or
            alpha in a dialect that is not de-identified.
    """
    if site.closed_on is not None:
        raise CommonwealError(
            f"The site {site.name} was closed on {site.closed_on}.",
            expected="a site that takes part",
            fix="Ask the data centre if this is not so.",
        )
    if purpose in IDENTIFIED and not synthetic:
        _check_ready_for_real_people(site, purpose)
    elif not synthetic:
        _check_deidentified(purpose, dialect)
    if purpose in site.purposes or (synthetic and purpose is Purpose.PRODUCTION):
        return
    raise CommonwealError(
        f"The site {site.name} is not authorised to send {purpose} data.",
        expected=f"one of {', '.join(site.purposes) or 'no purpose so far'}",
        fix="Submit with one of these purposes, or have the data centre extend them: commonweal "
        f"sites authorise {site.name} PURPOSES",
    )


def _check_deidentified(purpose: Purpose, dialect: str) -> None:
    """Real people may take part in a sprint or alpha without an agreement, de-identified."""
    if get_model(dialect).deidentified:
        return
    fitting = " or ".join(name for name, model in MODELS.items() if model.deidentified)
    raise CommonwealError(
        f"Records of real people in the dialect {dialect} are not de-identified, and so cannot "
        f"be sent for {purpose}.",
        expected=f"the dialect {fitting}, or records declared synthetic",
        fix="De-identify the files at the site with `commonweal deidentify FOLDER --out D`, and "
        "leave the dialect out.",
    )


def _check_ready_for_real_people(site: Site, purpose: Purpose) -> None:
    """The gates that files declared synthetic may pass before (reference: onboarding)."""
    if site.isa_date is None:
        raise CommonwealError(
            f"The site {site.name} has no executed information security agreement.",
            expected="the date of the agreement in the site registry",
            fix="Submit made-up records with --purpose test --synthetic until the agreement is "
            f"executed and recorded: commonweal sites isa {site.name} --on DATE",
        )
    if purpose is Purpose.PRODUCTION and not site.test_load:
        raise CommonwealError(
            f"The test load of the site {site.name} has not passed yet.",
            expected="one accepted submission of made-up records for the purpose test, which came "
            "through the site's drop area",
            fix="Put such a folder into the drop area, by upload, SFTP or bucket.",
        )


_TOLD_BY_EVENTS = ("isa_date", "test_load", "closed_on")
"""What is no part of the registration of a site."""


def _registry(home: Path) -> Location:
    return Location.of(home / "registry" / "sites")


def _read(file: Path) -> Site:
    content = json.loads(file.read_text(encoding="utf-8"))
    return Site(
        name=content["name"],
        title=content["title"],
        state=content["state"],
        purposes=tuple(p for p in map(Purpose, content["purposes"]) if p in BEFORE_PRODUCTION),
        drop_url=content.get("drop_url", ""),
        awardee=content.get("awardee", ""),
        organisation=content.get("organisation", ""),
    )


def _set_purposes(site: Site, event: RegistryEvent) -> Site:
    return replace(site, purposes=tuple(Purpose(name) for name in event.details["purposes"]))


_CHANGES: Mapping[str, Callable[[Site, RegistryEvent], Site]] = MappingProxyType(
    {
        "isa_executed": lambda site, event: replace(site, isa_date=event.on),
        "drop_area_opened": lambda site, event: replace(site, drop_url=event.details["url"]),
        "test_load_passed": lambda site, event: replace(
            site, test_load=event.details["submission"]
        ),
        "authorised": _set_purposes,
        "deprovisioned": lambda site, event: replace(site, closed_on=event.on),
        "reopened": lambda site, _: replace(site, closed_on=None),
        "edited": lambda site, event: replace(site, **event.details),
    }
)
"""What an event changes about a site."""
