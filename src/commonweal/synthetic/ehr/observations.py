"""The table ``observation``: what people said, scores, and what is known of their past."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.ehr.calendar import Calendar
from commonweal.synthetic.ehr.effects import Causes, shift_values
from commonweal.synthetic.ehr.orders import Occasions, Orders, draw_orders, list_orders
from commonweal.synthetic.ehr.records import Rows
from commonweal.synthetic.ehr.visits import ENCOUNTER, Visits, dictionary, number_rows
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.people.diseases import OBESE_FROM

HISTORY, LASTING = "history", "lasting"


@dataclass(frozen=True)
class Questions:
    """One entry of each array for each row of ``observations.csv``: orders, then histories."""

    concepts: Ints
    is_lasting: Flags
    """Whose answer never changes."""
    answers: tuple[str, ...]
    first_answer: Ints
    """Position in ``answers`` of the first one of each; one more entry, for the end."""
    edges: Floats
    """Of every answer: the number of its question, plus the shares up to it."""
    mean: Floats
    """NaN where no number is asked for."""
    spread: Floats
    low: Floats
    high: Floats


@cache
def get_questions() -> tuple[Orders, Sequence[Fact], Questions]:
    """Orders made at visits, what may be known of persons, and the questions of both."""
    rows = read_facts("observations.csv")
    orders = list_orders([row for row in rows if row["course"] != HISTORY])
    histories = [row for row in rows if row["course"] == HISTORY]
    return orders, histories, _questions([*orders.rows, *histories])


def _questions(rows: Sequence[Fact]) -> Questions:
    split = [[a.rsplit(":", 1) for a in row["answers"].split("|") if a] for row in rows]
    edges = [
        number + np.cumsum([float(share) for _, share in answers])
        for number, answers in enumerate(split)
        if answers
    ]
    counts = [len(answers) for answers in split]
    return Questions(
        concepts=np.array([int(row["observation_concept_id"]) for row in rows], dtype=np.int64),
        is_lasting=np.array([row["course"] == LASTING for row in rows]),
        answers=tuple(text for answers in split for text, _ in answers),
        first_answer=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        edges=np.concatenate(edges),
        **{
            name: np.array([float(row[column] or "nan") for row in rows])
            for name, column in (
                ("mean", "mean"),
                ("spread", "sd"),
                ("low", "low"),
                ("high", "high"),
            )
        },
    )


def observation_rows(draws: Draws, visits: Visits, occasions: Occasions, causes: Causes) -> Rows:
    """Observations made at visits; what is known of the past stands at the first one."""
    calendar = visits.calendar
    orders, histories, questions = get_questions()
    visit, question = draw_orders(draws, "observation", orders, occasions, calendar)
    first, known = _histories(draws, calendar, histories)
    number = len(questions.concepts)
    keys = np.concatenate([visit * number + question, first * number + len(orders) + known])
    visit, question = np.divmod(np.sort(keys), number)
    ids, fits = number_rows(visits, visit)
    ids, visit, question = ids[fits], visit[fits], question[fits]
    value = _numbers(draws, calendar, causes, visit, question)
    return Rows(
        patient=calendar.patient[visit],
        columns={
            "observation_id": ids,
            "person_id": visits.person[visit],
            "observation_concept_id": questions.concepts[question],
            "observation_date": calendar.day[visit],
            "observation_datetime": visits.begun[visit],
            "observation_type_concept_id": ENCOUNTER,
            "value_as_number": pa.array(value, mask=np.isnan(value)),
            "value_as_string": _answers(draws, calendar, visit, question),
            "visit_occurrence_id": visits.ids[visit],
        },
    )


def _histories(draws: Draws, calendar: Calendar, histories: Sequence[Fact]) -> tuple[Ints, Ints]:
    """First visits of the patients of whom something is known, and what."""
    patients = calendar.patients
    body = patients.people.body
    words = {
        "everybody": np.ones(len(patients), dtype=np.bool_),
        "obese": patients.of_person(body.body_mass >= OBESE_FROM),
        "smoker": patients.of_person(body.smoker),
    }
    chance = np.array([float(row["chance"]) for row in histories])
    number = np.arange(len(histories), dtype=np.int64)
    luck = draws.uniform("history", patients.people.ids[patients.person][:, np.newaxis], number)
    may = np.stack([words[row["given"]] for row in histories], axis=1)
    seen = np.flatnonzero(calendar.first[1:] > calendar.first[:-1])
    visit = calendar.first[seen]
    youngest = np.array([float(row["youngest"]) for row in histories])
    of_age = calendar.age[visit][:, np.newaxis] >= youngest
    patient, known = np.nonzero((luck < chance)[seen] & may[seen] & of_age)
    return visit[patient], known


def _numbers(
    draws: Draws, calendar: Calendar, causes: Causes, visit: Ints, question: Ints
) -> Floats:
    """Scores, whole; NaN where no number is asked for."""
    questions = get_questions()[2]
    value = np.full(len(visit), np.nan)
    asked = np.flatnonzero(~np.isnan(questions.mean[question]))
    visit, question = visit[asked], question[asked]
    drawn = draws.normal(
        "score", calendar.ids[visit], questions.mean[question], questions.spread[question], question
    )
    for concept in np.unique(questions.concepts[question]):
        theirs = questions.concepts[question] == concept
        drawn[theirs] = shift_values(causes, int(concept), visit[theirs], drawn[theirs])
    value[asked] = np.round(np.clip(drawn, questions.low[question], questions.high[question]))
    return value


def _answers(draws: Draws, calendar: Calendar, visit: Ints, question: Ints) -> pa.Array:
    questions = get_questions()[2]
    first = questions.first_answer[question]
    count = questions.first_answer[question + 1] - first
    patients = calendar.patients
    person = patients.people.ids[patients.person[calendar.patient[visit]]]
    keys = np.where(questions.is_lasting[question], person, calendar.ids[visit])
    luck = question + draws.uniform("answer", keys, question)
    at = np.minimum(np.searchsorted(questions.edges, luck, side="right"), first + count - 1)
    return dictionary(np.where(count > 0, at, -1), questions.answers)
