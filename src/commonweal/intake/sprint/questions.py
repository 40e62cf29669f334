"""What is asked of each column of concepts, from ``data/score.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Question(StrEnum):
    """One question about the rows of a column; the answer is a share of rows."""

    MAPPED = "mapped"
    """Of all rows: those with a concept at all, neither empty nor 0."""
    STANDARD = "standard"
    """Of the mapped rows: those whose concept is standard and in force in the vocabulary."""
    DOMAIN = "domain"
    """Of the mapped rows: those whose concept is of the table's domain."""
    AGREEMENT = "agreement"
    """Of the mapped rows whose source concept maps to something: those that have just that."""
    LISTED = "listed"
    """Of all rows: those with a value of the sprint's list, or a standard one of the domain."""


FOUR = (Question.MAPPED, Question.STANDARD, Question.DOMAIN, Question.AGREEMENT)


@dataclass(frozen=True)
class ScoredColumn:
    """A column of concepts and what is asked of it; names are those of the sprint dialect.

    ``is_goal``: its table counts as mapped only when this column reaches its targets.
    """

    table: str
    concept: str
    source_concept: str | None
    source_value: str | None
    domain: str
    vocabulary: str | None
    only_where: str | None
    questions: tuple[Question, ...]
    values: tuple[int, ...]
    is_goal: bool
    targets: Mapping[Question, float]


@cache
def list_scored() -> tuple[ScoredColumn, ...]:
    """Every column that is scored, in the order of the sprint."""
    source = files("commonweal.intake.sprint") / "data" / "score.toml"
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    return tuple(_read(column, content["targets"]) for column in content["column"])


def _read(column: Mapping[str, Any], targets: Mapping[str, float]) -> ScoredColumn:
    questions = tuple(map(Question, column.get("questions", FOUR)))
    wanted = {**targets, **column.get("targets", {})}
    return ScoredColumn(
        table=column["table"],
        concept=column["concept"],
        source_concept=column.get("source_concept"),
        source_value=column.get("source_value"),
        domain=column["domain"],
        vocabulary=column.get("vocabulary"),
        only_where=column.get("only_where"),
        questions=questions,
        values=tuple(column.get("values", ())),
        is_goal=column.get("goal", False),
        targets=MappingProxyType({question: wanted[question] for question in questions}),
    )
