"""A cohort being put together on the page, before it is a definition.

The page keeps nothing on the server between two clicks: the whole draft travels in the form,
so the builder works without JavaScript, in two tabs at once, and with the back button.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from commonweal.query.definition import (
    MAX_ID,
    AgeRange,
    CohortDefinition,
    ConceptChoice,
    Domain,
    Group,
    Item,
    People,
)


class Mode(StrEnum):
    """Whether the people of a line are wanted or left out."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True)
class Line:
    """A concept, with everything below it, whose people are included or excluded."""

    mode: Mode
    domain: Domain
    concept_id: int

    def __str__(self) -> str:
        return f"{self.mode}:{self.domain}:{self.concept_id}"


@dataclass(frozen=True)
class Draft:
    """Everything the builder's form says."""

    sexes: tuple[int, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    lines: tuple[Line, ...] = ()

    def with_line(self, line: Line) -> "Draft":
        """The draft with one more line; a concept stands in a draft once."""
        kept = [k for k in self.lines if (k.domain, k.concept_id) != (line.domain, line.concept_id)]
        return replace(self, lines=(*kept, line))

    def without_line(self, line: Line) -> "Draft":
        """The draft with a line taken out."""
        return replace(self, lines=tuple(known for known in self.lines if known != line))


def find_line(text: str) -> Line | None:
    """The line a form field holds, or None when somebody has tampered with it."""
    parts = text.split(":")
    if len(parts) != 3:
        return None
    mode, domain, number = parts
    if mode not in set(Mode) or domain not in set(Domain):
        return None
    if not (number.isascii() and number.isdecimal()) or len(number) > len(str(MAX_ID)):
        return None
    concept_id = int(number)
    return Line(Mode(mode), Domain(domain), concept_id) if concept_id <= MAX_ID else None


def read_lines(fields: Iterable[str]) -> tuple[Line, ...]:
    """The lines of a form, each once; those that are not lines are left out."""
    found = (find_line(text) for text in fields)
    return tuple(dict.fromkeys(line for line in found if line is not None))


def build_definition(draft: Draft) -> CohortDefinition:
    """The definition a draft means: all included lines, none of the excluded ones.

    Raises:
        ValueError: the ages are in the wrong order.
    """
    has_age = draft.age_from is not None or draft.age_to is not None
    return CohortDefinition(
        people=People(
            age=AgeRange(min=draft.age_from, max=draft.age_to) if has_age else None,
            sex=draft.sexes or None,
        ),
        include=tuple(_group(line) for line in draft.lines if line.mode is Mode.INCLUDE),
        exclude=tuple(_group(line) for line in draft.lines if line.mode is Mode.EXCLUDE),
    )


def _group(line: Line) -> Group:
    choice = ConceptChoice(concept_id=line.concept_id)
    return Group(any=(Item(domain=line.domain, concepts=(choice,)),))
