"""The survey pack: what is asked of whom, what can be answered, and how often it is.

``questions.csv``, ``answers.csv``, ``branching.csv`` and ``history.csv`` are facts of public
codebooks (``scripts/derive_surveys.py``); the other files say how made-up people answer.
Everything is compiled into arrays once.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.feeds.survey.model import Model, find_model

Places = NDArray[np.int32]
"""Positions of people at hand, or rows of the tables below."""
SKIP_CODE, SKIP_CONCEPT = "PMI_Skip", 903096
SKIPPED, HIDDEN = -1, -2
"""Instead of the position of an answer: left blank, never shown."""


class Kind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"


class Role(StrEnum):
    """What an answer is beside a plain one."""

    PLAIN = ""
    EXCLUSIVE = "only one"
    """Goes with no other answer, such as none of these."""
    REFUSAL = "no refusal"
    UNSURE = "no knowledge"


@dataclass(frozen=True)
class Answer:
    """One answer of one question."""

    place: int
    """Row in the table of all answers."""
    concept: int | None
    code: str
    role: Role
    detail: str
    """What must be true of the person who gives it; empty when chance decides."""


@dataclass(frozen=True)
class Parent:
    """A question whose answer decides whether another one is shown."""

    code: str
    shows: Flags
    """For each answer, and then for hidden and for skipped, whether it shows the child."""
    above: float | None
    """The number a numeric answer must exceed."""


@dataclass(frozen=True)
class Question:
    """One question of an instrument."""

    place: int
    """Row in the table of all questions."""
    instrument: str
    waves: str
    concept: int
    code: str
    kind: Kind
    low: float
    high: float
    asked_of: str
    """A detail that must be true of whoever is asked; empty for everybody."""
    answers: tuple[Answer, ...]
    parents: tuple[Parent, ...]
    model: Model
    has_children: bool

    def places(self, *roles: Role) -> list[int]:
        """Positions of the answers of these roles."""
        return [at for at, answer in enumerate(self.answers) if answer.role in roles]


@dataclass(frozen=True)
class Module:
    """A survey as it was sent out: an instrument in one of its waves."""

    slot: int
    """Tells the sittings of a person apart."""
    code: str
    concept: int
    version: str
    questions: tuple[Question, ...]
    opens: date
    closes: date | None
    after: str
    """Code of the module it follows, ``core`` for the first three, empty for the consent."""
    unless: str
    """Code of a module whose takers do not get this one."""
    share: float
    days: int
    """Within how many days most of the answers come."""
    again: float
    """Share of the takers who answer it a second time."""


@dataclass(frozen=True)
class Condition:
    """An illness that the questions on history know."""

    name: str
    diseases: tuple[int, ...]
    """OMOP concepts of the diseases that are meant; the earliest onset counts."""
    share: float
    first_age: int
    sex: str
    """The only sex that can have it, or empty."""
    family: float
    """Share of mothers or fathers who have it."""


@dataclass(frozen=True)
class Pack:
    """Everything, with the tables from which the rows of the feed take their texts."""

    modules: tuple[Module, ...]
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    """The first is no answer at all, the second the skip."""
    conditions: Mapping[str, Condition]
    family: Mapping[str, tuple[str, ...]]
    """Conditions the older family history asks about, by relative."""


NO_ANSWER, SKIP = 0, 1
"""Rows of the table of answers."""
FIRST_ANSWERS = (
    Answer(NO_ANSWER, None, "", Role.PLAIN, ""),
    Answer(SKIP, SKIP_CONCEPT, SKIP_CODE, Role.UNSURE, ""),
)


@cache
def load_pack() -> Pack:
    """The pack that ships with the product.

    Raises:
        ValueError: the files do not fit together, which is a fault of ours.
    """
    answers, by_question = _read_answers()
    questions = _read_questions(by_question)
    return Pack(
        modules=tuple(_read_module(row, questions) for row in read_facts("surveys/modules.csv")),
        questions=questions,
        answers=answers,
        conditions={row["condition"]: _condition(row) for row in _rows("conditions")},
        family=_family(),
    )


def _rows(name: str) -> Sequence[Fact]:
    return read_facts(f"surveys/{name}.csv")


def _read_answers() -> tuple[tuple[Answer, ...], Mapping[str, list[Answer]]]:
    """All answers, and those of each question; answers that look the same are one."""
    details = {
        (row["question_code"], row["answer_code"]): row["detail"]
        for row in (*_rows("history"), *_rows("details"))
    }
    answers = list(FIRST_ANSWERS)
    by_question: dict[str, list[Answer]] = defaultdict(list)
    for row in _rows("answers"):
        concept = int(row["answer_concept_id"]) if row["answer_concept_id"] else None
        detail = details.pop((row["question_code"], row["answer_code"]), "")
        answer = Answer(len(answers), concept, row["answer_code"], Role(row["role"]), detail)
        answers.append(answer)
        by_question[row["question_code"]].append(answer)
    if details:
        raise ValueError(f"details of answers that are not there: {sorted(details)[:5]}")
    return tuple(answers), by_question


def _read_questions(answers: Mapping[str, list[Answer]]) -> tuple[Question, ...]:
    rules: dict[str, list[Fact]] = defaultdict(list)
    for row in _rows("branching"):
        rules[row["question_code"]].append(row)
    parents = {row["parent_code"] for row in _rows("branching")}
    here: dict[str, set[str]] = defaultdict(set)
    for row in _rows("questions"):
        here[row["instrument"]].add(row["question_code"])
    found = []
    for place, row in enumerate(_rows("questions")):
        code = row["question_code"]
        mine = tuple(answers.get(code, ()))
        of_instrument = [r for r in rules[code] if r["parent_code"] in here[row["instrument"]]]
        found.append(
            Question(
                place=place,
                instrument=row["instrument"],
                waves=row["waves"],
                concept=int(row["question_concept_id"]),
                code=code,
                kind=Kind(row["kind"]),
                low=float(row["low"] or 0),
                high=float(row["high"] or 0),
                asked_of=row["asked_of"],
                answers=mine,
                parents=_read_parents(of_instrument, answers),
                model=find_model(code, row["kind"], [(a.code, a.role) for a in mine]),
                has_children=code in parents,
            )
        )
    return tuple(found)


def _read_parents(rules: Sequence[Fact], answers: Mapping[str, list[Answer]]) -> tuple[Parent, ...]:
    """The rules of one question, one parent after the other."""
    by_parent: dict[str, list[Fact]] = defaultdict(list)
    for rule in rules:
        by_parent[rule["parent_code"]].append(rule)
    found = []
    for code, listed in by_parent.items():
        names = [answer.code or str(answer.concept) for answer in answers.get(code, ())]
        shows = np.zeros(len(names) + 2, dtype=np.bool_)
        for rule in listed:
            if rule["answer"] == SKIP_CODE:
                shows[SKIPPED] = True
            elif rule["answer"]:
                shows[names.index(rule["answer"])] = True
        above = [float(rule["above"]) for rule in listed if rule["above"]]
        found.append(Parent(code, shows, above[0] if above else None))
    return tuple(found)


def _read_module(row: Fact, questions: Sequence[Question]) -> Module:
    return Module(
        slot=int(row["slot"]),
        code=row["module"],
        concept=int(row["module_concept_id"]),
        version=row["version"],
        questions=tuple(
            question
            for question in questions
            if question.instrument == row["instrument"]
            and (not question.waves or row["wave"] in question.waves)
        ),
        opens=date.fromisoformat(row["opens"]),
        closes=date.fromisoformat(row["closes"]) if row["closes"] else None,
        after=row["after"],
        unless=row["unless"],
        share=float(row["share"]) / 100,
        days=int(row["days"]),
        again=float(row["again"] or 0) / 100,
    )


def _condition(row: Fact) -> Condition:
    return Condition(
        name=row["condition"],
        diseases=tuple(int(concept) for concept in row["diseases"].split()),
        share=float(row["share"]) / 100,
        first_age=int(row["first_age"]),
        sex=row["sex"],
        family=float(row["family"]) / 100,
    )


def _family() -> Mapping[str, tuple[str, ...]]:
    older = {
        row["question_code"] for row in _rows("questions") if row["instrument"] == "family_history"
    }
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows("history"):
        if row["question_code"] in older and re.match(r"\w+:", row["detail"]):
            relative, _, condition = row["detail"].partition(":")
            found[relative].append(condition)
    return {relative: tuple(dict.fromkeys(names)) for relative, names in found.items()}
