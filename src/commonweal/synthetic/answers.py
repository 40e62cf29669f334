"""Answers to a handful of survey questions."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.enrolment import Participants
from commonweal.synthetic.frames import (
    Columns,
    Moments,
    at_daytime,
    build_table,
    join_text,
    read_facts,
)

ANSWERED_SHARE = {"TheBasics": 0.95, "OverallHealth": 0.85}
POSITIONS = {"TheBasics": 1, "OverallHealth": 2}
DAYS_TO_ANSWER = {"TheBasics": 30, "OverallHealth": 90}
MODULE_CONCEPTS = {"TheBasics": 1586134, "OverallHealth": 1585710}
STATE_QUESTION = (1585249, "StreetAddress_PIIState")
PAIN_QUESTION = (1585747, "OverallHealth_AveragePain7Days")
HISPANIC = 38003563

Facts = Sequence[dict[str, str]]


def build_answers(people: Participants, draws: Draws) -> pa.Table:
    """The feed ``survey_response``, in the order of participant, survey and question."""
    blocks = [
        block
        for module in MODULE_CONCEPTS
        for block in _module_answers(people, draws, module, *_sittings(people, draws, module))
    ]
    table = build_table(get_model("feeds").table("survey_response"), blocks)
    keys = ("participant_id", "response_set_id", "question_concept_id", "survey_response_id")
    return table.sort_by([(name, "ascending") for name in keys])


def _sittings(people: Participants, draws: Draws, module: str) -> tuple[Flags, Moments]:
    """Who answered the survey, and when."""
    ids = people.ids
    days = people.enrolled + draws.integers(f"{module}/day", ids, 0, DAYS_TO_ANSWER[module]).astype(
        "timedelta64[D]"
    )
    answered = draws.chance(module, ids, ANSWERED_SHARE[module]) & (days <= people.last_day)
    return answered, at_daytime(draws, module, ids, days)


def _module_answers(
    people: Participants, draws: Draws, module: str, answered: Flags, moments: Moments
) -> Iterator[Columns]:
    rows = [row for row in read_facts("answers.csv") if row["module"] == module]
    for question, group in groupby(rows, key=lambda row: row["question_concept_id"]):
        facts = list(group)
        for fact, chose in zip(facts, _choices(people, draws, question, facts), strict=True):
            whom = answered & chose
            yield _block(people, whom, module, moments) | {
                "survey_response_id": join_text(people.ids[whom], question, fact["answer_code"]),
                "question_concept_id": int(question),
                "question_code": fact["question_code"],
                "answer_concept_id": int(fact["answer_concept_id"]),
                "answer_code": fact["answer_code"],
            }
    if module == "TheBasics":
        yield from _state_answers(people, answered, moments)
    else:
        yield _pain_answers(people, draws, answered, moments)


def _choices(people: Participants, draws: Draws, question: str, facts: Facts) -> Iterator[Flags]:
    """Who gave each answer: as the person's details say, or drawn by weight."""
    if not facts[0]["given"]:
        drawn = draws.choice(question, people.ids, [float(fact["weight"]) for fact in facts])
        yield from (drawn == position for position in range(len(facts)))
        return
    details = _details(people, facts[0]["question_code"])
    known = np.array([int(fact["given"]) for fact in facts])
    none_of_these = ~np.any(np.isin(details, known[known != 0]), axis=0)
    for value in known.tolist():
        yield np.any(details == value, axis=0) if value else none_of_these


def _details(people: Participants, question_code: str) -> Ints:
    """What is known that bears on a question; rows are details, columns are persons."""
    if question_code == "Race_WhatRaceEthnicity":
        return np.stack([people.race, people.ethnicity])
    if question_code == "Gender_GenderIdentity":
        return people.gender[np.newaxis]
    return people.sex[np.newaxis]


def _state_answers(people: Participants, answered: Flags, moments: Moments) -> Iterator[Columns]:
    concept, code = STATE_QUESTION
    homes: dict[str, list[int]] = {}
    for position, row in enumerate(read_facts("states.csv")):
        homes.setdefault(row["state"], []).append(position)
    for state, positions in homes.items():
        whom = answered & np.isin(people.residence, positions)
        yield _block(people, whom, "TheBasics", moments) | {
            "survey_response_id": join_text(people.ids[whom], str(concept), state),
            "question_concept_id": concept,
            "question_code": code,
            "answer_code": f"PIIState_{state}",
        }


def _pain_answers(people: Participants, draws: Draws, answered: Flags, moments: Moments) -> Columns:
    concept, code = PAIN_QUESTION
    ids = people.ids[answered]
    levels = draws.choice("pain", ids, [20, 14, 14, 12, 9, 9, 7, 6, 5, 2, 2])
    return _block(people, answered, "OverallHealth", moments) | {
        "survey_response_id": join_text(ids, str(concept)),
        "question_concept_id": concept,
        "question_code": code,
        "answer_number": levels.astype(np.float64),
    }


def _block(people: Participants, whom: Flags, module: str, moments: Moments) -> dict[str, Any]:
    ids, when = people.pick(whom, moments)
    return {
        "participant_id": ids,
        "response_set_id": ids * 10 + POSITIONS[module],
        "module": module,
        "module_concept_id": MODULE_CONCEPTS[module],
        "version": "1",
        "language": people.language.filter(pa.array(whom)),
        "authored_at": when,
    }
