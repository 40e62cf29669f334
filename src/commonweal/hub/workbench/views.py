"""The cohort page: put a cohort together, or paste a definition, and count it."""

from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.hub.workbench import presenters
from commonweal.hub.workbench.data import OpenRelease, get_workplace
from commonweal.hub.workbench.draft import Draft, build_definition, find_line
from commonweal.hub.workbench.forms import BuilderForm, ConceptSearchForm, DefinitionForm
from commonweal.query.count import count_cohort
from commonweal.query.definition import CohortDefinition
from commonweal.query.demographics import name_concepts
from commonweal.query.explain import explain_cohort
from commonweal.query.reader import DefinitionError
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.concepts import find_concepts

CONCEPTS_SHOWN = 10


@dataclass(frozen=True)
class CohortPage:
    """Everything the cohort page shows."""

    release_id: str
    synthetic: bool
    cutoff: str
    lines: tuple[presenters.LineView, ...]
    found: presenters.FoundConcepts | None
    result: presenters.ResultView | None
    problem: CommonwealError | None


@dataclass(frozen=True)
class Asked:
    """What the researcher sent, as far as it could be read."""

    builder: BuilderForm = field(default_factory=BuilderForm)
    search: ConceptSearchForm = field(default_factory=ConceptSearchForm)
    form: DefinitionForm = field(default_factory=DefinitionForm)
    draft: Draft = field(default_factory=Draft)
    definition: CohortDefinition | None = None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_cohorts(request: HttpRequest) -> HttpResponse:
    """The builder: each button sends the whole draft, and the answer is the page again."""
    if request.method != "POST":
        return _answer(request, Asked())
    builder, search = BuilderForm(request.POST), ConceptSearchForm(request.POST)
    draft = change_draft(builder.read_draft(), request)
    wants_count = _wants(request, "count") and builder.is_valid()
    definition = build_definition(draft) if wants_count else None
    if not _wants(request, "search"):
        search = ConceptSearchForm(initial={"domain": search.read_domain()})
    return _answer(request, Asked(builder, search, draft=draft, definition=definition))


@never_cache
@require_POST
def count_definition(request: HttpRequest) -> HttpResponse:
    """Count a definition that was pasted or uploaded."""
    form = DefinitionForm(request.POST, request.FILES)
    definition = form.parsed if form.is_valid() else None
    return _answer(request, Asked(form=form, definition=definition))


@never_cache
@require_POST
def search_concepts(request: HttpRequest) -> HttpResponse:
    """The list of concepts alone, for htmx."""
    with get_workplace().use() as opened:
        found = _search(opened, ConceptSearchForm(request.POST)) if opened else None
    return render(request, "workbench/found.html", {"found": found})


def change_draft(draft: Draft, request: HttpRequest) -> Draft:
    """Apply the button that was pressed: add a line, or take one out."""
    added, removed = (find_line(request.POST.get(name, "")) for name in ("add", "remove"))
    if added is not None:
        return draft.with_line(added)
    return draft.without_line(removed) if removed is not None else draft


def _wants(request: HttpRequest, deed: str) -> bool:
    """Whether a button asks for this; the Enter key searches when there are words, else counts."""
    by_enter = "search" if request.POST.get("q", "").strip() else "count"
    return deed in request.POST or ("enter" in request.POST and deed == by_enter)


def _answer(request: HttpRequest, asked: Asked) -> HttpResponse:
    with get_workplace().use() as opened:
        if opened is None:
            return render(request, "workbench/no_release.html", {"section": "cohorts"}, status=503)
        result, problem = _count(opened, asked.definition)
        names = name_concepts(opened.engine, [line.concept_id for line in asked.draft.lines])
        page = CohortPage(
            release_id=opened.release.id,
            synthetic=opened.release.manifest.synthetic,
            cutoff=opened.cdm.as_of.isoformat(),
            lines=presenters.build_lines(asked.draft.lines, names),
            found=_search(opened, asked.search) if asked.search.is_bound else None,
            result=result,
            problem=problem,
        )
    counted = {"definition": result.definition} if result else None
    context = {
        "page": page,
        "builder": asked.builder,
        "search": asked.search,
        "form": DefinitionForm(initial=counted) if counted else asked.form,
        "section": "cohorts",
    }
    return render(request, "workbench/cohorts.html", context)


def _count(
    opened: OpenRelease, definition: CohortDefinition | None
) -> tuple[presenters.ResultView | None, CommonwealError | None]:
    if definition is None:
        return None, None
    try:
        count = count_cohort(opened.engine, opened.cdm, definition)
        explanation = explain_cohort(opened.engine, opened.cdm, definition)
    except DefinitionError as error:
        return None, error
    return presenters.build_result(count, explanation, definition, opened.release.id), None


def _search(opened: OpenRelease, form: ConceptSearchForm) -> presenters.FoundConcepts:
    text, domain = form.read_text(), form.read_domain()
    if not text:
        return presenters.FoundConcepts(_("Type a word or a code to search for."), ())
    concepts = find_concepts(opened.engine, text, domain=domain, limit=CONCEPTS_SHOWN + 1)
    return presenters.build_found(text, domain, concepts, at_most=CONCEPTS_SHOWN)
