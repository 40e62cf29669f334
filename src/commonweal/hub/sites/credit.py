"""Credit for enrolment as the worker counts it: eligible participants with accepted records."""

from commonweal.engine.settings import Settings
from commonweal.hub.sites.models import CreditRow
from commonweal.intake.matching.credit import measure_credit
from commonweal.pipeline.feeds import find_latest_folder, read_feeds
from commonweal.schema.errors import CommonwealError


def index_credit(settings: Settings) -> int:
    """Bring the credit of every site up to date; returns how many sites have some.

    Before there is a snapshot of feeds nobody knows who is eligible, and there is nothing to
    show.
    """
    synthetic = settings.programme.synthetic
    try:
        folder = find_latest_folder(settings.home)
        snapshot = read_feeds(folder, synthetic=synthetic)
    except CommonwealError:
        CreditRow.objects.all().delete()
        return 0
    found = measure_credit(settings.home, snapshot.files, synthetic=synthetic)
    for credit in found:
        facts = {"as_of": folder.name, "facts": credit.to_json()}
        CreditRow.objects.update_or_create(site=credit.site, defaults=facts)
    CreditRow.objects.exclude(site__in=[credit.site for credit in found]).delete()
    return len(found)
