"""The course of things across tables: birth, visits and death, and what happened when.

All are warnings. Days are compared, as the tables of a folder tell them; a table that is not
in the folder is not asked.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.intake.check.file import Checked
from commonweal.intake.check.kept import BIRTH_PARTS, is_kept_day
from commonweal.intake.check.locating import Locator, RowRule
from commonweal.intake.findings import Finding
from commonweal.schema.meaning import ENDS_WITH_LIFE
from commonweal.schema.model import DataType, Field

DAYS_AFTER_DEATH = 30
"""Results and bills still arrive in them: metric DC-2 of the programme."""
DAYS_AROUND_VISIT = 7
"""As in check ``withinVisitDates`` of OHDSI's data quality dashboard."""
BIRTHS, DEATHS, VISITS = "check_births", "check_deaths", "check_visits"
PERSON, DEATH, VISIT = "person", "death", "visit_occurrence"
PRECEDING = "preceding_visit_occurrence_id"


class Course:
    """What the folder says of births, deaths and visits, one row for each person or visit."""

    def __init__(self, engine: Engine, others: Mapping[str, Checked]) -> None:
        self._engine = engine
        self._knows_birth = _has(others, PERSON, "person_id", "year_of_birth")
        self._knows_death = _has(others, DEATH, "person_id", "death_date")
        self._knows_visits = _has(
            others, VISIT, "visit_occurrence_id", "person_id", "visit_start_date", "visit_end_date"
        )
        if self._knows_birth:
            engine.execute(_births_sql(others[PERSON].columns))
        if self._knows_death:
            engine.execute(
                f"CREATE TEMP TABLE {DEATHS} AS SELECT person_id AS who, min(death_date) AS died "
                f"FROM {DEATH} WHERE person_id IS NOT NULL GROUP BY ALL"
            )

    @cached_property
    def _visits(self) -> str:
        """The table of visits, made when it is first asked for."""
        self._engine.execute(
            f"CREATE TEMP TABLE {VISITS} AS SELECT visit_occurrence_id AS visit, "
            "min(visit_start_date) AS begins, "
            "max(greatest(visit_start_date, visit_end_date)) AS ends, "
            "min(person_id) AS visitor, max(person_id) AS last_visitor "
            f"FROM {VISIT} WHERE visit_occurrence_id IS NOT NULL GROUP BY ALL"
        )
        return VISITS

    def find_disorder(self, locator: Locator) -> Iterator[Finding]:
        """Rows of a table that happened when they cannot have, or in another's visit."""
        columns = locator.checked.columns
        dates = [f for f in locator.fields if f.type is DataType.DATE]
        if "person_id" not in columns or locator.name == PERSON:
            return
        rules: list[RowRule] = []
        source = f"{quoted(locator.name)} AS t"
        if dates and self._knows_birth:
            source += f" LEFT JOIN {BIRTHS} AS b ON t.person_id = b.who"
            condition = f"t.{quoted(dates[0].name)} < b.born"
            rules.append(RowRule("date.before_birth", dates[0], condition))
        if dates and self._knows_death and locator.name in ENDS_WITH_LIFE:
            source += f" LEFT JOIN {DEATHS} AS d ON t.person_id = d.who"
            last = _greatest([f for f in locator.fields if is_kept_day(f)])
            condition = f"{last} > d.died + {DAYS_AFTER_DEATH}"
            rules.append(RowRule("date.after_death", dates[0], condition, str(DAYS_AFTER_DEATH)))
        if self._knows_visits and "visit_occurrence_id" in columns and locator.name != VISIT:
            source += f" LEFT JOIN {self._visits} AS v ON t.visit_occurrence_id = v.visit"
            rules += self._build_visit_rules(locator, dates)
        if self._knows_visits and locator.name == VISIT and self._has_preceding(locator):
            source += f" LEFT JOIN {self._visits} AS v ON t.{PRECEDING} = v.visit"
            field = locator.checked.table.field(PRECEDING)
            later = "v.begins > t.visit_start_date"
            rules += [RowRule("date.preceding_visit_later", field, later), _visitor_rule(field)]
        yield from locator.ask(rules, source=source)

    def _has_preceding(self, locator: Locator) -> bool:
        """Most sites leave the column empty, and all visits are many to join for nothing."""
        there = PRECEDING in locator.checked.columns
        return there and locator.count(f"{PRECEDING} IS NOT NULL") > 0

    def _build_visit_rules(self, locator: Locator, dates: list[Field]) -> Iterator[RowRule]:
        yield _visitor_rule(locator.checked.table.field("visit_occurrence_id"))
        if dates:
            day = f"t.{quoted(dates[0].name)}"
            days = DAYS_AROUND_VISIT
            outside = f"{day} < v.begins - {days} OR {day} > v.ends + {days}"
            yield RowRule("date.outside_visit", dates[0], outside, str(days))


def _visitor_rule(field: Field) -> RowRule:
    """A visit whose key is used for two persons says nothing of either."""
    other = "t.person_id <> v.visitor AND v.visitor = v.last_visitor"
    return RowRule("key.visit_of_another_person", field, other)


def _has(others: Mapping[str, Checked], table: str, *columns: str) -> bool:
    return table in others and others[table].columns.issuperset(columns)


def _births_sql(columns: frozenset[str]) -> str:
    """The first day on which each person can have been born, as exactly as it is known."""
    year, *rest = BIRTH_PARTS
    parts = [f"TRY_CAST({year} || '-01-01' AS DATE)"]
    if columns.issuperset(rest):
        written = " || '-' || ".join(BIRTH_PARTS)
        parts.insert(0, f"TRY_CAST({written} AS DATE)")
    if "birth_datetime" in columns:
        parts.insert(0, "birth_datetime")
    return (
        f"CREATE TEMP TABLE {BIRTHS} AS SELECT person_id AS who, "
        f"min(coalesce({', '.join(parts)})) AS born "
        f"FROM {PERSON} WHERE person_id IS NOT NULL GROUP BY ALL"
    )


def _greatest(fields: list[Field]) -> str:
    """The latest of the days that are there."""
    return f"greatest({', '.join(f't.{quoted(field.name)}' for field in fields)})"
