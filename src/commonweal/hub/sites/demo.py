"""What the demonstration has beside its accounts: a steward of a site, and deadlines."""

from pathlib import Path

from django.db import transaction
from django.utils import timezone

from commonweal.hub.accounts.models import Role, User
from commonweal.hub.sites.models import Contact, Deadline, Position, Steward
from commonweal.hub.sites.quarters import list_quarter_ends
from commonweal.intake.sites import list_sites

PREFERRED = "lakeside"
QUARTERS = 4


@transaction.atomic
def ensure_demo_site(home: Path) -> None:
    """Make the demo steward the primary steward of a site; running it again changes nothing."""
    today = timezone.now().date()
    for day in list_quarter_ends(today, QUARTERS):
        title = f"{day.year}, Q{(day.month + 2) // 3}"
        Deadline.objects.get_or_create(on=day, defaults={"title": title})
    names = [site.name for site in list_sites(home)]
    steward = User.objects.filter(role=Role.STEWARD, email="steward@demo.example").first()
    if not names or steward is None or Steward.objects.filter(user=steward).exists():
        return
    site = PREFERRED if PREFERRED in names else names[0]
    signed = {"rules_of_behaviour_on": today, "training_on": today, "started_on": today}
    Steward.objects.create(user=steward, site=site, position=Position.PRIMARY, **signed)
    Contact.objects.create(
        site=site, name="Connie Contact", email="contact@demo.example", confirmed_on=today
    )
