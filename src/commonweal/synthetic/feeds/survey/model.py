"""How often each answer is given, and which trait of the person it goes with.

``models.csv`` has a pattern of question codes on each line; the first that fits counts.
``shares`` are percentages of the plain answers in the order of their scale, ``*9`` for 9 each,
or ``code=share`` in the order in which the trait grows; for numbers and dates (days before the
sitting) they are the values at equal steps of the distribution. Several
answers are given as ``how`` says: ``each`` by itself and maybe none, ``some`` the same but one
at least, or ``one`` and seldom another; ``blank`` leaves the question blank where none fits,
although it has an answer for that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Floats, Ints
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.feeds.survey.scale import edges_between, quantiles

SKIP, REFUSAL, UNSURE = 1.5, 0.8, 1.5
"""Percent of those who leave a question blank, refuse, or do not know, where no model says."""
LOADING = 0.6
EXTRA = 0.15
"""How much of its share an answer has beside another one."""
PLAIN, EXCLUSIVE = "", "only one"


@dataclass(frozen=True)
class Model:
    """How one question is answered; shares lie between 0 and 1."""

    trait: str
    """Name of the trait; empty when none matters."""
    loading: float
    reverse: bool
    """Whether the first answers are those of people in whom the trait is strong."""
    order: Ints
    """Positions of the answers that chance decides on, as the trait grows."""
    edges: Floats
    """Of one answer: where the mean of trait and chance goes from one to the next.

    Of several: for each in ``order`` the mean from which on it is chosen."""
    one: bool
    """Whether at least one of several answers is chosen."""
    none_is_said: bool
    """Whether who chooses none of several answers says so, where there is an answer for it."""
    shares: Floats
    """Share of each answer in ``order``; empty where no answer is by chance."""
    values: Floats
    """Of a number: values at equal steps of the distribution."""
    floor: str
    cap: str
    """Least and most of a number: ``age``, ``years`` of counting, the code of an earlier
    question, or one of them less such a code; empty for none."""
    skip: float
    refusal: float
    unsure: float


def find_model(code: str, kind: str, answers: Sequence[tuple[str, str]]) -> Model:
    """The model of a question, given code and role of its answers in their order.

    Raises:
        ValueError: the model has another number of shares than the question answers.
    """
    row = _find_row(code)
    trait = row["trait"]
    loading = float(row["loading"] or LOADING) if trait else 0.0
    shared = kind in {"single", "multiple"}
    one = row["how"] in {"one", "some"} or kind == "single"
    roles = {PLAIN, EXCLUSIVE} if one else {PLAIN}
    counted = [at for at, (_, role) in enumerate(answers) if role in roles]
    order, shares = _read_shares(row, code, answers, counted) if shared else (_NO_INTS, _NO_FLOATS)
    several = kind == "multiple"
    return Model(
        trait=trait.lstrip("-"),
        loading=loading,
        reverse=trait.startswith("-"),
        order=order,
        edges=_edges(loading, shares * (EXTRA if row["how"] == "one" else 1), several=several),
        one=one,
        none_is_said=row["how"] != "blank",
        shares=shares / 100,
        values=np.array(row["shares"].split() if kind in {"number", "date"} else [], dtype=float),
        floor=row["floor"],
        cap=row["cap"],
        skip=float(row["skip"] or SKIP) / 100,
        refusal=float(row["refusal"] or REFUSAL) / 100,
        unsure=float(row["unsure"] or UNSURE) / 100,
    )


_NO_INTS: Ints = np.zeros(0, dtype=np.int64)
_NO_FLOATS: Floats = np.zeros(0)
_COLUMNS = [
    "pattern",
    "how",
    "trait",
    "loading",
    "shares",
    "skip",
    "refusal",
    "unsure",
    "cap",
    "floor",
]
_NONE = dict.fromkeys(_COLUMNS, "")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Fact], ...]:
    return tuple((re.compile(row["pattern"]), row) for row in read_facts("surveys/models.csv"))


def _find_row(code: str) -> Fact:
    return next((row for pattern, row in _patterns() if pattern.fullmatch(code)), _NONE)


def _read_shares(
    row: Fact, code: str, answers: Sequence[tuple[str, str]], counted: Sequence[int]
) -> tuple[Ints, Floats]:
    """Positions of answers in the order in which a trait grows, and the percentage of each."""
    parts = row["shares"].split()
    if parts and parts[0].startswith("*"):
        parts = [parts[0][1:]] * len(counted)
    if any("=" in part for part in parts):
        ends = {answer.partition("_")[2]: at for at, (answer, _) in enumerate(answers)}
        ends |= {answer.rpartition("_")[2]: at for at, (answer, _) in enumerate(answers)}
        named = [part.split("=") for part in parts]
        return np.array([ends[name] for name, _ in named]), np.array([float(s) for _, s in named])
    if parts and len(parts) != len(counted):
        raise ValueError(f"{len(parts)} shares for {len(counted)} answers of {code}")
    return np.array(counted[: len(parts)], dtype=np.int64), np.array(parts, dtype=np.float64)


def _edges(loading: float, shares: Floats, *, several: bool) -> Floats:
    if not len(shares):
        return _NO_FLOATS
    if not several:
        return edges_between(loading, shares)
    return quantiles(loading, 1 - np.minimum(shares / 100, 1.0))
