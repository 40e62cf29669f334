"""Keys and dates over the whole folder: repeated, leading nowhere, back to front.

Everything here is a warning or a notice: the rows can be read, and curation decides what
becomes of them.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.intake.check.columnar import ROW
from commonweal.intake.check.dates import build_date_rules
from commonweal.intake.check.file import Checked
from commonweal.intake.check.kept import is_key
from commonweal.intake.check.repeats import count_repeats
from commonweal.intake.findings import MAX_EXAMPLES, Example, Finding, build_finding
from commonweal.schema.model import Field, Reference

PERSON = Reference("person", "person_id")
ONE_ROW_PER_PERSON = {
    "pii_name": "pii.person_without_name",
    "participant_match": "pii.person_without_match",
}


def check_keys(
    engine: Engine, checked: Mapping[str, Checked], *, today: date, show_values: bool = False
) -> dict[str, tuple[Finding, ...]]:
    """What is wrong with the keys and dates of each table that could be read.

    Nothing can have happened after ``today``.
    """
    readable = {name: table for name, table in checked.items() if table.keys is not None}
    for name, table in readable.items():
        engine.register_parquet(name, [table.keys] if table.keys else [])
    checks = [
        _KeyCheck(engine, table, readable, today=today, show_values=show_values)
        for table in readable.values()
    ]
    return {check.name: tuple(check.run()) for check in checks}


class _KeyCheck:
    """The checks of one table against the others."""

    def __init__(
        self,
        engine: Engine,
        checked: Checked,
        others: Mapping[str, Checked],
        *,
        today: date,
        show_values: bool,
    ) -> None:
        self._engine = engine
        self._checked = checked
        self._others = others
        self._today = today
        self._show_values = show_values
        self.name = checked.table.name

    def run(self) -> Iterator[Finding]:
        fields = [f for f in self._checked.table.fields if f.name in self._checked.columns]
        return chain(
            *(self._find_duplicates(field) for field in fields if field.primary_key),
            *(self._find_orphans(field) for field in fields if is_key(field)),
            self._find_untrue_dates(),
            self._find_missing_persons(),
        )

    def _find_duplicates(self, field: Field) -> Iterator[Finding]:
        key, table = quoted(field.name), quoted(self.name)
        surplus = self._count_repeats(field)
        if surplus:
            rows = (
                f"SELECT {ROW}, {key} FROM {table} SEMI JOIN (SELECT {key} FROM {table} "
                f"WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1) USING ({key}) "
                f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {ROW}) > 1"
            )
            yield self._finding("key.duplicate", field, surplus, rows)

    def _count_repeats(self, field: Field) -> int:
        key, keys = quoted(field.name), self._checked.keys
        counted = count_repeats(keys, field.name) if keys else 0
        if counted is not None:
            return counted
        table = quoted(self.name)
        return int(
            self._engine.value(f"SELECT count({key}) - count(DISTINCT {key}) FROM {table}")
        )

    def _find_orphans(self, field: Field) -> Iterator[Finding]:
        target = field.references
        if target is None:
            return
        key, is_person = quoted(field.name), target == PERSON
        given = f"{key} IS NOT NULL" if is_person else f"{key} IS NOT NULL AND {key} <> 0"
        other = self._others.get(target.table)
        if other is None or target.field not in other.columns:
            count = self._count(given)
            if count:
                yield self._not_checked(field, target, count)
            return
        orphans = (
            f"FROM {quoted(self.name)} ANTI JOIN {quoted(target.table)} AS target "
            f"ON {quoted(self.name)}.{key} = target.{quoted(target.field)} WHERE {given}"
        )
        count = self._engine.value(f"SELECT count(*) {orphans}")
        if count:
            code = "key.person_absent" if is_person else "key.orphan"
            yield self._finding(
                code, field, count, f"SELECT {ROW}, {key} {orphans}", detail=other.report.file
            )

    def _not_checked(self, field: Field, target: Reference, count: int) -> Finding:
        return build_finding(
            "key.not_checked",
            file=self._checked.report.file,
            table=self.name,
            column=field.name,
            count=count,
            detail=f"the table {target.table} is not in the folder or could not be read",
        )

    def _find_untrue_dates(self) -> Iterator[Finding]:
        """All questions about dates are counted in one pass; places are looked for if need be."""
        table, columns = self._checked.table, self._checked.columns
        rules = list(build_date_rules(table, columns, self._today))
        if not rules:
            return
        counts = ", ".join(f"count(*) FILTER ({rule.condition})" for rule in rules)
        (counted,) = self._engine.rows(f"SELECT {counts} FROM {quoted(self.name)}")
        for rule, count in zip(rules, counted, strict=True):
            if count:
                rows = f"SELECT {ROW}, {quoted(rule.field.name)} FROM {quoted(self.name)}"
                yield self._finding(
                    rule.code,
                    rule.field,
                    count,
                    f"{rows} WHERE {rule.condition}",
                    detail=rule.detail,
                )

    def _find_missing_persons(self) -> Iterator[Finding]:
        """Persons without the row that PII tables hold for each of them."""
        code = ONE_ROW_PER_PERSON.get(self.name)
        if code is None or "person" not in self._others:
            return
        count = self._engine.value(
            f"SELECT count(*) FROM person ANTI JOIN {quoted(self.name)} USING (person_id)"
        )
        if count:
            yield build_finding(code, file=self._checked.report.file, table=self.name, count=count)

    def _count(self, condition: str) -> int:
        return int(
            self._engine.value(f"SELECT count(*) FROM {quoted(self.name)} WHERE {condition}")
        )

    def _finding(
        self, code: str, field: Field, count: int, rows: str, *, detail: str = ""
    ) -> Finding:
        first = self._engine.rows(f"{rows} ORDER BY {ROW} LIMIT {MAX_EXAMPLES}")
        return build_finding(
            code,
            file=self._checked.report.file,
            table=self.name,
            column=field.name,
            count=count,
            detail=detail,
            examples=tuple(self._example(row, value) for row, value in first),
        )

    def _example(self, row: int, value: object) -> Example:
        lines = self._checked.lines
        record, line = lines.place(row) if lines else (row, row)
        return Example(line, record, str(value) if self._show_values else None)
