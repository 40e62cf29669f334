"""One survey filled in by all who sit at it, question after question.

A question is shown when an earlier answer calls for it; what is shown is answered or left
blank, and what is not shown leaves no trace.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags, Floats, Ints
from commonweal.synthetic.feeds.survey.details import Details
from commonweal.synthetic.feeds.survey.model import Model
from commonweal.synthetic.feeds.survey.pack import (
    HIDDEN,
    NO_ANSWER,
    SKIP,
    SKIPPED,
    Kind,
    Parent,
    Places,
    Question,
    Role,
)
from commonweal.synthetic.feeds.survey.scale import mix, share_below

FIRST_YEARS = 12
"""Age before which nobody began what is counted in years."""


@dataclass(frozen=True)
class Block:
    """Answers to one question, in the order of the people who gave them."""

    question: int
    """Row in the table of questions."""
    who: Places
    """Positions of people; who gave several answers is there several times."""
    answer: Places
    """Rows in the table of answers."""
    number: Floats | None = None
    """The number or the day (since 1970) that was given."""


@dataclass
class Sheet:
    """The answers so far, as far as later questions depend on them."""

    details: Details
    stream: str
    single: dict[str, Ints] = field(default_factory=dict)
    """Position of the answer of each person, ``SKIPPED`` or ``HIDDEN``."""
    several: dict[str, tuple[Flags, Flags]] = field(default_factory=dict)
    """Whether each person chose each answer, and who left the question blank."""
    numbers: dict[str, Floats] = field(default_factory=dict)
    """Numbers given; NaN where none was."""

    def answer(self, question: Question) -> Iterator[Block]:
        """The rows of one question."""
        at = self._shown(question)
        if len(at):
            yield from self._answer(question, at)
        elif question.has_children:
            self._hide(question)

    def _answer(self, question: Question, at: Ints) -> Iterator[Block]:
        match question.kind:
            case Kind.SINGLE:
                return self._answer_single(question, at)
            case Kind.MULTIPLE:
                return self._answer_several(question, at)
            case Kind.NUMBER | Kind.DATE:
                return self._answer_number(question, at)
            case Kind.TEXT:
                return self._answer_text(question, at)

    def _shown(self, question: Question) -> Ints:
        """Positions at the sitting of those who see the question."""
        everybody = len(self.details)
        shown = np.ones(everybody, dtype=np.bool_)
        if question.parents:
            shown = np.any([self._calls(parent) for parent in question.parents], axis=0)
        if question.asked_of:
            shown &= self.details.flags(question.asked_of)
        return np.flatnonzero(shown)

    def _calls(self, parent: Parent) -> Flags:
        """Whose answer to the parent shows the child."""
        if parent.above is not None:
            return np.asarray(self.numbers[parent.code] > parent.above)
        if parent.code in self.single:
            return np.asarray(parent.shows[self.single[parent.code]])
        chosen, blank = self.several[parent.code]
        calls = np.any(chosen[:, parent.shows[:HIDDEN]], axis=1)
        return np.asarray(calls | blank if parent.shows[SKIPPED] else calls)

    def _hide(self, question: Question) -> None:
        everybody = len(self.details)
        if question.kind is Kind.SINGLE:
            self.single[question.code] = np.full(everybody, HIDDEN)
        elif question.kind is Kind.MULTIPLE:
            chosen = np.zeros((everybody, len(question.answers)), dtype=np.bool_)
            self.several[question.code] = chosen, np.zeros(everybody, dtype=np.bool_)
        else:
            self.numbers[question.code] = np.full(everybody, np.nan)

    def _luck(self, question: Question, at: Ints, counter: int | Ints = 0) -> Floats:
        ids = self.details.ids[at]
        keys = ids[:, np.newaxis] if isinstance(counter, np.ndarray) else ids
        return self.details.plan.draws.uniform(f"{self.stream}/{question.code}", keys, counter)

    def _mix(self, model: Model, at: Ints, luck: Floats) -> Floats:
        """Luck, together with the trait that matters."""
        if not model.trait:
            return luck
        trait = self.details.trait(model.trait)[at]
        trait = 1 - trait if model.reverse else trait
        return mix(model.loading, trait if luck.ndim == 1 else trait[:, np.newaxis], luck)

    def _answer_single(self, question: Question, at: Ints) -> Iterator[Block]:
        special, luck = _draw_special(question, self._luck(question, at))
        model = question.model
        chosen = np.full(len(at), SKIPPED)
        if len(model.order):
            rank = np.searchsorted(model.edges, self._mix(model, at, luck), side="right")
            chosen = model.order[rank]
        for place in reversed(range(len(question.answers))):
            if detail := question.answers[place].detail:
                chosen = np.where(self.details.flags(detail)[at], place, chosen)
        chosen = np.where(special == HIDDEN, chosen, special)
        if question.has_children:
            self.single[question.code] = np.full(len(self.details), HIDDEN)
            self.single[question.code][at] = chosen
        yield Block(question.place, self.details.whom[at], _rows_of(question)[chosen])

    def _answer_several(self, question: Question, at: Ints) -> Iterator[Block]:
        special, luck = _draw_special(question, self._luck(question, at))
        chosen = self._choose_several(question, at, luck)
        chosen &= (special == HIDDEN)[:, np.newaxis]
        refused = np.flatnonzero(special >= 0)
        chosen[refused, special[refused]] = True
        blank = ~np.any(chosen, axis=1)
        if question.has_children:
            self._hide(question)
            all_chosen, all_blank = self.several[question.code]
            all_chosen[at], all_blank[at] = chosen, blank
        who, place = np.nonzero(chosen)
        yield Block(question.place, self.details.whom[at[who]], _rows_of(question)[place])
        yield self._blank(question, at[blank])

    def _choose_several(self, question: Question, at: Ints, luck: Floats) -> Flags:
        model, answers = question.model, question.answers
        chosen = np.zeros((len(at), len(answers)), dtype=np.bool_)
        if len(model.order):
            each = self._luck(question, at, np.arange(1, len(model.order) + 1))
            chosen[:, model.order] = self._mix(model, at, each) >= model.edges
        for place, answer in enumerate(answers):
            if answer.detail:
                chosen[:, place] = self.details.flags(answer.detail)[at]
        none = ~np.any(chosen, axis=1)
        if model.one and len(model.order):
            first = np.searchsorted(np.cumsum(model.shares), luck * np.sum(model.shares), "right")
            first = np.minimum(first, len(model.order) - 1)
            chosen[np.flatnonzero(none), model.order[first[none]]] = True
        exclusive = question.places(Role.EXCLUSIVE)
        if exclusive and model.none_is_said:
            plain = np.any(np.delete(chosen, exclusive, axis=1), axis=1)
            chosen[:, exclusive] &= ~plain[:, np.newaxis]
            chosen[~np.any(chosen, axis=1), exclusive[0]] = True
        return chosen

    def _answer_number(self, question: Question, at: Ints) -> Iterator[Block]:
        model = question.model
        blank, luck = _split(self._luck(question, at), model.skip)
        mixed = share_below(model.loading, self._mix(model, at, luck))
        steps = np.linspace(0, 1, len(model.values))
        values = np.round(np.interp(mixed, steps, model.values))
        if question.kind is Kind.DATE:
            values = self._days_before(at, values)
        else:
            values = np.fmin(
                np.fmax(values, self._limit(model.floor)[at]), self._limit(model.cap)[at]
            )
            values = np.clip(values, question.low, question.high)
        self.numbers[question.code] = np.full(len(self.details), np.nan)
        self.numbers[question.code][at] = np.where(blank, np.nan, values)
        who = self.details.whom[at[~blank]]
        yield Block(
            question.place, who, np.full(len(who), NO_ANSWER, dtype=np.int32), values[~blank]
        )
        yield self._blank(question, at[blank])

    def _limit(self, said: str) -> Floats:
        """A limit of numbers: an age, an earlier answer, or one less the other; NaN for none."""
        first, _, less = said.partition("-")
        limit = self._term(first)
        return np.asarray(limit - np.fmax(self._term(less), FIRST_YEARS) if less else limit)

    def _term(self, said: str) -> Floats:
        if said in ("age", "years"):
            return np.floor(self.details.age) - (FIRST_YEARS if said == "years" else 0)
        return self.numbers.get(said, np.full(len(self.details), np.nan))

    def _days_before(self, at: Ints, days: Floats) -> Floats:
        """Days since 1970 of what was so many days before the sitting, never before birth."""
        today = self.details.day[at].astype("datetime64[D]").astype(np.float64)
        born = self.details.of(self.details.people.born)[at].astype(np.float64)
        return np.maximum(today - days, born)

    def _answer_text(self, question: Question, at: Ints) -> Iterator[Block]:
        blank, _ = _split(self._luck(question, at), question.model.skip)
        who = self.details.whom[at[~blank]]
        yield Block(question.place, who, np.full(len(who), NO_ANSWER, dtype=np.int32))
        yield self._blank(question, at[blank])

    def _blank(self, question: Question, at: Ints) -> Block:
        return Block(question.place, self.details.whom[at], np.full(len(at), SKIP, dtype=np.int32))


def _rows_of(question: Question) -> Places:
    """Rows of the table of answers by position; the last one is the skip."""
    return np.array([*(answer.place for answer in question.answers), SKIP], dtype=np.int32)


def _split(luck: Floats, share: float) -> tuple[Flags, Floats]:
    """Whom the first ``share`` of luck hits, and what is left of it, uniform again."""
    return luck < share, np.maximum(luck - share, 0) / (1 - share)


def _draw_special(question: Question, luck: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Who leaves the question blank, refuses or does not know; ``HIDDEN`` for the others."""
    model = question.model
    shares, places = [model.skip], [SKIPPED]
    for role, share in ((Role.REFUSAL, model.refusal), (Role.UNSURE, model.unsure)):
        for place in question.places(role):
            shares.append(share)
            places.append(place)
    rank = np.searchsorted(np.cumsum(shares), luck, side="right")
    total = sum(shares)
    special = np.array([*places, HIDDEN])[rank]
    return special, np.maximum(luck - total, 0) / (1 - total)
