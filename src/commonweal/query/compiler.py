"""Turns a definition into one plan, from which everything is counted, listed and explained.

The plan is a WITH query: ``people`` (one row for each person), one table for each item, one
for each group. Only numbers and days out of a validated definition stand in its text, so it
can be printed in any dialect and run elsewhere as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp, parse_one, select, union

from commonweal.query.bands import AGE_BANDS, UNKNOWN
from commonweal.query.definition import (
    MAX_AGE,
    AgeRange,
    CohortDefinition,
    ConceptChoice,
    Data,
    Domain,
    Group,
    Item,
    People,
    Side,
)
from commonweal.vocabulary.concept_set import ConceptSet, ConceptSetItem, as_sql

DIALECT = "duckdb"
MIDYEAR_MONTH, MIDYEAR_DAY = 6, 15
"""Birthday of a person whose month or day of birth is not known, or was taken away."""


@dataclass(frozen=True)
class EventTable:
    """Where the events of a domain are."""

    table: str
    standard: str
    source: str
    date: str


EVENT_TABLES = {
    Domain.CONDITION: EventTable(
        "condition_occurrence",
        "condition_concept_id",
        "condition_source_concept_id",
        "condition_start_date",
    ),
    Domain.DRUG: EventTable(
        "drug_exposure", "drug_concept_id", "drug_source_concept_id", "drug_exposure_start_date"
    ),
    Domain.PROCEDURE: EventTable(
        "procedure_occurrence",
        "procedure_concept_id",
        "procedure_source_concept_id",
        "procedure_date",
    ),
    Domain.MEASUREMENT: EventTable(
        "measurement",
        "measurement_concept_id",
        "measurement_source_concept_id",
        "measurement_date",
    ),
    Domain.OBSERVATION: EventTable(
        "observation",
        "observation_concept_id",
        "observation_source_concept_id",
        "observation_date",
    ),
    Domain.VISIT: EventTable(
        "visit_occurrence", "visit_concept_id", "visit_source_concept_id", "visit_start_date"
    ),
    Domain.DEVICE: EventTable(
        "device_exposure",
        "device_concept_id",
        "device_source_concept_id",
        "device_exposure_start_date",
    ),
}

EHR_DOMAINS = (Domain.CONDITION, Domain.DRUG, Domain.PROCEDURE, Domain.VISIT, Domain.DEVICE)
"""Domains that only health records fill; the programme itself also measures and asks."""


@dataclass(frozen=True)
class CohortPlan:
    """A compiled definition: named steps, and what must hold of a row ``p`` of ``people``."""

    steps: tuple[tuple[str, exp.Query], ...]
    criteria: tuple[exp.Expr, ...]
    groups: tuple[str, ...]
    """Names of the steps that include; each has person_id and first_date."""
    as_of: date

    def select_persons(self) -> exp.Select:
        """The persons of the cohort: person_id."""
        return self._select("p.person_id")

    def select_breakdown(self) -> exp.Select:
        """Persons by sex_concept_id, race_concept_id and age_band; they sum to the cohort."""
        strata = ("p.sex_concept_id", "p.race_concept_id", _band(_age_at(self.as_of)))
        counted = self._select(*strata, "COUNT(*) AS persons")
        return counted.group_by("p.sex_concept_id", "p.race_concept_id", "age_band")

    def select_episodes(self) -> exp.Select:
        """The cohort as an OMOP cohort: subject_id, cohort_start_date, cohort_end_date.

        A person enters on the day of their first event that an include group counts, or at
        ``as_of`` when there is none with a date, and leaves at ``as_of``, or on the day of
        entry if that is later.
        """
        day = _day(self.as_of)
        if not self.groups:
            return self._select(
                "p.person_id AS subject_id",
                day.copy().as_("cohort_start_date"),
                day.as_("cohort_end_date"),
            )
        start = exp.func("COALESCE", parse_one("f.first_date", dialect=DIALECT), day)
        end = exp.func("GREATEST", start.copy(), day.copy(), dialect=DIALECT)
        rows = self._select(
            "p.person_id AS subject_id",
            start.as_("cohort_start_date"),
            end.as_("cohort_end_date"),
        )
        first = _first_of(self.groups)
        return rows.join(first.subquery("f"), on="f.person_id = p.person_id", join_type="left")

    def _select(self, *columns: str | exp.Expr) -> exp.Select:
        query = select(*columns, dialect=DIALECT).from_("people AS p").where(*self.criteria)
        for name, step in self.steps:
            query.with_(name, as_=step.copy(), copy=False)
        return query


def compile_cohort(definition: CohortDefinition, as_of: date) -> CohortPlan:
    """Plan a definition; ``as_of`` is the day of the data, used if the definition names none."""
    day = definition.as_of or as_of
    steps: list[tuple[str, exp.Query]] = [("people", _people())]
    included = _add_groups("include", definition.include, steps)
    excluded = _add_groups("exclude", definition.exclude, steps)
    criteria = [
        *_people_criteria(definition.people, day),
        *(_has_row(name) for name in included),
        *(exp.not_(_has_row(name)) for name in excluded),
        *(_has_data(kind) for kind in dict.fromkeys(definition.data)),
    ]
    return CohortPlan(tuple(steps), tuple(criteria), tuple(included), day)


def print_sql(query: exp.Query, *, dialect: str = DIALECT) -> str:
    """A query as text for people, in any dialect sqlglot prints."""
    return query.sql(dialect=dialect, pretty=True)


def _people() -> exp.Select:
    """One row for each person, even where a data set repeats some; born is YYYYMMDD."""
    month = f"COALESCE(month_of_birth, EXTRACT(MONTH FROM birth_datetime), {MIDYEAR_MONTH})"
    day = f"COALESCE(day_of_birth, EXTRACT(DAY FROM birth_datetime), {MIDYEAR_DAY})"
    return (
        select(
            "person_id",
            "MIN(gender_concept_id) AS sex_concept_id",
            "MIN(race_concept_id) AS race_concept_id",
            "MIN(ethnicity_concept_id) AS ethnicity_concept_id",
            f"MIN(year_of_birth * 10000 + {month} * 100 + {day}) AS born",
            dialect=DIALECT,
        )
        .from_("person")
        .where("person_id IS NOT NULL")
        .group_by("person_id")
    )


def _add_groups(
    kind: str, groups: Sequence[Group], steps: list[tuple[str, exp.Query]]
) -> list[str]:
    """Add the steps of each group, items first, and return the names of the groups' steps."""
    names = []
    for number, group in enumerate(groups, start=1):
        name = f"{kind}_{number}"
        names.append(name)
        if len(group.any) == 1:
            steps.extend(_item_steps(name, group.any[0]))
            continue
        items = [f"{name}_item_{item}" for item in range(1, len(group.any) + 1)]
        for item_name, item in zip(items, group.any, strict=True):
            steps.extend(_item_steps(item_name, item))
        steps.append((name, _first_of(items)))
    return names


def _first_of(names: Sequence[str]) -> exp.Select:
    """Each person of any of the steps once, with the first of their days."""
    parts = [select("person_id", "first_date").from_(name) for name in names]
    if len(parts) == 1:
        return parts[0]
    together = union(*parts, distinct=False).subquery("together")
    columns = ("person_id", "MIN(first_date) AS first_date")
    return select(*columns, dialect=DIALECT).from_(together).group_by("person_id")


def _item_steps(name: str, item: Item) -> Iterator[tuple[str, exp.Query]]:
    events = EVENT_TABLES[item.domain]
    day = f"e.{events.date}"
    query = (
        select("e.person_id", f"MIN({day}) AS first_date", dialect=DIALECT)
        .from_(f"{events.table} AS e")
        .group_by("e.person_id")
    )
    if item.concepts is not None:
        yield f"{name}_concepts", _concepts(item.concepts)
        query = query.where(_is_chosen(f"{name}_concepts", _code_columns(item.side, events)))
    if item.age_at_event is not None:
        number = f"EXTRACT(YEAR FROM {day}) * 10000 + EXTRACT(MONTH FROM {day}) * 100"
        age = f"FLOOR(({number} + EXTRACT(DAY FROM {day}) - p.born) / 10000.0)"
        query = query.join("people AS p", on="p.person_id = e.person_id")
        query = query.where(_in_age_range(age, item.age_at_event))
    if item.dates is not None and item.dates.start is not None:
        query = query.where(exp.column(events.date, "e") >= _day(item.dates.start))
    if item.dates is not None and item.dates.end is not None:
        query = query.where(exp.column(events.date, "e") <= _day(item.dates.end))
    if item.occurrences > 1:
        query = query.having(f"COUNT(DISTINCT {day}) >= {item.occurrences}", dialect=DIALECT)
    yield name, query


def _code_columns(side: Side, events: EventTable) -> tuple[str, ...]:
    match side:
        case Side.STANDARD:
            return (events.standard,)
        case Side.SOURCE:
            return (events.source,)
        case Side.EITHER:
            return (events.standard, events.source)


def _is_chosen(concepts: str, columns: Sequence[str]) -> exp.Expr:
    chosen = select("concept_id").from_(concepts)
    return exp.or_(*(exp.column(name, "e").isin(query=chosen.copy()) for name in columns))


def _concepts(choices: Sequence[ConceptChoice]) -> exp.Query:
    items = (ConceptSetItem(c.concept_id, c.descendants, c.exclude) for c in choices)
    return parse_one(as_sql(ConceptSet(tuple(items))), dialect=DIALECT).assert_is(exp.Query)


def _people_criteria(people: People, day: date) -> Iterator[exp.Expr]:
    for column, ids in (
        ("sex_concept_id", people.sex),
        ("race_concept_id", people.race),
        ("ethnicity_concept_id", people.ethnicity),
    ):
        if ids is not None:
            yield exp.column(column, "p").isin(*sorted(set(ids)))
    if people.age is not None:
        yield _in_age_range(_age_at(day), people.age)
    if people.deceased is not None:
        is_dead = _has_row("death")
        yield is_dead if people.deceased else exp.not_(is_dead)


def _has_data(kind: Data) -> exp.Expr:
    domains = EHR_DOMAINS if kind is Data.EHR else (Domain(kind.value),)
    return exp.or_(*(_has_row(EVENT_TABLES[domain].table) for domain in domains))


def _has_row(table: str) -> exp.Expr:
    rows = select("1").from_(f"{table} AS t").where("t.person_id = p.person_id")
    return exp.Exists(this=rows)


def _age_at(day: date) -> str:
    """Completed years: the difference of two YYYYMMDD numbers, cut to whole ten thousands."""
    return f"FLOOR(({day.year * 10000 + day.month * 100 + day.day} - p.born) / 10000.0)"


def _in_age_range(age: str, wanted: AgeRange) -> exp.Expr:
    """An age before birth fits no range."""
    low, high = wanted.min or 0, MAX_AGE if wanted.max is None else wanted.max
    return parse_one(f"{age} BETWEEN {low} AND {high}", dialect=DIALECT)


def _band(age: str) -> exp.Expr:
    cases = " ".join(
        f"WHEN {age} >= {band.low} THEN '{band.label}'" for band in reversed(AGE_BANDS)
    )
    return parse_one(f"CASE {cases} ELSE '{UNKNOWN}' END AS age_band", dialect=DIALECT)


def _day(day: date) -> exp.Expr:
    return exp.cast(exp.Literal.string(day.isoformat()), "date")
