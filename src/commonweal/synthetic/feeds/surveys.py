"""The feed ``survey_response``: every answer of every sitting."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Floats, Ints
from commonweal.synthetic.feeds.survey.details import Details
from commonweal.synthetic.feeds.survey.pack import NO_ANSWER, Kind, Pack, load_pack
from commonweal.synthetic.feeds.survey.sheet import Block, Sheet
from commonweal.synthetic.feeds.survey.sittings import Sitting, draw_sittings
from commonweal.synthetic.feeds.survey.traits import Traits, draw_traits
from commonweal.synthetic.frames import build_table
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

Numbers = NDArray[Any]
"""Whole numbers of any width."""
SETS_OF_A_PERSON = 100
"""Room for sittings in a set's number: sitting s of a person is ``person * 100 + s``."""
ANSWERS_OF_A_SET = 1000
"""Room for answers: answer n of a set is ``set * 1000 + n``."""
PLACEHOLDER = "synthetic text"
"""Instead of what a person would write."""


def build_surveys(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of participant and number of the answer."""
    pack = load_pack()
    traits = draw_traits(plan, people)
    sittings = draw_sittings(plan, people, traits, pack)
    blocks = [list(_fill_in(plan, people, traits, pack, sitting)) for sitting in sittings]
    return _build(people, sittings, blocks)


def _fill_in(
    plan: Plan, people: People, traits: Traits, pack: Pack, sitting: Sitting
) -> Iterator[Block]:
    whom = sitting.whom
    if len(whom):
        day = sitting.moments[whom].astype("datetime64[D]")
        details = Details(plan, people, whom, day, traits, pack)
        sheet = Sheet(details, f"answer {sitting.slot}")
        for question in sitting.module.questions:
            yield from sheet.answer(question)


def _build(
    people: People, sittings: Sequence[Sitting], blocks: Sequence[Sequence[Block]]
) -> pa.Table:
    """Put the answers in order, number them, and name everything by its code."""
    table = get_model("feeds").table("survey_response")
    flat = [block for of_sitting in blocks for block in of_sitting]
    lengths = [len(block.who) for block in flat]
    if not sum(lengths):
        return build_table(table, [])
    who = np.concatenate([block.who for block in flat])
    order = np.argsort(_narrow(who, len(people)), kind="stable")
    who = who[order]
    of_sitting = [len(sitting_blocks) for sitting_blocks in blocks]
    sitting_of_block = np.repeat(np.arange(len(sittings), dtype=np.int8), of_sitting)
    sitting = np.repeat(sitting_of_block, lengths)[order]
    question = np.repeat(np.array([b.question for b in flat], dtype=np.int32), lengths)[order]
    answer = np.concatenate([block.answer for block in flat])[order]
    number = _join_numbers(flat, lengths)[order]
    slots = np.array([one.slot for one in sittings])
    response_set = people.ids[who] * SETS_OF_A_PERSON + slots[sitting]
    moments = np.stack([one.moments for one in sittings])
    return build_table(
        table,
        [
            {
                "survey_response_id": _number_rows(response_set),
                "response_set_id": response_set,
                "participant_id": people.ids[who],
                "authored_at": moments[sitting, who],
                "language": people.language.take(pa.array(who)),
                **_name_modules(sittings, sitting),
                **_name_questions(question),
                **_name_answers(answer),
                **_write_values(question, answer, number),
            }
        ],
    )


def _narrow(places: Numbers, count: int) -> Numbers:
    """Positions in the smallest type that holds them, which sorts fastest."""
    return places.astype(np.min_scalar_type(max(count - 1, 0)))


def _join_numbers(blocks: Sequence[Block], lengths: Sequence[int]) -> Floats:
    """Numbers of all blocks one after the other; NaN where a block has none."""
    joined = np.full(sum(lengths), np.nan)
    ends = np.cumsum(lengths)
    for block, end in zip(blocks, ends, strict=True):
        if block.number is not None:
            joined[end - len(block.number) : end] = block.number
    return joined


def _number_rows(response_set: Ints) -> pa.Array:
    """Ids of the answers: within each set they are counted from one."""
    rows = np.arange(len(response_set), dtype=np.int64)
    starts = np.concatenate([[True], response_set[1:] != response_set[:-1]])
    first = np.maximum.accumulate(np.where(starts, rows, 0))
    return pa.array(response_set * ANSWERS_OF_A_SET + rows - first + 1).cast(pa.string())


def _take(texts: Sequence[str], places: Numbers) -> pa.Array:
    return pc.take(pa.array(texts, pa.string()), pa.array(places))


def _name_modules(sittings: Sequence[Sitting], places: Numbers) -> dict[str, Any]:
    modules = [one.module for one in sittings]
    return {
        "module": _take([module.code for module in modules], places),
        "module_concept_id": np.array([module.concept for module in modules])[places],
        "version": _take([module.version for module in modules], places),
    }


def _name_questions(places: Numbers) -> dict[str, Any]:
    codes, concepts, _ = _question_columns()
    return {
        "question_concept_id": concepts[places],
        "question_code": pc.take(codes, pa.array(places)),
    }


def _name_answers(places: Numbers) -> dict[str, Any]:
    codes, concepts = _answer_columns()
    rows = pa.array(places)
    return {
        "answer_concept_id": pc.take(concepts, rows),
        "answer_code": pc.take(codes, rows),
    }


def _write_values(question: Numbers, answer: Numbers, number: Floats) -> dict[str, Any]:
    """Numbers, dates and placeholders of questions that have no answers to choose from."""
    _, _, kinds = _question_columns()
    free = np.flatnonzero(answer == NO_ANSWER)
    kind = kinds[question[free]]
    numeric = free[kind == Kind.NUMBER]
    values = np.full(len(answer), np.nan)
    values[numeric] = number[numeric]
    dates = number[free[kind == Kind.DATE]].astype("datetime64[D]")
    texts = np.full(len(free[kind != Kind.NUMBER]), PLACEHOLDER)
    texts[kind[kind != Kind.NUMBER] == Kind.DATE] = np.datetime_as_string(dates)
    rows = np.full(len(answer), -1)
    rows[free[kind != Kind.NUMBER]] = np.arange(len(texts))
    return {
        "answer_number": pa.array(values, from_pandas=True),
        "answer_text": pc.take(pa.array(texts, pa.string()), pa.array(rows, mask=rows < 0)),
    }


@cache
def _question_columns() -> tuple[pa.Array, Ints, NDArray[np.str_]]:
    questions = load_pack().questions
    return (
        pa.array([question.code for question in questions], pa.string()),
        np.array([question.concept for question in questions]),
        np.array([question.kind.value for question in questions]),
    )


@cache
def _answer_columns() -> tuple[pa.Array, pa.Array]:
    answers = load_pack().answers
    return (
        pa.array([answer.code or None for answer in answers], pa.string()),
        pa.array([answer.concept for answer in answers], pa.int64()),
    )
