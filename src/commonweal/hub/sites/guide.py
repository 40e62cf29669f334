"""The guide for sites: words that curators edit, beside facts that are made from declarations.

The words a page comes with are in ``data/guide``; the first edit puts a version of its own in
their place, and every version is kept.
"""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _

from commonweal.hub.sites.markup import render_markup
from commonweal.hub.sites.models import Deadline, GuideText
from commonweal.intake.findings import all_kinds
from commonweal.intake.lifecycle.declaration import DECLARATION
from commonweal.intake.onboarding import list_steps
from commonweal.schema.model import Model, Submission, Table, get_model

PAGES = {
    "overview": _("Overview"),
    "data-model": _("Data model"),
    "transfer": _("Sending files"),
    "timeline": _("Timeline"),
    "sprint": _("Data sprint"),
    "tutorial": _("Tutorial"),
}
DIALECT = "programme"
SPRINT = "sprint"
CLOSING = "closed"
"""The step that ends a site; it is none on the way to the first submission."""
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class GuidePage:
    """A page of the guide in one language."""

    name: str
    title: str
    text: str
    edited: GuideText | None

    @property
    def version(self) -> int | None:
        """Which version it is; None for the words it came with."""
        return self.edited.pk if self.edited else None

    @property
    def html(self) -> str:
        """The words as HTML."""
        return render_markup(self.text)


def list_pages() -> list[tuple[str, str]]:
    """Name and title of every page, in their order."""
    return [(name, str(title)) for name, title in PAGES.items()]


def read_page(name: str, language: str) -> GuidePage:
    """A page as it is shown: the last version in the language, else the words it came with."""
    edited = GuideText.objects.filter(page=name, language=language).first()
    text = edited.text if edited else _read_default(name, language)
    return GuidePage(name, str(PAGES[name]), text, edited)


def list_versions(name: str, language: str) -> list[GuideText]:
    """Every version of a page, the latest first."""
    return list(GuideText.objects.filter(page=name, language=language))


def build_facts(name: str, today: date) -> dict[str, Any]:
    """What is made from declarations for a page."""
    match name:
        case "data-model":
            return _describe_model()
        case "transfer":
            return _describe_transfer()
        case "timeline":
            return _describe_timeline(today)
        case "sprint":
            return {"tables": _list_tables(get_model(SPRINT))}
        case _:
            return {}


def _describe_model() -> dict[str, Any]:
    model = get_model(DIALECT)
    return {"model": model, "tables": _list_tables(model), "kinds": list(all_kinds().values())}


def _list_tables(model: Model) -> tuple[Table, ...]:
    """Tables that sites send, the required ones first."""
    return tuple(
        table
        for kind in (Submission.REQUIRED, Submission.PII, Submission.OPTIONAL)
        for table in model.with_submission(kind)
    )


def _describe_transfer() -> dict[str, Any]:
    required = get_model(DIALECT).with_submission(Submission.REQUIRED)
    return {"declaration": DECLARATION, "required": [table.name for table in required]}


def _describe_timeline(today: date) -> dict[str, Any]:
    steps = [step for step in list_steps() if step.name != CLOSING]
    return {"steps": steps, "deadlines": list(Deadline.objects.filter(on__gte=today))}


def _read_default(name: str, language: str) -> str:
    folder = files("commonweal.hub.sites") / "data" / "guide"
    wanted = folder / f"{name}.{language}.md"
    chosen = wanted if wanted.is_file() else folder / f"{name}.{DEFAULT_LANGUAGE}.md"
    return chosen.read_text(encoding="utf-8")
