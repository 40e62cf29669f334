"""The cohort page: put a cohort together, or paste a definition, and count it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.engine.protocol import InterruptedWorkError
from commonweal.hub.workbench import presenters
from commonweal.hub.workbench.data import BusyError, OpenRelease, get_workplace, limit_time
from commonweal.hub.workbench.draft import Draft, build_definition, find_line
from commonweal.hub.workbench.forms import (
    BuilderForm,
    ConceptSearchForm,
    DefinitionForm,
    find_advice,
)
from commonweal.query.count import count_cohort
from commonweal.query.definition import CohortDefinition
from commonweal.query.demographics import name_concepts
from commonweal.query.explain import explain_cohort
from commonweal.query.reader import DefinitionError
from commonweal.vocabulary.concepts import find_concepts

CONCEPTS_SHOWN = 10
RETRY_SECONDS = 10
"""When to come back after finding the workbench busy."""
UNREADABLE = 422
"""HTTP's word for a form that arrived whole and cannot be acted on."""

View = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class CohortPage:
    """Everything the cohort page shows."""

    release_id: str
    synthetic: bool
    cutoff: str
    lines: tuple[presenters.LineView, ...]
    found: presenters.FoundConcepts | None
    result: presenters.ResultView | None
    problem: presenters.Problem | None
    is_editing: bool
    """Whether the researcher is putting criteria together and wants to go on typing."""

    @property
    def status(self) -> int:
        """The HTTP status that fits."""
        return self.problem.status if self.problem else 200


@dataclass(frozen=True)
class Asked:
    """What the researcher sent, as far as it could be read."""

    builder: BuilderForm = field(default_factory=BuilderForm)
    search: ConceptSearchForm = field(default_factory=ConceptSearchForm)
    form: DefinitionForm = field(default_factory=DefinitionForm)
    draft: Draft = field(default_factory=Draft)
    definition: CohortDefinition | None = None
    is_editing: bool = False

    @property
    def has_faults(self) -> bool:
        """Whether a form cannot be read; what is wrong stands beside its fields."""
        return bool(self.builder.errors or self.search.errors or self.form.errors)


def answer_when_busy(view: View) -> View:
    """Tell who would wait too long to come back, instead of keeping them."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except BusyError:
            response = render(request, "workbench/busy.html", {"section": "cohorts"}, status=503)
            response["Retry-After"] = str(RETRY_SECONDS)
            return response

    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@answer_when_busy
def show_cohorts(request: HttpRequest) -> HttpResponse:
    """The builder: each button sends the whole draft, and the answer is the page again."""
    if request.method != "POST":
        return _answer(request, Asked())
    builder, search = BuilderForm(request.POST), ConceptSearchForm(request.POST)
    draft = change_draft(builder, request)
    wants_count = _wants(request, "count") and builder.is_valid()
    definition = build_definition(draft) if wants_count else None
    if search.is_valid() and not _wants(request, "search"):
        search = ConceptSearchForm(initial={"domain": search.read_domain()})
    is_editing = not _wants(request, "count")
    return _answer(
        request,
        Asked(builder, search, draft=draft, definition=definition, is_editing=is_editing),
    )


@never_cache
@require_POST
@answer_when_busy
def count_definition(request: HttpRequest) -> HttpResponse:
    """Count a definition that was pasted or uploaded."""
    form = DefinitionForm(request.POST, request.FILES)
    definition = form.parsed if form.is_valid() else None
    return _answer(request, Asked(form=form, definition=definition))


@never_cache
@require_POST
def search_concepts(request: HttpRequest) -> HttpResponse:
    """The list of concepts alone, for htmx."""
    try:
        with get_workplace().use() as opened:
            found = _search(opened, ConceptSearchForm(request.POST)) if opened else None
    except BusyError:
        # A status of its own would keep htmx from showing the words.
        found = presenters.FoundConcepts(presenters.say_busy(), ())
    return render(request, "workbench/found.html", {"found": found})


def change_draft(builder: BuilderForm, request: HttpRequest) -> Draft:
    """The draft after the button that was pressed: a line more, or one less."""
    draft = builder.read_draft()
    for name, change in (("add", draft.with_line), ("remove", draft.without_line)):
        if name in request.POST:
            line = find_line(request.POST[name])
            if line is not None:
                return change(line)
            builder.refuse_line()
    return draft


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
            cutoff=date_format(opened.cdm.as_of, "DATE_FORMAT"),
            lines=presenters.build_lines(asked.draft.lines, names),
            found=_search(opened, asked.search) if asked.search.is_bound else None,
            result=result,
            problem=problem,
            is_editing=asked.is_editing,
        )
    counted = {"definition": result.definition} if result else None
    context = {
        "page": page,
        "builder": asked.builder,
        "search": asked.search,
        "form": DefinitionForm(initial=counted) if counted else asked.form,
        "section": "cohorts",
    }
    status = UNREADABLE if asked.has_faults else page.status
    return render(request, "workbench/cohorts.html", context, status=status)


def _count(
    opened: OpenRelease, definition: CohortDefinition | None
) -> tuple[presenters.ResultView | None, presenters.Problem | None]:
    if definition is None:
        return None, None
    seconds = settings.COMMONWEAL.hub.count_seconds
    try:
        with limit_time(opened.engine, seconds):
            count = count_cohort(opened.engine, opened.cdm, definition)
            explanation = explain_cohort(opened.engine, opened.cdm, definition)
    except DefinitionError as error:
        return None, presenters.Problem(error.found, find_advice(error), UNREADABLE)
    except InterruptedWorkError:
        return None, presenters.build_stopped(seconds)
    return presenters.build_result(count, explanation, definition, opened.release.id), None


def _search(opened: OpenRelease, form: ConceptSearchForm) -> presenters.FoundConcepts:
    if not form.is_valid():
        return presenters.FoundConcepts(
            _("This search cannot be read; nothing was looked for."), ()
        )
    text, domain = form.read_text(), form.read_domain()
    if not text:
        return presenters.FoundConcepts(_("Type a word or a code to search for."), ())
    try:
        with limit_time(opened.engine, settings.COMMONWEAL.hub.count_seconds):
            concepts = find_concepts(opened.engine, text, domain=domain, limit=CONCEPTS_SHOWN + 1)
    except InterruptedWorkError:
        return presenters.FoundConcepts(presenters.say_search_stopped(), ())
    return presenters.build_found(text, domain, concepts, at_most=CONCEPTS_SHOWN)
