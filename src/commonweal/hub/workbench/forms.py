"""The forms of the cohort page."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from commonweal.hub.workbench.draft import Draft, read_lines
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
        start, end = fields.get("age_from"), fields.get("age_to")
        if start is not None and end is not None and start > end:
            self.add_error("age_to", _("This age is below the other one."))
        return fields

    def read_draft(self) -> Draft:
        """The draft as far as it can be read; a field with an error counts as not given."""
        self.is_valid()
        lines = self.data.getlist("line") if hasattr(self.data, "getlist") else []
        return Draft(
            sexes=tuple(self.cleaned_data.get("sex") or ()),
            age_from=self.cleaned_data.get("age_from"),
            age_to=self.cleaned_data.get("age_to"),
            lines=read_lines(lines),
        )


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


class DefinitionForm(forms.Form):
    """A cohort definition as JSON, pasted or as a file; the file wins."""

    definition = forms.CharField(
        label=_("Definition as JSON"),
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
            self.add_error(name, list(filter(None, [error.found, error.fix])))
        return fields
