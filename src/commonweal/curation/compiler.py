"""From bound steps to SQL: pure text, so that it can be read, hashed and tested.

A *scan* is a chain of SELECTs, one for each step, over the columns the steps read. It
never removes a row: it carries the number of the step that dropped it (``_drop``), and for
every change whether it hit the row (``_hit1`` …) and the value before (``_was1`` …). Rows
that no step touched are left out at the end, so what remains, the *hits*, is small.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from commonweal.curation.binding import BoundChange, BoundLookup, BoundStep
from commonweal.curation.expression import ROW
from commonweal.curation.relation import ROW_KEY
from commonweal.curation.rule import Kind
from commonweal.curation.stage import Segment
from commonweal.engine.sql import quoted

DROP = "_drop"


@dataclass(frozen=True)
class Tracked:
    """A change of a scan with the columns that follow it."""

    number: int
    change: BoundChange
    rule: str

    @property
    def hit(self) -> str:
        return f"_hit{self.number}"

    @property
    def was(self) -> str:
        return f"_was{self.number}"

    @property
    def new(self) -> str:
        return f"_new{self.number}"


@dataclass(frozen=True)
class Compiler:
    """Compiles segments, given how a text is filled in and where lookups are found."""

    fill: Callable[[str], str]
    """Replaces parameters by their values."""
    place: Callable[[BoundLookup], str]
    """The relation that holds a lookup's rows."""

    def hits(self, segment: Segment, source: str) -> str:
        """SELECT of the rows of ``source`` that a scan drops or changes."""
        columns = scanned_columns(segment)
        body, carried = f"SELECT {_names([ROW_KEY, *columns])}, {_no_drop()} FROM {source}", [DROP]
        for number, (step, changes) in enumerate(_with_changes(segment)):
            base = [ROW_KEY, *columns, *carried]
            body = (
                self._filtered(number, step, base, body)
                if step.kind is Kind.FILTER
                else self._changed(step, changes, base, body)
            )
            carried += [name for change in changes for name in (change.hit, change.was)]
        tracked = tracked_changes(segment)
        touched = " OR ".join([f"{DROP} IS NOT NULL", *(change.hit for change in tracked)])
        kept = [ROW_KEY, *written_columns(segment), *carried]
        return f"SELECT {_names(kept)} FROM ({body}) AS q WHERE {touched}"

    def rewritten(self, segment: Segment, source: str, columns: Sequence[str]) -> str:
        """SELECT of all rows of ``source`` with a counted map done, and where it hit."""
        ((step, changes),) = _with_changes(segment)
        return self._changed(step, changes, columns, f"SELECT {_names(columns)} FROM {source}")

    def _filtered(self, number: int, step: BoundStep, base: Sequence[str], body: str) -> str:
        keep = self.fill(step.keep.sql if step.keep else "TRUE")
        rest = ", ".join(f"{ROW}.{quoted(column)}" for column in base if column != DROP)
        return (
            f"SELECT {rest}, CASE WHEN {ROW}.{DROP} IS NULL AND ({keep}) IS NOT TRUE "
            f"THEN CAST({number} AS SMALLINT) ELSE {ROW}.{DROP} END AS {DROP} "
            f"FROM ({body}) AS {ROW}{self._joins(step)}"
        )

    def _changed(
        self, step: BoundStep, changes: Sequence[Tracked], base: Sequence[str], body: str
    ) -> str:
        """The step's columns worked out first, then put in place, so that none sees another."""
        alive = f"{ROW}.{DROP} IS NULL AND " if DROP in base else ""
        worked = [f"{ROW}.{quoted(column)}" for column in base]
        for tracked in changes:
            change = tracked.change
            to, when = self.fill(change.to.sql), self.fill(change.when.sql)
            differs = f"{ROW}.{quoted(change.column)} IS DISTINCT FROM ({to})"
            worked.append(f"CAST({to} AS {change.type.value}) AS {tracked.new}")
            worked.append(f"COALESCE({alive}({when}) AND {differs}, FALSE) AS {tracked.hit}")
        inner = f"SELECT {', '.join(worked)} FROM ({body}) AS {ROW}{self._joins(step)}"
        target = {tracked.change.column: tracked for tracked in changes}
        placed = [_placed(column, target) for column in base]
        extra = [f"{t.hit}, {quoted(t.change.column)} AS {t.was}" for t in changes]
        return f"SELECT {', '.join([*placed, *extra])} FROM ({inner}) AS q"

    def _joins(self, step: BoundStep) -> str:
        return "".join(
            f" LEFT JOIN {self.place(lookup)} AS {quoted(lookup.name)} ON "
            + " AND ".join(
                f"{quoted(lookup.name)}.{quoted(theirs)} = {ROW}.{quoted(ours)}"
                for theirs, ours in lookup.key.items()
            )
            for lookup in step.lookups
        )


def scanned_columns(segment: Segment) -> list[str]:
    """The columns a scan needs: nothing else is read from the file."""
    return sorted({column for step in segment.steps for column in step.row_reads} - {ROW_KEY})


def written_columns(segment: Segment) -> list[str]:
    return sorted({column for step in segment.steps for column in step.writes})


def tracked_changes(segment: Segment) -> list[Tracked]:
    """Every change of a scan, numbered from 1 in order."""
    return [tracked for _, changes in _with_changes(segment) for tracked in changes]


def _with_changes(segment: Segment) -> list[tuple[BoundStep, list[Tracked]]]:
    pairs, number = [], 0
    for step in segment.steps:
        changes = [Tracked(number + i, c, step.rule) for i, c in enumerate(step.changes, 1)]
        number += len(changes)
        pairs.append((step, changes))
    return pairs


def overlaid(segment: Segment, source: str, hits: str, columns: Iterable[str]) -> str:
    """SELECT of ``source`` as the scan that gave ``hits`` leaves it."""
    written = written_columns(segment)
    on = f"{hits} AS h ON h.{ROW_KEY} = {ROW}.{ROW_KEY}"
    if not written:
        return without(source, hits, columns)
    parts = [
        f"CASE WHEN h.{ROW_KEY} IS NULL THEN {ROW}.{name} ELSE h.{name} END AS {name}"
        if column in written
        else f"{ROW}.{name}"
        for column, name in ((column, quoted(column)) for column in columns)
    ]
    return f"SELECT {', '.join(parts)} FROM {source} AS {ROW} LEFT JOIN {on} WHERE h.{DROP} IS NULL"


def without(source: str, dropped: str, columns: Iterable[str]) -> str:
    """SELECT of the rows of ``source`` whose ``_row`` is not in ``dropped``."""
    names = ", ".join(f"{ROW}.{quoted(column)}" for column in columns)
    on = f"h.{ROW_KEY} = {ROW}.{ROW_KEY}"
    return f"SELECT {names} FROM {source} AS {ROW} ANTI JOIN {dropped} AS h ON {on}"


def _placed(column: str, target: dict[str, Tracked]) -> str:
    if column not in target:
        return quoted(column)
    tracked = target[column]
    name = quoted(column)
    return f"CASE WHEN {tracked.hit} THEN {tracked.new} ELSE {name} END AS {name}"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))


def _no_drop() -> str:
    return f"CAST(NULL AS SMALLINT) AS {DROP}"
