"""The forms of the cohort page."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonweal.hub.workbench.draft import Draft, find_line, read_lines
from commonweal.query.definition import MAX_AGE, CohortDefinition, Domain
from commonweal.query.reader import MAX_BYTES, DefinitionError, parse_definition

SEXES = ((8532, _("Female")), (8507, _("Male")))
DOMAINS = (
    (Domain.CONDITION, _("Conditions")),
    (Domain.DRUG, _("Drugs")),
    (Domain.MEASUREMENT, _("Labs and measurements")),
    (Domain.PROCEDURE, _("Procedures")),
    (Domain.OBSERVATION, _("Observations")),
    (Domain.VISIT, _("Visits")),
    (Domain.DEVICE, _("Devices")),
)


class BuilderForm(forms.Form):
    """Who is meant, by sex and age; the lines travel beside it as hidden fields."""

    sex = forms.TypedMultipleChoiceField(
        label=_("Sex at birth"),
        choices=SEXES,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "usa-checkbox__input"}),
    )
    age_from = forms.IntegerField(
        label=_("Age from"),
        required=False,
        min_value=0,
        max_value=MAX_AGE,
        widget=forms.NumberInput(attrs={"class": "usa-input cw-small"}),
    )
    age_to = forms.IntegerField(
        label=_("Age to"),
        required=False,
        min_value=0,
        max_value=MAX_AGE,
        widget=forms.NumberInput(attrs={"class": "usa-input cw-small"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ages must be in order."""
        fields = super().clean() or {}
        if any(find_line(text) is None for text in self._list_lines()):
            self.refuse_line()
        start, end = fields.get("age_from"), fields.get("age_to")
        if start is not None and end is not None and start > end:
            self.add_error("age_to", _("This age is below the other one."))
        return fields

    def read_draft(self) -> Draft:
        """The draft as far as it can be read; a field with an error counts as not given."""
        self.is_valid()
        return Draft(
            sexes=tuple(self.cleaned_data.get("sex") or ()),
            age_from=self.cleaned_data.get("age_from"),
            age_to=self.cleaned_data.get("age_to"),
            lines=read_lines(self._list_lines()),
        )

    def refuse_line(self) -> None:
        """Say that a criterion cannot be read; to leave it out would count other people."""
        self.add_error(
            None,
            _(
                "One of the criteria cannot be read, so nothing was counted. "
                "The others are still here; search for the missing one again."
            ),
        )

    def _list_lines(self) -> list[str]:
        return self.data.getlist("line") if hasattr(self.data, "getlist") else []


class ConceptSearchForm(forms.Form):
    """The search box for concepts inside the builder."""

    domain = forms.ChoiceField(
        label=_("Kind of record"),
        choices=DOMAINS,
        required=False,
        widget=forms.Select(attrs={"class": "usa-select"}),
    )
    q = forms.CharField(
        label=_("Words or code"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "usa-input", "autocomplete": "off"}),
    )

    def read_domain(self) -> Domain:
        """The kind of record that is searched; conditions when none is chosen."""
        self.is_valid()
        return Domain(self.cleaned_data.get("domain") or Domain.CONDITION)

    def read_text(self) -> str:
        """The words searched for."""
        self.is_valid()
        return str(self.cleaned_data.get("q") or "").strip()


EXAMPLE = '{"include": [{"any": [{"domain": "condition", "concepts": [{"concept_id": 201826}]}]}]}'
COMMAND = "commonweal "
"""What stands in advice for those who work at the command line."""


def find_advice(error: DefinitionError) -> str:
    """What to do about a fault, in words that fit a page."""
    if COMMAND in error.fix:
        return gettext(
            "Search for the concept by name or compare with the example, then try again."
        )
    return error.fix


class DefinitionForm(forms.Form):
    """A cohort definition as JSON, pasted or as a file; the file wins."""

    definition = forms.CharField(
        label=_("Definition as JSON"),
        help_text=format_lazy(_("Such as {example}"), example=EXAMPLE),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "usa-textarea cw-code", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a file with it"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "usa-file-input__plain", "accept": ".json"}),
    )

    parsed: CohortDefinition | None = None

    def clean(self) -> dict[str, Any]:
        """Read the definition; what is wrong with it stands beside the field it came from."""
        fields = super().clean() or {}
        upload: UploadedFile[bytes] | None = fields.get("file")
        name = "file" if upload else "definition"
        content = upload.read(MAX_BYTES + 1) if upload else fields.get("definition", "").encode()
        try:
            self.parsed = parse_definition(content, name=str(_("The definition")))
        except DefinitionError as error:
            self.add_error(name, list(filter(None, [error.found, find_advice(error)])))
        return fields
