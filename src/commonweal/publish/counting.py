"""True counts of people, taken by the engine; nothing here may be published as it is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.publish.analyses import BANDS, CELLS, SEXES, UNKNOWN_BAND, Cell, Domain

_PEOPLE = "publish_people"

TrueCells = dict[Cell, int]
"""People by age band and sex; every cell is there, and each person is in one of them."""


@dataclass(frozen=True)
class Term:
    """What the vocabulary says about a concept."""

    id: int
    name: str
    code: str
    vocabulary: str
    synonyms: tuple[str, ...]


@contextmanager
def counted_people(engine: Engine, prefix: str) -> Iterator[None]:
    """Lay out who is counted, with sex and date of birth, while the block runs.

    A birth date that is not fully known is taken to be in the middle of what is known: the
    15th of the month, June.
    """
    parts = (
        "CAST(year_of_birth AS VARCHAR)",
        "lpad(CAST(coalesce(month_of_birth, 6) AS VARCHAR), 2, '0')",
        "lpad(CAST(coalesce(day_of_birth, 15) AS VARCHAR), 2, '0')",
    )
    known = f"TRY_CAST({' || chr(45) || '.join(parts)} AS DATE)"
    sexes = " ".join(f"WHEN {concept} THEN '{sex}'" for sex, concept in SEXES.items() if concept)
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PEOPLE} AS SELECT person_id, "
        f"CASE gender_concept_id {sexes} ELSE 'Other' END AS sex, "
        f"coalesce(CAST(birth_datetime AS DATE), {known}) AS birth "
        f"FROM {quoted(prefix + 'person')}"
    )
    try:
        yield
    finally:
        engine.execute(f"DROP TABLE {_PEOPLE}")


def count_people(engine: Engine, cutoff: date) -> TrueCells:
    """Everybody by age at the cut-off."""
    rows = engine.rows(
        f"SELECT {_band('day')} AS band, sex, count(*) "
        f"FROM (SELECT *, CAST(? AS DATE) AS day FROM {_PEOPLE}) GROUP BY ALL",
        [cutoff],
    )
    return dict.fromkeys(CELLS, 0) | {(band, sex): n for band, sex, n in rows}


def count_people_of_domain(engine: Engine, prefix: str, domain: Domain) -> int:
    """People with at least one record in the domain."""
    return int(
        engine.value(
            f"SELECT count(*) FROM {_PEOPLE} WHERE person_id IN "
            f"(SELECT person_id FROM {quoted(prefix + domain.table)})"
        )
    )


def count_people_by_concept(engine: Engine, prefix: str, domain: Domain) -> dict[int, TrueCells]:
    """People by age at their first record of each concept; one pass over the domain."""
    rows = engine.rows(
        f"WITH first_records AS (SELECT person_id, {quoted(domain.concept)} AS concept_id, "
        f"min({quoted(domain.date)}) AS day FROM {quoted(prefix + domain.table)} "
        f"WHERE {quoted(domain.concept)} IN (SELECT concept_id FROM {quoted(prefix + 'concept')} "
        "WHERE domain_id = ? AND concept_id <> 0) GROUP BY ALL) "
        f"SELECT concept_id, {_band('day')} AS band, sex, count(*) "
        f"FROM first_records JOIN {_PEOPLE} USING (person_id) GROUP BY ALL",
        [domain.vocabulary_domain],
    )
    concepts: dict[int, TrueCells] = {}
    for concept, band, sex, people in rows:
        concepts.setdefault(concept, dict.fromkeys(CELLS, 0))[band, sex] = people
    return concepts


def describe_concepts(
    engine: Engine, prefix: str, domain: Domain, ids: Iterable[int]
) -> dict[int, Term]:
    """What the vocabulary says about those of ``ids`` that are in the domain."""
    wanted = "(SELECT unnest(CAST(? AS BIGINT[])))"
    values = sorted(ids)
    synonyms: dict[int, list[str]] = {}
    for concept, name in engine.rows(
        f"SELECT DISTINCT concept_id, concept_synonym_name "
        f"FROM {quoted(prefix + 'concept_synonym')} WHERE concept_id IN {wanted} "
        "AND concept_synonym_name IS NOT NULL ORDER BY ALL",
        [values],
    ):
        synonyms.setdefault(concept, []).append(name)
    rows = engine.rows(
        "SELECT concept_id, coalesce(any_value(concept_name), ''), "
        "coalesce(any_value(concept_code), ''), coalesce(any_value(vocabulary_id), '') "
        f"FROM {quoted(prefix + 'concept')} WHERE concept_id IN {wanted} AND domain_id = ? "
        "GROUP BY concept_id",
        [values, domain.vocabulary_domain],
    )
    return {
        concept: Term(concept, name, code, vocabulary, tuple(synonyms.get(concept, ())))
        for concept, name, code, vocabulary in rows
    }


def _band(day: str) -> str:
    """The age band in completed years at ``day`` of a person born on ``birth``."""
    starts = list(BANDS.values())[1:]
    bands = " ".join(
        f"WHEN date_sub('year', birth, {day}) < {end} THEN '{band}'"
        for band, end in zip(BANDS, starts, strict=False)
    )
    unknown = f"birth IS NULL OR {day} IS NULL OR {day} < birth"
    return f"CASE WHEN {unknown} THEN '{UNKNOWN_BAND}' {bands} ELSE '{list(BANDS)[-1]}' END"
