"""What submissions are for, in words, and which of it a site may send now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from commonweal.intake.onboarding import Step, get_step, read_checklist
from commonweal.intake.sites import Purpose, Site

PURPOSE_NAMES: Mapping[str, Any] = {
    Purpose.TEST: _("Test"),
    Purpose.SPRINT: _("Data sprint"),
    Purpose.ALPHA: _("Alpha"),
    Purpose.PRODUCTION: _("Production"),
}
MEANINGS: Mapping[Purpose, Any] = {
    Purpose.TEST: _("Test: tries out the account and the way in"),
    Purpose.SPRINT: _("Data sprint: de-identified, a few tables at a time"),
    Purpose.ALPHA: _("Alpha: de-identified, all tables of the sprint and locations"),
    Purpose.PRODUCTION: _("Production: the site's whole data, which replaces the last"),
}
MADE_UP_ONLY = _("Production: made-up records only, for now")


def list_choices(site: Site) -> list[tuple[Purpose, Any]]:
    """The purposes a site may send now; production of made-up records is open to every site."""
    words = {**MEANINGS}
    synthetic: bool = settings.COMMONWEAL.programme.synthetic
    if not (synthetic or is_open_to_production(site)):
        words[Purpose.PRODUCTION] = MADE_UP_ONLY
    return [
        (purpose, said)
        for purpose, said in words.items()
        if purpose in site.purposes or purpose is Purpose.PRODUCTION
    ]


def is_open_to_production(site: Site) -> bool:
    """Whether the site may send production data of real people."""
    return bool(site.isa_date and site.test_load and Purpose.PRODUCTION in site.purposes)


def list_missing_steps(home: Path, site: Site) -> list[Step]:
    """What has to be done before the site may send production data of real people."""
    gate = get_step("production")
    wanted = (*gate.after, gate.name)
    return [
        status.step
        for status in read_checklist(home, site.name)
        if status.step.name in wanted and not status.is_done
    ]
