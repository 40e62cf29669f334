"""The words and addresses of the domains the Data Browser shows."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True)
class Domain:
    """A kind of record, as the pages call it."""

    key: str
    title: Words
    description: Words
    icon: str


DOMAINS = (
    Domain(
        "condition",
        _("Conditions"),
        _("Diagnoses and other health problems in the health records."),
        "local_hospital",
    ),
    Domain(
        "drug",
        _("Drugs"),
        _("Medicines and vaccines that were prescribed or given."),
        "medical_services",
    ),
    Domain(
        "measurement",
        _("Labs and measurements"),
        _("Laboratory tests, vital signs and other measurements."),
        "science",
    ),
    Domain(
        "procedure",
        _("Procedures"),
        _("Operations, examinations and treatments."),
        "build",
    ),
)
BY_KEY = {domain.key: domain for domain in DOMAINS}
