"""From a count to what the page shows; pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonweal.hub.common.charts import (
    GroupedChart,
    Mark,
    build_grouped_chart,
    find_axis,
    find_share,
)
from commonweal.hub.workbench.draft import Line, Mode
from commonweal.hub.workbench.forms import DOMAINS
from commonweal.query.bands import AGE_BANDS, UNKNOWN
from commonweal.query.count import CohortCount, Stratum
from commonweal.query.definition import CohortDefinition
from commonweal.query.explain import Explanation
from commonweal.vocabulary.concepts import Concept


@dataclass(frozen=True)
class LineView:
    """A line of the builder with its name."""

    value: str
    mode: str
    mode_name: str
    domain_name: str
    name: str
    concept_id: str


@dataclass(frozen=True)
class FoundConcept:
    """A concept that was found, with what its buttons send."""

    name: str
    code: str
    concept_id: str
    include: str
    exclude: str


@dataclass(frozen=True)
class FoundConcepts:
    """The answer to a concept search; None of it is shown before there was a search."""

    summary: str
    concepts: tuple[FoundConcept, ...]


@dataclass(frozen=True)
class BarRow:
    """A name, a number and a bar."""

    name: str
    persons: str
    bar: str


@dataclass(frozen=True)
class ResultView:
    """A counted cohort."""

    persons: str
    sentence: str
    warnings: tuple[str, ...]
    chart: GroupedChart | None
    races: tuple[BarRow, ...]
    strata: tuple[tuple[str, str, str, str], ...]
    sql: str
    definition: str
    definition_hash: str
    facts: str


@dataclass(frozen=True)
class Problem:
    """Why there is no count, what to do about it, and the HTTP status that says the same."""

    found: str
    advice: str
    status: int


def build_stopped(seconds: float) -> Problem:
    """A count that took too long."""
    found = _("The count took longer than %(seconds)s seconds and was stopped.")
    return Problem(
        found=found % {"seconds": f"{seconds:g}"},
        advice=_("Choose fewer or narrower concepts, or a smaller age range, and count again."),
        status=503,
    )


def say_busy() -> str:
    """Another question is in the way."""
    return _("The workbench is busy with another question. Please try again in a moment.")


def say_search_stopped() -> str:
    """A search that took too long."""
    return _("The search took too long and was stopped. Add a word and try again.")


def build_lines(lines: Sequence[Line], names: Mapping[int, str]) -> tuple[LineView, ...]:
    """The lines of a draft with the names of their concepts."""
    domains = dict(DOMAINS)
    modes = {Mode.INCLUDE: _("Must have"), Mode.EXCLUDE: _("Must not have")}
    return tuple(
        LineView(
            value=str(line),
            mode=line.mode,
            mode_name=modes[line.mode],
            domain_name=str(domains[line.domain]),
            name=names.get(line.concept_id, str(line.concept_id)),
            concept_id=str(line.concept_id),
        )
        for line in lines
    )


def build_found(
    text: str, domain: str, concepts: Sequence[Concept], *, at_most: int
) -> FoundConcepts:
    """What a concept search found, and whether there is more than is shown."""
    if not concepts:
        said = _("Nothing found for “%(text)s”.")
    elif len(concepts) > at_most:
        said = _("The first %(count)s concepts for “%(text)s”; add a word to see others.")
    else:
        said = ngettext(
            "%(count)s concept found for “%(text)s”.",
            "%(count)s concepts found for “%(text)s”.",
            len(concepts),
        )
    return FoundConcepts(
        summary=said % {"count": min(len(concepts), at_most), "text": text},
        concepts=tuple(
            FoundConcept(
                name=concept.name,
                code=f"{concept.vocabulary} {concept.code}",
                concept_id=str(concept.id),
                include=f"{Mode.INCLUDE}:{domain}:{concept.id}",
                exclude=f"{Mode.EXCLUDE}:{domain}:{concept.id}",
            )
            for concept in concepts[:at_most]
        ),
    )


def build_result(
    count: CohortCount, explanation: Explanation, definition: CohortDefinition, release: str
) -> ResultView:
    """A count with its chart, its table, its sentence and its SQL."""
    facts = _("Release %(release)s, ages on %(day)s, counted in %(time)s ms.")
    return ResultView(
        persons=f"{count.persons:,}",
        sentence=explanation.sentence,
        warnings=count.warnings,
        chart=build_age_by_sex(count.breakdown) if count.persons else None,
        races=build_races(count.breakdown),
        strata=tuple((s.sex, s.race, s.age, f"{s.persons:,}") for s in count.breakdown),
        sql=explanation.sql,
        definition=print_definition(definition),
        definition_hash=count.definition_hash,
        facts=facts
        % {
            "release": release,
            "day": date_format(count.as_of, "DATE_FORMAT"),
            "time": f"{count.milliseconds:.0f}",
        },
    )


def print_definition(definition: CohortDefinition) -> str:
    """The definition as JSON that a person can read and edit."""
    return definition.model_dump_json(indent=2, by_alias=True, exclude_defaults=True)


def build_age_by_sex(strata: Sequence[Stratum]) -> GroupedChart:
    """Persons by age and sex."""
    cells: Counter[tuple[str, str]] = Counter()
    for stratum in strata:
        cells[stratum.sex, stratum.age] += stratum.persons
    sexes = sorted({sex for sex, _age in cells})
    known = [band.label for band in AGE_BANDS]
    ages = [*known, *([UNKNOWN] if any(age == UNKNOWN for _sex, age in cells) else [])]
    (sex, age), most = max(cells.items(), key=lambda item: item[1])
    largest = {"sex": sex, "band": age, "count": f"{most:,}"}
    series = [(s, [Mark(n := cells[s, a], f"{s}, {a}: {n:,}") for a in ages]) for s in sexes]
    return build_grouped_chart(
        title=_("Persons by age and sex"),
        description=_("The largest group is %(sex)s, %(band)s, with %(count)s persons.") % largest,
        groups=[age.replace("-", "–") for age in ages],
        series=series,
        axis_labels=[(value, f"{value:,}") for value in find_axis(most)],
    )


def build_races(strata: Sequence[Stratum]) -> tuple[BarRow, ...]:
    """Persons by race, the most frequent first."""
    races: Counter[str] = Counter()
    for stratum in strata:
        races[stratum.race] += stratum.persons
    most = max(races.values(), default=0)
    ranked = sorted(races.items(), key=lambda item: (-item[1], item[0]))
    return tuple(BarRow(name, f"{n:,}", find_share(n, most)) for name, n in ranked)
