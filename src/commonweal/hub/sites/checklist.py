"""The onboarding of a site as the portal sees it: the registry, and what there is to show for it.

The registry tells that a step was recorded. Stewards and contacts are here as well, so a step
that speaks of them is done only while there are any.
"""

from pathlib import Path

from commonweal.hub.sites.models import Contact, Steward
from commonweal.intake.onboarding import StepStatus, read_checklist


def has_stewards(site: str) -> bool:
    """Whether somebody may send for a site."""
    return Steward.objects.filter(site=site, ended_on=None).exists()


def has_contacts(site: str) -> bool:
    """Whether anybody is on the list of contacts."""
    return Contact.objects.filter(site=site).exists()


def read_live_checklist(home: Path, site: str) -> tuple[StepStatus, ...]:
    """Every step of a site; those of which there is nothing to show are to be done."""
    shown = {"stewards": has_stewards(site), "contacts": has_contacts(site)}
    return read_checklist(home, site, lacking=[step for step, there in shown.items() if not there])
