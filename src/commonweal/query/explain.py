"""Says a definition in English, with the SQL it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from commonweal.engine.protocol import Engine
from commonweal.query.compiler import DIALECT, compile_cohort, print_sql
from commonweal.query.concepts import check_concepts
from commonweal.query.definition import (
    AgeRange,
    CohortDefinition,
    ConceptChoice,
    Data,
    Domain,
    Group,
    Item,
    People,
    Period,
    Side,
    definition_hash,
)
from commonweal.query.demographics import name_concepts
from commonweal.release.cdm import Cdm

Names = Mapping[int, str]

EVENT_NOUNS = {
    Domain.CONDITION: ("a condition", "conditions"),
    Domain.DRUG: ("a drug exposure", "drug exposures"),
    Domain.PROCEDURE: ("a procedure", "procedures"),
    Domain.MEASUREMENT: ("a measurement", "measurements"),
    Domain.OBSERVATION: ("an observation", "observations"),
    Domain.VISIT: ("a visit", "visits"),
    Domain.DEVICE: ("a device", "devices"),
}
SIDES = {
    Side.STANDARD: "",
    Side.SOURCE: " by source code",
    Side.EITHER: " by standard or source code",
}


@dataclass(frozen=True)
class Explanation:
    """A definition in words and in SQL."""

    sentence: str
    sql: str
    dialect: str
    definition_hash: str
    warnings: tuple[str, ...] = ()


def explain_cohort(
    engine: Engine, cdm: Cdm, definition: CohortDefinition, *, dialect: str = DIALECT
) -> Explanation:
    """Say a definition in English, with concept names where the data have a vocabulary.

    Raises:
        DefinitionError: the definition names concepts nothing in the data knows.
    """
    warnings = check_concepts(engine, cdm, definition)
    plan = compile_cohort(definition, cdm.as_of)
    people = definition.people
    choices = [choice for item in definition.items for choice in item.concepts or ()]
    named = [*(people.sex or ()), *(people.race or ()), *(people.ethnicity or ())]
    names = name_concepts(engine, [*named, *(choice.concept_id for choice in choices)])
    return Explanation(
        sentence=build_sentence(definition, names, cdm.as_of),
        sql=print_sql(plan.select_persons(), dialect=dialect),
        dialect=dialect,
        definition_hash=definition_hash(definition, cdm.as_of),
        warnings=warnings,
    )


def build_sentence(definition: CohortDefinition, names: Names, as_of: date) -> str:
    """One English sentence that says who is meant; ``names`` are those of concepts.

    ``as_of`` is the day of the data, used if the definition names none.
    """
    subject = _people(definition.people, names, definition.as_of or as_of)
    clauses = [f"has {_group(group, names)}" for group in definition.include]
    if definition.exclude:
        items = [_item(item, names) for group in definition.exclude for item in group.any]
        clauses.append(f"does not have {_join(items, 'or')}")
    clauses += [f"has any {_data(kind)}" for kind in dict.fromkeys(definition.data)]
    return f"{subject} who {_join(clauses, 'and')}." if clauses else f"{subject}."


def _people(people: People, names: Names, as_of: date) -> str:
    parts = ["Everybody"]
    for label, ids in (("sex", people.sex), ("race", people.race), ("ethnicity", people.ethnicity)):
        if ids is not None:
            parts.append(f"of {label} {_join([names[i] for i in sorted(set(ids))], 'or')}")
    if people.age is not None:
        parts.append(f"aged {_ages(people.age)} on {as_of.isoformat()}")
    if people.deceased is not None:
        parts.append("known to have died" if people.deceased else "not known to have died")
    return " ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:])


def _group(group: Group, names: Names) -> str:
    return _join([_item(item, names) for item in group.any], "or")


def _item(item: Item, names: Names) -> str:
    one, many = EVENT_NOUNS[item.domain]
    text = one if item.occurrences == 1 else many
    if item.concepts is not None:
        text += f" of {_concepts(item.concepts, names)}{SIDES[item.side]}"
    if item.age_at_event is not None:
        text += f" at the age of {_ages(item.age_at_event)}"
    if item.dates is not None:
        text += _dates(item.dates)
    return text if item.occurrences == 1 else f"{text} on {item.occurrences} or more days"


def _concepts(choices: Sequence[ConceptChoice], names: Names) -> str:
    wanted = [_concept(choice, names) for choice in choices if not choice.exclude]
    unwanted = [_concept(choice, names) for choice in choices if choice.exclude]
    less = f" except {_join(unwanted, 'and')}" if unwanted else ""
    return _join(wanted, "or") + less


def _concept(choice: ConceptChoice, names: Names) -> str:
    below = " and its descendants" if choice.descendants else ""
    return f"“{names[choice.concept_id]}” ({choice.concept_id}){below}"


def _ages(ages: AgeRange) -> str:
    match (ages.min, ages.max):
        case (low, None):
            return f"{low} or over"
        case (None, high):
            return f"{high} or under"
        case (low, high):
            return f"{low} to {high}"


def _dates(dates: Period) -> str:
    start = f" from {dates.start.isoformat()}" if dates.start else ""
    end = f" up to {dates.end.isoformat()}" if dates.end else ""
    return start + end


def _data(kind: Data) -> str:
    return "health record" if kind is Data.EHR else f"{kind.value} data"


def _join(parts: Sequence[str], word: str) -> str:
    *most, last = parts
    return f"{', '.join(most)} {word} {last}" if most else last
