"""The forms of the pages for sites."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonweal.hub.accounts.models import User
from commonweal.hub.sites.models import Position
from commonweal.intake.recording import EARLIEST, check_day, check_words
from commonweal.schema.errors import CommonwealError

TEXT = {"class": "usa-input"}
DAY = {"class": "usa-input", "type": "date"}
MOST_AHEAD = timedelta(days=2 * 366)
"""How far ahead a deadline is posted: two years, whichever they are."""


def _text(label: Any, *, length: int = 200, required: bool = True, hint: Any = "") -> forms.Field:
    widget = forms.TextInput(attrs=TEXT)
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        help_text=hint,
        widget=widget,
        validators=[_check_line],
    )


def _check_line(text: str) -> None:
    """What goes on record is one line that can be read."""
    try:
        check_words("", text)
    except CommonwealError as error:
        raise ValidationError(
            gettext("Only one line of letters, digits, spaces and punctuation.")
        ) from error


def _day(label: Any) -> forms.Field:
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))


def _check_days(form: forms.Form, *names: str) -> None:
    """The bounds of every day that goes on record, in the words of the reader's language."""
    today = timezone.now().date()
    for name in names:
        day = form.cleaned_data.get(name)
        if day is None:
            continue
        try:
            check_day(day, today)
        except CommonwealError:
            early = gettext("Choose a day from %(first)s on.") % {"first": EARLIEST.isoformat()}
            form.add_error(name, gettext("This day is still to come.") if day > today else early)


class ContactForm(forms.Form):
    """Somebody who is told about submissions."""

    name = _text(_("Name"))
    email = forms.EmailField(label=_("Email address"), widget=forms.EmailInput(attrs=TEXT))
    duty = _text(_("What they do"), length=100, required=False)


class StewardForm(forms.Form):
    """A steward's account, with what has to be signed before."""

    position = forms.ChoiceField(
        label=_("Position"),
        choices=Position.choices,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
    steward_name = _text(_("Name"))
    steward_email = forms.EmailField(
        label=_("Institutional email address"), widget=forms.EmailInput(attrs=TEXT)
    )
    rules_of_behaviour_on = _day(_("Rules of behaviour signed on"))
    training_on = _day(_("Security training attested on"))
    password = forms.CharField(
        label=_("First password"),
        help_text=_("At least 12 characters. Give it to the steward, who changes it."),
        widget=forms.PasswordInput(attrs={**TEXT, "autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """What was signed was signed by today, and the password is no guess for this person."""
        fields = super().clean() or {}
        _check_days(self, "rules_of_behaviour_on", "training_on")
        person = User(
            email=fields.get("steward_email") or "", name=fields.get("steward_name") or ""
        )
        try:
            validate_password(fields.get("password") or "", person)
        except ValidationError as error:
            self.add_error("password", error)
        return fields


class StepForm(forms.Form):
    """The day on which a step was done."""

    on = _day(_("Day"))

    def clean(self) -> dict[str, Any]:
        """A step has been done already."""
        fields = super().clean() or {}
        _check_days(self, "on")
        return fields


class ReasonForm(forms.Form):
    """Why a site is closed."""

    reason = _text(_("Why, for the record"))


class DeadlineForm(forms.Form):
    """A day by which sites send."""

    title = _text(_("Title"), hint=_("Such as: Submission of the fourth quarter"))
    on = _day(_("Day"))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "usa-textarea cw-short"}),
    )

    def clean_on(self) -> date:
        """Sites need time for it; what lies behind would make every one of them late at once."""
        day: date = self.cleaned_data["on"]
        today = timezone.now().date()
        if not today < day <= today + MOST_AHEAD:
            last = (today + MOST_AHEAD).isoformat()
            raise ValidationError(
                gettext("Choose a day after today and not after %(last)s.") % {"last": last}
            )
        return day


class NoteForm(forms.Form):
    """Something to say about an issue."""

    text = forms.CharField(
        label=_("Your note"),
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "usa-textarea cw-short"}),
    )


class SiteDetailsForm(forms.Form):
    """What is said of a site, and can be mended."""

    title = _text(_("Full name"))
    awardee = _text(_("Awardee"), required=False)
    organisation = _text(_("Organisation"), required=False)
    state = _text(_("State"), length=2, required=False, hint=_("Two letters, such as MA"))


class SiteForm(SiteDetailsForm):
    """A site to be registered, for good."""

    site_name = forms.RegexField(
        label=_("Short name"),
        regex=r"^[a-z][a-z0-9_]{0,49}$",
        help_text=_("Lower-case letters, digits and underscores. It can never be changed."),
        error_messages={
            "invalid": _(
                "Begin with a lower-case letter, then use lower-case letters, digits and "
                "underscores, 50 at most; such as general_hospital."
            )
        },
        widget=forms.TextInput(attrs={**TEXT, "autocapitalize": "none"}),
    )
    drop_url = _text(
        _("Drop area"),
        required=False,
        hint=_("A bucket such as s3://bucket/prefix; a folder of the programme's when left out"),
    )
    field_order = ("site_name", "title", "awardee", "organisation", "state", "drop_url")


class GuideForm(forms.Form):
    """The words of a page of the guide."""

    over = forms.IntegerField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Text"),
        max_length=50_000,
        help_text=_(
            "# heading, - list, 1. list, **bold**, *emphasis*, `code`, [words](https://address)"
        ),
        widget=forms.Textarea(attrs={"class": "usa-textarea cw-code"}),
    )
