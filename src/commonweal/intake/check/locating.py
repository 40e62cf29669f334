"""Asks the rows of one table, in SQL over what the columnar pass kept, and locates the answers.

Every question is counted exactly. Where it is answered is looked up only when it is, and only
as often as the report shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.intake.check.columnar import ROW
from commonweal.intake.check.file import Checked
from commonweal.intake.findings import MAX_EXAMPLES, Example, Finding, build_finding
from commonweal.schema.model import Field


@dataclass(frozen=True)
class RowRule:
    """One question to a column: the rows for which ``condition`` (SQL) holds are at fault."""

    code: str
    field: Field
    condition: str
    detail: str = ""


@dataclass(frozen=True)
class Locator:
    """One table that was read, and how it is asked."""

    engine: Engine
    checked: Checked
    show_values: bool = False

    @property
    def name(self) -> str:
        return self.checked.table.name

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields whose columns were sent."""
        return tuple(f for f in self.checked.table.fields if f.name in self.checked.columns)

    def ask(self, rules: Sequence[RowRule], *, source: str = "") -> Iterator[Finding]:
        """Put all rules to the rows in one pass.

        ``source`` is SQL for after FROM in which the table is called ``t`` and every row of
        it stands once; the table alone unless given.
        """
        if not rules:
            return
        source = source or f"{quoted(self.name)} AS t"
        counts = ", ".join(f"count(*) FILTER ({rule.condition})" for rule in rules)
        (counted,) = self.engine.rows(f"SELECT {counts} FROM {source}")
        for rule, count in zip(rules, counted, strict=True):
            if count:
                column = quoted(rule.field.name)
                rows = f"SELECT t.{ROW}, t.{column} FROM {source} WHERE {rule.condition}"
                yield self.finding(rule.code, rule.field, count, rows, detail=rule.detail)

    def count(self, condition: str) -> int:
        return int(self.engine.value(f"SELECT count(*) FROM {quoted(self.name)} WHERE {condition}"))

    def finding(
        self, code: str, field: Field, count: int, rows: str, *, detail: str = ""
    ) -> Finding:
        """A finding with its first places; ``rows`` is SQL for row numbers and cells."""
        first = self.engine.rows(f"{rows} ORDER BY {ROW} LIMIT {MAX_EXAMPLES}")
        return build_finding(
            code,
            file=self.checked.report.file,
            table=self.name,
            column=field.name,
            count=count,
            detail=detail,
            examples=tuple(self._example(row, value) for row, value in first),
        )

    def mention(self, code: str, *, count: int, column: str = "", detail: str = "") -> Finding:
        """A finding about the file as a whole, which no row can be shown for."""
        return build_finding(
            code,
            file=self.checked.report.file,
            table=self.name,
            column=column,
            count=count,
            detail=detail,
        )

    def _example(self, row: int, value: object) -> Example:
        lines = self.checked.lines
        record, line = lines.place(row) if lines else (row, row)
        return Example(line, record, str(value) if self.show_values else None)
