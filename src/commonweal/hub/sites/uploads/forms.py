"""What a steward says of a submission before sending it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from commonweal.intake.sites import Purpose

PURPOSES = (
    (Purpose.TEST, _("Test: tries out the account and the way in")),
    (Purpose.SPRINT, _("Data sprint: de-identified, a few tables at a time")),
    (Purpose.ALPHA, _("Alpha: de-identified, all tables of the sprint and locations")),
    (Purpose.PRODUCTION, _("Production: the site's whole data, which replaces the last")),
)
KINDS = (
    ("", _("Choose one")),
    ("real", _("Records of real people")),
    ("synthetic", _("Made-up records; marked so for good")),
)
DIALECTS = (
    ("programme", _("The programme's specification (OMOP 5.3.1)")),
    ("omop-5.3", _("OMOP 5.3")),
    ("omop-5.4", _("OMOP 5.4")),
)


class DeclarationForm(forms.Form):
    """Purpose, whether anybody is real, and what the files follow."""

    purpose = forms.TypedChoiceField(
        label=_("What the submission is for"),
        choices=PURPOSES,
        coerce=Purpose,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
    kind = forms.ChoiceField(
        label=_("Whose records these are"),
        choices=KINDS,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
    dialect = forms.ChoiceField(
        label=_("What the files follow"),
        choices=DIALECTS,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
