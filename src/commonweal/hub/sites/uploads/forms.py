"""What a steward says of a submission before sending it."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonweal.hub.sites.phrases import say
from commonweal.hub.sites.purposes import list_choices
from commonweal.intake.purposes import DIALECTS
from commonweal.intake.sites import Purpose, Site
from commonweal.schema.model import get_model

KINDS = (
    ("", _("Choose one")),
    ("real", _("Records of real people")),
    ("synthetic", _("Made-up records; marked so for good")),
)


def list_dialects() -> list[tuple[str, str]]:
    """What files may follow, with the one that goes with the purpose first."""
    named = [(name, say(get_model(name).title)) for name in DIALECTS]
    return [("", gettext("What goes with the purpose")), *named]


class DeclarationForm(forms.Form):
    """Purpose, whether anybody is real, and what the files follow."""

    purpose = forms.TypedChoiceField(
        label=_("What the submission is for"),
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

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        """Offer what the site may send."""
        super().__init__(*args, **kwargs)
        purpose = cast("forms.TypedChoiceField", self.fields["purpose"])
        purpose.choices = list_choices(site)
