"""Runs a stage: hits first, then one sorted copy of every table, then the evidence.

For each table the rules are taken in segments. A scan finds its *hits* from the few columns
its rules read; the table as the scan leaves it is the table before, with the hits laid
over. Nothing is copied until the last segment: then the file is written once, sorted by a
unique key, and measured. Rows in, dropped, added and out must agree for every rule, with
the rows in the file and with the rows that the evidence names, or the stage is not kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonweal.curation.binding import LINEAGE, RECORD, SITE, BoundLookup, BoundStep
from commonweal.curation.compiler import (
    DROP,
    Compiler,
    overlaid,
    tracked_changes,
    without,
)
from commonweal.curation.describe import describe_plan, describe_rule
from commonweal.curation.evidence import (
    InvariantError,
    RuleCount,
    changed_by,
    check_counts,
    check_evidence,
    dropped_by,
    listed,
    row_key,
    write_evidence,
)
from commonweal.curation.expression import RuleError
from commonweal.curation.folder import TableFolder, digest_files, make_folder
from commonweal.curation.relation import ROW_KEY
from commonweal.curation.rule import Kind
from commonweal.curation.sources import Files, Scratch, Sources
from commonweal.curation.stage import Segment, Stage, StagePlan, TablePlan, plan_stage
from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted
from commonweal.schema.model import DataType, Table

Progress = Callable[[str, str], None]
"""Told the table and the rules, or the file, that are about to be worked on."""


@dataclass(frozen=True)
class StageResult(TableFolder):
    """A finished stage: its tables, its evidence and what every rule did."""

    @property
    def counts(self) -> tuple[RuleCount, ...]:
        return tuple(RuleCount(**count) for count in self.facts["counts"])

    def evidence(self, table: str) -> Path:
        """The Parquet file that says what happened to the rows of a table."""
        return self.folder / "evidence" / f"{table}.parquet"


def run_stage(
    engine: Engine,
    stage: Stage,
    inputs: Files,
    *,
    out: Path,
    parameters: Mapping[str, object] | None = None,
    relations: Files | None = None,
    progress: Progress | None = None,
) -> StageResult:
    """Run a stage over Parquet tables, or return it untouched when it was run before.

    Args:
        engine: where the work is done.
        stage: rules in order.
        inputs: table name: Parquet files with the columns of the stage's model, its extra
            columns and the lineage columns.
        out: folder in which the stage's own folder appears, named by its digest.
        parameters: values for the rules' parameters; the others keep their defaults.
        relations: Parquet files of the relations the stage is given from outside.
        progress: told of each piece of work.

    Raises:
        RuleError: a rule does not hold, or a parameter is missing or does not fit.
        InvariantError: the counts and the rows do not agree; nothing is kept.
        CommonwealError: an input lacks a column or a relation is not given.
    """
    plan = plan_stage(stage, inputs)
    values = settle_parameters(stage, parameters or {})
    recipe = {
        "title": stage.title,
        "inputs": digest_files(inputs),
        "relations": digest_files(relations or {}),
        "parameters": {name: _plain(value) for name, value in values.items()},
        "rules": [describe_rule(rule) for rule in stage.rules],
        "waivers": dict(stage.waivers),
        "plan": describe_plan(plan),
    }

    def write(folder: Path) -> tuple[dict[str, int], Any]:
        with Scratch(engine, "_stage") as scratch:
            sources = Sources(scratch, plan, inputs, relations or {}, values)
            return _write_tables(engine, plan, sources, folder, progress or _silent)

    return _as_result(make_folder(out, stage.name, recipe, write))


def settle_parameters(stage: Stage, given: Mapping[str, object]) -> dict[str, object]:
    """A value for every parameter of a stage, in the order of their names.

    Raises:
        RuleError: one is unknown, missing, of another type or out of bounds.
    """
    known = stage.parameters
    if unknown := sorted(set(given) - set(known)):
        raise RuleError(
            f"The stage {stage.name!r} has no parameter {', '.join(unknown)}.",
            expected=f"one of {', '.join(sorted(known))}",
        )
    values = {name: given.get(name, known[name].default) for name in sorted(known)}
    for name, value in values.items():
        known[name].check(value)
    return values


def _write_tables(
    engine: Engine, plan: StagePlan, sources: Sources, folder: Path, progress: Progress
) -> tuple[dict[str, int], Any]:
    rows: dict[str, int] = {}
    counts: list[RuleCount] = []
    evidence: dict[str, int] = {}
    for table in plan.tables:
        name = table.table.name
        file = folder / f"{name}.parquet"
        with Scratch(engine, "_table") as scratch:
            run = _TableRun(engine, scratch, sources, table, progress)
            run.run_segments()
            progress(name, "writing")
            rows[name] = engine.write_parquet(run.result(), file, order_by=order_of(table.table))
            check_counts(run.counts, rows_in=run.rows_in, rows_written=rows[name])
            kept = folder / "evidence" / f"{name}.parquet"
            evidence[name] = write_evidence(engine, run.evidence, sources.sites[name], kept)
            check_evidence(engine, scratch.files([kept]), run.counts)
        counts += run.counts
        sources.finish(name, file)
    return rows, {"counts": [count.to_json() for count in counts], "evidence": evidence}


def order_of(table: Table) -> tuple[str, ...]:
    """The unique key a stage's table is sorted by: person, first date, then where it is from."""
    first_date = [field.name for field in table.fields_of(DataType.DATE)][:1]
    return (*(["person_id", *first_date] if table.has_person else []), SITE, RECORD)


@dataclass
class _Tally:
    """What a rule has done so far; a rule may take several steps."""

    dropped: int = 0
    changed: int = 0
    added: int = 0


@dataclass
class _TableRun:
    """One table on its way through its segments; ``current`` is the table as it is now."""

    engine: Engine
    scratch: Scratch
    sources: Sources
    plan: TablePlan
    progress: Progress
    evidence: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = self.sources.input(self.plan.table.name)
        self.columns = [*self.plan.columns, *LINEAGE, ROW_KEY]
        self.rows_in = int(self.engine.value(f"SELECT count(*) FROM {self.current}"))
        self.tallies = {rule: _Tally() for rule in self.plan.rules}

    def run_segments(self) -> None:
        for segment in self.plan.segments:
            rules = dict.fromkeys(step.rule for step in segment.steps)
            self.progress(self.plan.table.name, ", ".join(rules))
            if segment.is_scan:
                self._scan(segment)
            elif segment.kind is Kind.MAP:
                self._rewrite(segment)
            elif segment.kind is Kind.RELATION:
                self._relate(segment.steps[0])
            else:
                self._append(segment.steps[0])

    def result(self) -> str:
        """SELECT of what is written: the model's columns and where each row comes from."""
        names = ", ".join(map(quoted, [*self.plan.table.columns, *LINEAGE]))
        return f"SELECT {names} FROM {self.current}"

    @property
    def counts(self) -> list[RuleCount]:
        return list(self._count_rules())

    def _count_rules(self) -> Iterator[RuleCount]:
        rows = self.rows_in
        for rule, did in self.tallies.items():
            out = rows - did.dropped + did.added
            yield RuleCount(
                self.plan.table.name, rule, rows, did.dropped, did.changed, did.added, out
            )
            rows = out

    def _scan(self, segment: Segment) -> None:
        hits = self.scratch.table(self._compiler(segment).hits(segment, self.current))
        if not self._check_rows(hits, segment.steps[0]):
            return
        rules = [step.rule for step in segment.steps]
        tracked = tracked_changes(segment)
        self._count_drops(hits, rules)
        for rule in dict.fromkeys(change.rule for change in tracked):
            touched = " OR ".join(change.hit for change in tracked if change.rule == rule)
            self.tallies[rule].changed += self._count(f"{hits} WHERE {touched}")
        self.evidence.append(dropped_by(rules, hits))
        self.evidence += [changed_by(change, hits) for change in tracked]
        self._become(overlaid(segment, self.current, hits, self.columns))

    def _count_drops(self, hits: str, rules: list[str]) -> None:
        found = self.engine.rows(
            f"SELECT {DROP}, count(*) FROM {hits} WHERE {DROP} IS NOT NULL GROUP BY {DROP}"
        )
        for step, rows in found:
            self.tallies[rules[step]].dropped += rows

    def _rewrite(self, segment: Segment) -> None:
        step = segment.steps[0]
        sql = self._compiler(segment).rewritten(segment, self.current, self.columns)
        touched = " OR ".join(change.hit for change in tracked_changes(segment))
        self.tallies[step.rule].changed += self._count(f"({sql}) AS q WHERE {touched}")
        names = ", ".join(map(quoted, self.columns))
        self._become(f"SELECT {names} FROM ({sql}) AS q")

    def _relate(self, step: BoundStep) -> None:
        dropped = self.scratch.table(self._select(step))
        if rows := self._check_rows(dropped, step):
            self.tallies[step.rule].dropped += rows
            self.evidence.append(listed(step.rule, "drop", dropped))
            self._become(without(self.current, dropped, self.columns))

    def _append(self, step: BoundStep) -> None:
        key = row_key(self.sources.sites[step.table])
        added = self.scratch.table(f"SELECT *, {key} AS {ROW_KEY} FROM ({self._select(step)}) AS q")
        if rows := self._check_rows(added, step):
            self._check_new(added, step)
            self.tallies[step.rule].added += rows
            self.evidence.append(listed(step.rule, "add", added))
            names = ", ".join(map(quoted, self.columns))
            self._become(
                f"SELECT {names} FROM {self.current} UNION ALL SELECT {names} FROM {added}"
            )

    def _become(self, sql: str) -> None:
        self.current = self.scratch.view(sql)

    def _select(self, step: BoundStep) -> str:
        if step.select is None:
            raise InvariantError(f"{step.rule} on {step.table} holds no SELECT.")
        return self.sources.select(step.select, step.version, step.table, self.current)

    def _compiler(self, segment: Segment) -> Compiler:
        first = segment.steps[0]

        def place(lookup: BoundLookup) -> str:
            return self.sources.lookup(lookup, first, self.current)

        return Compiler(self.sources.fill, place)

    def _check_rows(self, rows: str, step: BoundStep) -> int:
        """How many rows a segment touched; each is named, and named once."""
        ((found, named, different),) = self.engine.rows(
            f"SELECT count(*), count({ROW_KEY}), count(DISTINCT {ROW_KEY}) FROM {rows}"
        )
        if not found == named == different:
            raise InvariantError(
                f"{step.rule} on {step.table} touched {found:,} rows, {different:,} of them once.",
                expected="every row touched once, and named by its site and record",
            )
        return int(found)

    def _check_new(self, added: str, step: BoundStep) -> None:
        if known := self._count(f"{self.current} AS t SEMI JOIN {added} AS h USING ({ROW_KEY})"):
            raise InvariantError(
                f"{step.rule} on {step.table} added {known:,} rows that are there already.",
                expected="a site and record of their own for new rows",
            )

    def _count(self, relation: str) -> int:
        return int(self.engine.value(f"SELECT count(*) FROM {relation}"))


def _as_result(folder: TableFolder) -> StageResult:
    return StageResult(folder.name, folder.digest, folder.folder, folder.rows, folder.facts)


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | str) else str(value)


def _silent(table: str, work: str) -> None:
    """Tell nobody."""
