"""The cohort definition: who is meant, in a form that has one meaning and one hash.

A person belongs to a cohort who fits ``people``, is in every group of ``include``, in no
group of ``exclude``, and has every kind of ``data``. A group is met by any of its items. An
item is met by events of one domain; its occurrences, age and dates are tested on the very
events its concepts chose. Without ``include`` the start is everybody.

Names and descriptions are labels: they change neither the meaning nor the hash.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from commonweal.engine.storage import canonical_json, digest_of

FORMAT: Literal["commonweal-cohort/1"] = "commonweal-cohort/1"
MAX_ITEMS = 100
MAX_AGE = 150
MAX_ID = 2**63 - 1

Label = Annotated[str, Field(max_length=10_000)]
ConceptId = Annotated[int, Field(ge=0, le=MAX_ID)]
ConceptIds = Annotated[tuple[ConceptId, ...], Field(min_length=1, max_length=10_000)]
Years = Annotated[int, Field(ge=0, le=MAX_AGE)]


class Domain(StrEnum):
    """Kinds of event."""

    CONDITION = "condition"
    DRUG = "drug"
    PROCEDURE = "procedure"
    MEASUREMENT = "measurement"
    OBSERVATION = "observation"
    VISIT = "visit"
    DEVICE = "device"


class Data(StrEnum):
    """Kinds of data a person can have at all."""

    CONDITION = "condition"
    DRUG = "drug"
    PROCEDURE = "procedure"
    MEASUREMENT = "measurement"
    OBSERVATION = "observation"
    VISIT = "visit"
    DEVICE = "device"
    EHR = "ehr"


class Side(StrEnum):
    """Which code of an event is compared: the standard one, the one from the source, or both."""

    STANDARD = "standard"
    SOURCE = "source"
    EITHER = "either"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AgeRange(_Part):
    """Completed years, both ends included; an end that is not given is open."""

    min: Years | None = None
    max: Years | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("gives neither min nor max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("has a min above its max")
        return self


class Period(_Part):
    """Days, both ends included; an end that is not given is open."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("gives neither from nor to")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("has a from after its to")
        return self


class ConceptChoice(_Part):
    """A concept that is meant, or with ``exclude`` is taken out again."""

    concept_id: ConceptId
    descendants: bool = True
    exclude: bool = False


class Item(_Part):
    """Events of one domain: any of its concepts, and every condition below, on one event."""

    name: Label | None = None
    domain: Domain
    concepts: Annotated[tuple[ConceptChoice, ...], Field(max_length=10_000)] | None = None
    """None means every event of the domain."""
    side: Side = Side.STANDARD
    occurrences: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many different dates at least; one is any event, dated or not."""
    age_at_event: AgeRange | None = None
    dates: Period | None = None

    @model_validator(mode="after")
    def _check_concepts(self) -> Self:
        if self.concepts is not None and all(choice.exclude for choice in self.concepts):
            raise ValueError("has no concept that is not excluded; leave out concepts to mean any")
        return self


class Group(_Part):
    """Met by any of its items."""

    name: Label | None = None
    any: Annotated[tuple[Item, ...], Field(min_length=1)]


class People(_Part):
    """What must hold of the person; every field that is given must fit."""

    age: AgeRange | None = None
    """Counted at ``as_of``."""
    sex: ConceptIds | None = None
    race: ConceptIds | None = None
    ethnicity: ConceptIds | None = None
    deceased: bool | None = None


class CohortDefinition(_Part):
    """A cohort definition; see the module for its meaning."""

    format: Literal["commonweal-cohort/1"] = FORMAT
    name: Label | None = None
    description: Label | None = None
    as_of: date | None = None
    """The day ages are counted at; None takes the one of the data."""
    people: People = People()
    include: tuple[Group, ...] = ()
    exclude: tuple[Group, ...] = ()
    data: tuple[Data, ...] = ()

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if len(self.items) > MAX_ITEMS:
            raise ValueError(f"has more than {MAX_ITEMS} items")
        return self

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item of every group, in the order written."""
        return tuple(item for group in (*self.include, *self.exclude) for item in group.any)


def build_canonical(definition: CohortDefinition, as_of: date) -> dict[str, Any]:
    """The definition in its one spelling: no labels, sorted, nothing said twice.

    Groups that exclude are one union, so how they are grouped is not part of the meaning.
    """
    people = definition.people.model_dump(mode="json", exclude_none=True)
    excluded = [item for group in definition.exclude for item in group.any]
    return {
        "format": FORMAT,
        "as_of": (definition.as_of or as_of).isoformat(),
        "people": {k: sorted(set(v)) if isinstance(v, list) else v for k, v in people.items()},
        "include": _sort_unique(
            _sort_unique(map(_canonical_item, g.any)) for g in definition.include
        ),
        "exclude": _sort_unique(map(_canonical_item, excluded)),
        "data": sorted(set(definition.data)),
    }


def definition_hash(definition: CohortDefinition, as_of: date) -> str:
    """SHA-256 of the canonical form; ``as_of`` is the day of the data, used if none is given."""
    return digest_of(build_canonical(definition, as_of))


def _canonical_item(item: Item) -> dict[str, Any]:
    fields = item.model_dump(mode="json", by_alias=True, exclude={"name"}, exclude_none=True)
    if item.concepts is None:
        fields.pop("side")
    else:
        fields["concepts"] = _sort_unique(fields["concepts"])
    return fields


def _sort_unique(values: Iterable[Any]) -> list[Any]:
    by_spelling = {canonical_json(value): value for value in values}
    return [by_spelling[spelling] for spelling in sorted(by_spelling)]
