"""Counts a cohort: persons, and persons by sex, race and age, from one query."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from time import perf_counter
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.query.bands import AGE_BANDS, UNKNOWN
from commonweal.query.compiler import compile_cohort, print_sql
from commonweal.query.concepts import check_concepts
from commonweal.query.definition import CohortDefinition, definition_hash
from commonweal.query.demographics import name_concepts
from commonweal.release.cdm import Cdm


@dataclass(frozen=True)
class Stratum:
    """Persons of one sex, race and age band; exact, so not for the public."""

    sex: str
    race: str
    age: str
    persons: int


@dataclass(frozen=True)
class CohortCount:
    """How many persons a definition means, and who they are."""

    persons: int
    definition_hash: str
    engine: str
    milliseconds: float
    as_of: date
    breakdown: tuple[Stratum, ...]
    """Sorted by sex, race, age; sums to ``persons``."""
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"as_of": self.as_of.isoformat()}


def count_cohort(engine: Engine, cdm: Cdm, definition: CohortDefinition) -> CohortCount:
    """Count the persons a definition means in the data that are open.

    Raises:
        DefinitionError: the definition names concepts nothing in the data knows.
    """
    started = perf_counter()
    warnings = check_concepts(engine, cdm, definition)
    plan = compile_cohort(definition, cdm.as_of)
    rows = engine.rows(print_sql(plan.select_breakdown()))
    breakdown = _build_breakdown(engine, rows)
    return CohortCount(
        persons=sum(stratum.persons for stratum in breakdown),
        definition_hash=definition_hash(definition, cdm.as_of),
        engine=engine.name,
        milliseconds=round((perf_counter() - started) * 1000, 3),
        as_of=plan.as_of,
        breakdown=breakdown,
        warnings=warnings,
    )


def _build_breakdown(
    engine: Engine, rows: Sequence[tuple[int | None, int | None, str, int]]
) -> tuple[Stratum, ...]:
    """Name the strata; concepts of one name, such as absent and unknown, are one stratum."""
    ids = {number for sex, race, _, _ in rows for number in (sex, race) if number is not None}
    names = name_concepts(engine, ids)
    persons: Counter[tuple[str, str, str]] = Counter()
    for sex, race, age, count in rows:
        persons[_name(names, sex), _name(names, race), age] += count
    order = {band.label: band.low for band in AGE_BANDS} | {UNKNOWN: AGE_BANDS[-1].low + 1}
    ranked = sorted(persons, key=lambda key: (key[0], key[1], order[key[2]]))
    return tuple(Stratum(*key, persons=persons[key]) for key in ranked)


def _name(names: dict[int, str], number: int | None) -> str:
    return UNKNOWN if number is None else names[number]
