"""What a steward says of a submission before sending it."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonweal.intake.purposes import DIALECTS
from commonweal.intake.sites import Purpose
from commonweal.schema.model import get_model

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


def list_dialects() -> list[tuple[str, str]]:
    """What files may follow, with the one that goes with the purpose first."""
    named = [(name, get_model(name).title) for name in DIALECTS]
    return [("", gettext("What goes with the purpose")), *named]


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
        choices=list_dialects,
        required=False,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
