"""The site registry: one append-only file for each site.

It lives beside the data and not in a database, because what a release means depends on it.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from commonweal.engine.storage import Location, readable_json
from commonweal.schema.errors import CommonwealError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


class Purpose(StrEnum):
    """What a submission is for; only production data are curated."""

    TEST = "test"
    SPRINT = "sprint"
    ALPHA = "alpha"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Site:
    """An organisation that sends data, and what it is authorised to send.

    ``state`` is where it is, such as MA. ``isa_date`` is the day the information security
    agreement was signed; without it a site may send synthetic production data only.
    ``drop_url`` is where it puts files, when that is not the programme's own folder for it.
    """

    name: str
    title: str
    state: str = ""
    isa_date: date | None = None
    purposes: tuple[Purpose, ...] = tuple(Purpose)
    drop_url: str = ""

    def to_json(self) -> dict[str, Any]:
        signed = self.isa_date.isoformat() if self.isa_date else None
        return asdict(self) | {"isa_date": signed, "purposes": [str(p) for p in self.purposes]}


def register_site(home: Path, site: Site) -> None:
    """Add a site to the registry; adding the same site again changes nothing.

    Raises:
        CommonwealError: the name or the drop area does not fit, or the name is taken by a site
            with other details.
    """
    if not _NAME.fullmatch(site.name):
        raise CommonwealError(
            f"{site.name!r} cannot be the name of a site.",
            expected="a lower-case letter, then lower-case letters, digits and underscores",
            fix="Choose a short name such as general_hospital.",
        )
    if site.drop_url:
        Location.of(site.drop_url)
    created = _registry(home).create(f"{site.name}.json", readable_json(site.to_json()))
    if not created and get_site(home, site.name) != site:
        raise CommonwealError(
            f"The site {site.name} is registered already, with other details.",
            fix="Choose another name: the registry is append-only.",
        )


def list_sites(home: Path) -> list[Site]:
    """Every registered site by name."""
    return [_read(file) for file in sorted(_registry(home).path.glob("*.json"))]


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
    return _read(file)


def check_authorised(site: Site, purpose: Purpose, *, synthetic: bool) -> None:
    """Refuse what the site is not authorised to send.

    Raises:
        CommonwealError: the purpose is not among those of the site, or real production data
            would come before the agreement is signed.
    """
    if purpose not in site.purposes:
        raise CommonwealError(
            f"The site {site.name} is not authorised to send {purpose} data.",
            expected=f"one of {', '.join(site.purposes)}",
            fix="Submit with one of these purposes, or have the authorisation extended.",
        )
    if purpose is Purpose.PRODUCTION and site.isa_date is None and not synthetic:
        raise CommonwealError(
            f"The site {site.name} has no signed information security agreement.",
            expected="the date of the agreement in the site registry",
            fix="Submit with --purpose test until the agreement is signed.",
        )


def _registry(home: Path) -> Location:
    return Location.of(home / "registry" / "sites")


def _read(file: Path) -> Site:
    content = json.loads(file.read_text(encoding="utf-8"))
    signed = content["isa_date"]
    return Site(
        name=content["name"],
        title=content["title"],
        state=content["state"],
        isa_date=date.fromisoformat(signed) if signed else None,
        purposes=tuple(Purpose(purpose) for purpose in content["purposes"]),
        drop_url=content.get("drop_url", ""),
    )
