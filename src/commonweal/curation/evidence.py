"""Counts and evidence: what a stage did to every table, rule by rule, and the proof of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from commonweal.curation.binding import RECORD, SITE
from commonweal.curation.compiler import DROP, Tracked
from commonweal.curation.relation import ROW_KEY
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text
from commonweal.schema.errors import CommonwealError

ROWS_PER_SITE = 1 << 44
"""How many records a site's file may have: ``_row`` is site number times this, plus record."""

EVIDENCE_COLUMNS = ("rule", "action", SITE, RECORD, "column", "before")


class InvariantError(CommonwealError):
    """A stage did not do what its counts say; nothing of it is kept."""


@dataclass(frozen=True)
class RuleCount:
    """What one rule did to the rows of one table."""

    table: str
    rule: str
    rows_in: int
    dropped: int
    changed: int
    added: int
    rows_out: int

    def __post_init__(self) -> None:
        if self.rows_in - self.dropped + self.added != self.rows_out:
            raise InvariantError(
                f"{self.rule} on {self.table}: {self.rows_in:,} in, {self.dropped:,} dropped, "
                f"{self.added:,} added, {self.rows_out:,} out.",
                expected="in − dropped + added = out",
            )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_counts(counts: Sequence[RuleCount], *, rows_in: int, rows_written: int) -> None:
    """Raise unless a table's rules hand every row on, and the file holds what is left.

    Raises:
        InvariantError: rows appeared or vanished between two rules, or in writing.
    """
    rows = rows_in
    for count in counts:
        if count.rows_in != rows:
            raise InvariantError(
                f"{count.rule} on {count.table} began with {count.rows_in:,} rows.",
                expected=f"the {rows:,} that the rule before left",
            )
        rows = count.rows_out
    if rows != rows_written:
        table = counts[0].table if counts else "a table without rules"
        raise InvariantError(
            f"{rows_written:,} rows of {table} were written.",
            expected=f"the {rows:,} that its rules left",
        )


def dropped_by(rules: Sequence[str], hits: str) -> str:
    """SELECT of evidence for rows that a scan dropped; ``rules`` by step number."""
    rule = f"list_extract({_texts(rules)}, {DROP} + 1)"
    return _of_rows(rule, "drop", f"{hits} WHERE {DROP} IS NOT NULL")


def listed(rule: str, action: str, rows: str) -> str:
    """SELECT of evidence for every ``_row`` of a relation."""
    return _of_rows(quoted_text(rule), action, rows)


def changed_by(tracked: Tracked, hits: str) -> str:
    """SELECT of evidence for rows that one change of a scan hit, with the value before."""
    return (
        f"SELECT {quoted_text(tracked.rule)} AS rule, 'set' AS action, {ROW_KEY}, "
        f'{quoted_text(tracked.change.column)} AS "column", '
        f"CAST({tracked.was} AS VARCHAR) AS before FROM {hits} WHERE {tracked.hit}"
    )


def _of_rows(rule: str, action: str, rows: str) -> str:
    nothing = "CAST(NULL AS VARCHAR)"
    return (
        f"SELECT {rule} AS rule, '{action}' AS action, {ROW_KEY}, "
        f'{nothing} AS "column", {nothing} AS before FROM {rows}'
    )


def row_key(sites: Sequence[str]) -> str:
    """SQL of ``_row``: one number that orders as (site, record) does."""
    return f"list_position({_texts(sites)}, {SITE}) * {ROWS_PER_SITE} + {RECORD}"


def write_evidence(engine: Engine, parts: Iterable[str], sites: Sequence[str], file: Path) -> int:
    """Write a table's evidence, with rows named by site and record; return how much there is."""
    nothing = _of_rows("''", "drop", f"(SELECT CAST(0 AS BIGINT) AS {ROW_KEY}) AS q WHERE FALSE")
    union = " UNION ALL ".join([nothing, *parts])
    named = (
        f"SELECT rule, action, list_extract({_texts(sites)}, {ROW_KEY} // {ROWS_PER_SITE}) AS "
        f'{quoted(SITE)}, {ROW_KEY} % {ROWS_PER_SITE} AS {quoted(RECORD)}, "column", before '
        f"FROM ({union}) AS q"
    )
    file.parent.mkdir(exist_ok=True)
    return engine.write_parquet(named, file, order_by=EVIDENCE_COLUMNS)


def check_evidence(engine: Engine, evidence: str, counts: Iterable[RuleCount]) -> None:
    """Raise unless the evidence of a table names as many rows as its rules say they moved.

    ``evidence`` is the relation that was written, so the counts are measured and not believed.

    Raises:
        InvariantError: a rule dropped or added more or fewer rows than it left evidence of.
    """
    measured = engine.rows(
        f"SELECT rule, action, count(DISTINCT ({SITE}, {RECORD})) FROM {evidence} "
        "WHERE action IN ('drop', 'add') GROUP BY rule, action"
    )
    found = {(rule, action): rows for rule, action, rows in measured}
    for count in counts:
        for action, said in (("drop", count.dropped), ("add", count.added)):
            if (rows := found.get((count.rule, action), 0)) != said:
                raise InvariantError(
                    f"{count.rule} on {count.table} counted {said:,} rows to {action}.",
                    expected=f"the {rows:,} different rows of which there is evidence",
                )


def _texts(texts: Sequence[str]) -> str:
    return f"CAST([{', '.join(map(quoted_text, texts))}] AS VARCHAR[])"
