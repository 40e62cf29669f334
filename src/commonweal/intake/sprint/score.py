"""The score of concept mapping: for each column of concepts, each question, a share of rows.

The vocabulary in force decides. A concept that it does not have is neither standard nor of any
domain for it, and is counted as unknown, so that a poor score can be told from a small
vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.intake.sprint.questions import Question, ScoredColumn, list_scored
from commonweal.vocabulary.views import VocabularyViews

NOT_MAPPED = 0


@dataclass(frozen=True)
class Share:
    """So many of so many rows."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """The share; None where nothing was asked about."""
        return self.numerator / self.denominator if self.denominator else None

    def __str__(self) -> str:
        """In percent, rounded down, so that what is short of a goal never looks like it."""
        if self.value is None:
            return ""
        return f"{self.numerator * 1000 // self.denominator / 10:.1f}%"

    def to_json(self) -> dict[str, Any]:
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "share": self.value,
        }


@dataclass(frozen=True)
class ColumnScore:
    """The answers for one column. ``unknown`` are mapped rows the vocabulary cannot judge."""

    column: ScoredColumn
    rows: int
    unknown: int
    shares: Mapping[Question, Share]

    @property
    def below(self) -> tuple[Question, ...]:
        """The questions whose answer is below its target."""
        return tuple(
            question
            for question, share in self.shares.items()
            if share.value is not None and share.value < self.column.targets[question]
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.column.table,
            "column": self.column.concept,
            "domain": self.column.domain,
            "rows": self.rows,
            "unknown": self.unknown,
            "goal": self.column.is_goal,
            "shares": {str(q): share.to_json() for q, share in self.shares.items()},
            "targets": {str(q): target for q, target in self.column.targets.items()},
            "below": [str(q) for q in self.below],
        }


def score_table(
    engine: Engine, table: str, view: str, vocabulary: VocabularyViews
) -> tuple[ColumnScore, ...]:
    """Score every column of a table that is scored; ``view`` holds its rows as text."""
    return tuple(
        _score(engine, column, view, vocabulary)
        for column in list_scored()
        if column.table == table
    )


def is_mapped(scores: tuple[ColumnScore, ...]) -> bool:
    """Whether a table has rows and each of its goals reaches its targets."""
    goals = [score for score in scores if score.column.is_goal]
    return bool(goals) and all(score.rows and not score.below for score in goals)


def _score(
    engine: Engine, column: ScoredColumn, view: str, vocabulary: VocabularyViews
) -> ColumnScore:
    (answers,) = engine.rows(_score_sql(column, view, vocabulary))
    rows, mapped, unknown, standard, domain, judged, agreed, listed = map(int, answers)
    shares = {
        Question.MAPPED: Share(mapped, rows),
        Question.STANDARD: Share(standard, mapped),
        Question.DOMAIN: Share(domain, mapped),
        Question.AGREEMENT: Share(agreed, judged),
        Question.LISTED: Share(listed, rows),
    }
    return ColumnScore(column, rows, unknown, {q: shares[q] for q in column.questions})


def _score_sql(column: ScoredColumn, view: str, vocabulary: VocabularyViews) -> str:
    """One row of eight sums over the different pairs of a concept and its source concept."""
    standard = "c.standard_concept = 'S' AND c.invalid_reason IS NULL"
    domain = f"c.domain_id = {quoted_text(column.domain)}"
    if column.vocabulary:
        domain += f" AND c.vocabulary_id = {quoted_text(column.vocabulary)}"
    values = ", ".join(map(str, column.values)) or "NULL"
    listed = f"p.concept IN ({values}) OR ({standard} AND {domain})"
    conditions = (
        f"p.concept <> {NOT_MAPPED}",
        f"p.concept <> {NOT_MAPPED} AND c.concept_id IS NULL",
        f"p.concept <> {NOT_MAPPED} AND {standard}",
        f"p.concept <> {NOT_MAPPED} AND {domain}",
        f"p.concept <> {NOT_MAPPED} AND m.source IS NOT NULL",
        f"p.concept <> {NOT_MAPPED} AND list_contains(m.targets, p.concept)",
        listed,
    )
    sums = ", ".join(f"coalesce(sum(p.n) FILTER ({condition}), 0)" for condition in conditions)
    return (
        f"WITH p AS ({_pairs_sql(column, view)}), m AS (SELECT source, list(target) AS targets "
        f"FROM ({maps_sql(vocabulary)}) SEMI JOIN p USING (source) GROUP BY source) "
        f"SELECT coalesce(sum(p.n), 0), {sums} FROM p "
        f"LEFT JOIN {vocabulary.concept_sql} c ON c.concept_id = p.concept "
        "LEFT JOIN m ON m.source = p.source"
    )


def _pairs_sql(column: ScoredColumn, view: str) -> str:
    where = f"WHERE {quoted(column.only_where)} IS NOT NULL" if column.only_where else ""
    return (
        f"SELECT coalesce(TRY_CAST({quoted(column.concept)} AS BIGINT), {NOT_MAPPED}) AS concept, "
        f"{source_sql(column)} AS source, count(*) AS n FROM {quoted(view)} {where} GROUP BY ALL"
    )


def source_sql(column: ScoredColumn) -> str:
    """The source concept of a row; null where there is none, which some write as 0."""
    if column.source_concept is None:
        return "CAST(NULL AS BIGINT)"
    return f"nullif(TRY_CAST({quoted(column.source_concept)} AS BIGINT), {NOT_MAPPED})"


def maps_sql(vocabulary: VocabularyViews) -> str:
    """Pairs of a ``source`` concept and a ``target`` that it maps to.

    A standard concept that no relationship is given for maps to itself.
    """
    itself = (
        "SELECT concept_id AS source, concept_id AS target "
        f"FROM {vocabulary.concept_sql} WHERE standard_concept = 'S' AND invalid_reason IS NULL"
    )
    if vocabulary.relationship is None:
        return itself
    mapped = (
        "SELECT concept_id_1 AS source, concept_id_2 AS target "
        f"FROM {quoted(vocabulary.relationship)} "
        "WHERE relationship_id = 'Maps to' AND invalid_reason IS NULL"
    )
    return f"{mapped} UNION ALL {itself} AND concept_id NOT IN (SELECT source FROM ({mapped}))"
