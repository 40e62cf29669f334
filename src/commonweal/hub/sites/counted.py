"""Which submissions count: for deadlines, issues, the course of metrics and credit.

They are accepted production submissions of the programme's own kind. In a programme of real
people nothing that is declared synthetic meets a deadline or closes an issue; in one that is
synthetic as a whole, such as the demonstration, it does (docs/adr/0030).
"""

from django.conf import settings
from django.db.models import QuerySet

from commonweal.hub.sites.models import SubmissionRow


def list_counted(site: str) -> QuerySet[SubmissionRow]:
    """What a site sent that counts, the latest first."""
    return SubmissionRow.objects.filter(
        site=site, purpose="production", verdict="accepted", synthetic=_is_synthetic()
    )


def is_counted(row: SubmissionRow) -> bool:
    """Whether a submission counts."""
    is_production = row.purpose == "production" and row.is_accepted
    return is_production and row.synthetic == _is_synthetic()


def _is_synthetic() -> bool:
    synthetic: bool = settings.COMMONWEAL.programme.synthetic
    return synthetic
