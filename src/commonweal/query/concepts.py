"""Whether the concepts a definition names are known to the data it is run on."""

from collections.abc import Iterable, Iterator

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.query.compiler import EVENT_TABLES
from commonweal.query.definition import CohortDefinition, ConceptChoice
from commonweal.query.demographics import STANDARD_NAMES
from commonweal.query.reader import DefinitionError
from commonweal.release.cdm import Cdm

MAX_NAMED = 10


def check_concepts(engine: Engine, cdm: Cdm, definition: CohortDefinition) -> tuple[str, ...]:
    """Compare the concepts of a definition with the vocabulary, and return warnings.

    A concept the vocabulary lacks is a warning when the data use it, and an error when
    nothing knows it: then it is a slip of the pen, and would silently count nobody.

    Raises:
        DefinitionError: ids that nothing in the data knows; the message lists them.
    """
    return tuple(_find_warnings(engine, cdm, definition))


def _find_warnings(engine: Engine, cdm: Cdm, definition: CohortDefinition) -> Iterator[str]:
    for table in sorted(_list_tables(definition) - cdm.tables):
        yield f"These data have no table {table}: nobody has a row in it."
    ids = _list_ids(definition)
    if not ids:
        return
    if _wants_descendants(definition) and "concept_ancestor" not in cdm.tables:
        yield "These data have no table concept_ancestor: no descendants are counted."
    if "concept" not in cdm.tables:
        yield "These data have no table concept: the concept ids were not checked."
        return
    missing = ids - _find_ids(engine, "concept", ["concept_id"], ids)
    in_use = missing and _find_in_use(engine, definition, missing)
    if unknown := missing - in_use:
        raise DefinitionError(
            f"The definition names concepts that these data do not know: {_print_ids(unknown)}.",
            expected="ids from the concept table of the data",
            fix="Look the ids up by name, with: commonweal vocabulary search",
        )
    if in_use:
        yield f"Concepts that are in the data but not in their concept table: {_print_ids(in_use)}."
    yield from _find_misplaced(engine, definition)


def _find_misplaced(engine: Engine, definition: CohortDefinition) -> Iterator[str]:
    """Concepts looked for in the records of another domain, where few or none will be."""
    for item in definition.items:
        wanted = sorted(c.concept_id for c in item.concepts or () if not c.exclude)
        found = engine.rows(
            "SELECT concept_id, domain_id FROM concept WHERE concept_id IN "
            "(SELECT unnest(CAST(? AS BIGINT[]))) AND concept_id <> 0 "
            "AND lower(domain_id) <> ? ORDER BY concept_id",
            [wanted, item.domain.value],
        )
        for concept_id, domain in found:
            yield f"Concept {concept_id} is a {domain} concept; it was looked for as {item.domain}."


def _list_tables(definition: CohortDefinition) -> set[str]:
    tables = {EVENT_TABLES[item.domain].table for item in definition.items}
    return tables if definition.people.deceased is None else tables | {"death"}


def _list_ids(definition: CohortDefinition) -> set[int]:
    people = definition.people
    ids = {*(people.sex or ()), *(people.race or ()), *(people.ethnicity or ())}
    ids.update(choice.concept_id for choice in _list_choices(definition))
    return ids - STANDARD_NAMES.keys()


def _list_choices(definition: CohortDefinition) -> Iterator[ConceptChoice]:
    for item in definition.items:
        yield from item.concepts or ()


def _wants_descendants(definition: CohortDefinition) -> bool:
    return any(choice.descendants for choice in _list_choices(definition))


def _find_in_use(engine: Engine, definition: CohortDefinition, ids: set[int]) -> set[int]:
    columns = ("gender_concept_id", "race_concept_id", "ethnicity_concept_id")
    found = _find_ids(engine, "person", columns, ids)
    found |= _find_ids(engine, "concept_ancestor", ["ancestor_concept_id"], ids)
    for domain in sorted({item.domain for item in definition.items}):
        events = EVENT_TABLES[domain]
        found |= _find_ids(engine, events.table, [events.standard, events.source], ids)
    return found


def _find_ids(engine: Engine, table: str, columns: Iterable[str], ids: set[int]) -> set[int]:
    """Those of ``ids`` that stand in any of the columns."""
    numbers = ", ".join(str(number) for number in sorted(ids))
    query = " UNION ".join(
        f"SELECT {quoted(column)} FROM {quoted(table)} WHERE {quoted(column)} IN ({numbers})"
        for column in columns
    )
    return {row[0] for row in engine.rows(query)}


def _print_ids(ids: set[int]) -> str:
    shown = ", ".join(str(number) for number in sorted(ids)[:MAX_NAMED])
    return shown if len(ids) <= MAX_NAMED else f"{shown} and {len(ids) - MAX_NAMED} more"
