"""What the demonstration has beside its accounts: stewards and contacts of sites, deadlines."""

from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.models import Contact, Deadline, Position, Steward
from commonweal.hub.sites.quarters import list_quarter_ends
from commonweal.intake.onboarding import read_checklist
from commonweal.intake.sites import Site, list_sites
from commonweal.intake.stewards import record_account_opened

PREFERRED = "lakeside"
QUARTERS = 4


@transaction.atomic
def ensure_demo_site(home: Path) -> None:
    """Make the demo steward the primary steward of a site; running it again changes nothing.

    Other sites whose onboarding has come so far have a steward who cannot sign in, and a
    contact, as the registry says of them.
    """
    today = timezone.now().date()
    for day in list_quarter_ends(today, QUARTERS):
        title = f"{day.year}, Q{(day.month + 2) // 3}"
        Deadline.objects.get_or_create(on=day, defaults={"title": title})
    sites = {site.name: site for site in list_sites(home)}
    user = User.objects.filter(role=Role.STEWARD, email="steward@demo.example").first()
    if not sites or user is None or Steward.objects.filter(user=user).exists():
        return
    own = sites.get(PREFERRED) or next(iter(sites.values()))
    for site in sites.values():
        done = _read_days(home, site.name)
        if site is own:
            _add_steward(home, site, user, done.get("stewards", today))
            _add_contact(site, "contact@demo.example", done.get("contacts", today))
            continue
        if "stewards" in done:
            _add_steward(home, site, _make_user(site), done["stewards"])
        if "contacts" in done:
            _add_contact(site, f"contact@{site.name}.example", done["contacts"])


def _read_days(home: Path, site: str) -> dict[str, date]:
    """The day each step of a site was done."""
    checklist = read_checklist(home, site)
    return {one.step.name: one.done_on for one in checklist if one.done_on is not None}


def _make_user(site: Site) -> User:
    """The account of a steward nobody signs in as: it has no password."""
    email = f"steward@{site.name}.example"
    name = f"Steward of {site.title}"
    return User.objects.create_user(email=email, name=name, password=None, role=Role.STEWARD)


def _add_steward(home: Path, site: Site, user: User, on: date) -> None:
    signed = {"rules_of_behaviour_on": on, "training_on": on, "started_on": on}
    Steward.objects.create(user=user, site=site.name, position=Position.PRIMARY, **signed)
    if site.closed_on is None:
        record_account_opened(home, site.name, email=user.email, by="demo", now=timezone.now())


def _add_contact(site: Site, email: str, on: date) -> None:
    Contact.objects.create(site=site.name, name="Connie Contact", email=email, confirmed_on=on)
