"""A stage: rules in order, and the proof that the order means what it says.

Tables are run one after the other, so that a rule which looks another table up *as the
stage leaves it* finds it finished. A rule that looks a table up *as the stage received it*
while another rule of the stage writes what it reads would depend on an order nobody wrote
down: that is an error, unless the stage waives it and says why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from types import MappingProxyType

from commonweal.curation.binding import (
    LINEAGE,
    BoundStep,
    Surroundings,
    bind_rule,
    columns_of,
)
from commonweal.curation.expression import Columns, RuleError
from commonweal.curation.relation import ROW_KEY
from commonweal.curation.rule import Evidence, Kind, Parameter, Rule, Version
from commonweal.engine.functions import Type
from commonweal.schema.model import Table, get_model


@dataclass(frozen=True)
class Stage:
    """Rules in the order they hold, over the tables of a model."""

    name: str
    title: str
    rules: tuple[Rule, ...]
    waivers: Mapping[str, str] = field(default_factory=dict)
    """Rule id: why it may read the input of a table that this stage changes."""
    model: str = "release"
    extra: Columns = field(default_factory=dict)
    """Columns that every input has beside the model's; they end with the stage."""
    relations: Mapping[str, Columns] = field(default_factory=dict)
    """Relations given from outside, such as consents, and their columns."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of all rules; rules that share a name share the value."""
        return {p.name: p for rule in self.rules for p in rule.parameters}

    @property
    def tables(self) -> Mapping[str, Table]:
        return get_model(self.model).tables


@dataclass(frozen=True)
class Segment:
    """Neighbouring steps on one table that are done together."""

    steps: tuple[BoundStep, ...]

    @property
    def kind(self) -> Kind:
        return self.steps[0].kind

    @property
    def is_scan(self) -> bool:
        """Whether its hits are found in one scan that keeps the values before."""
        first = self.steps[0]
        return first.kind is Kind.FILTER or (
            first.kind is Kind.MAP and first.evidence is Evidence.ROWS
        )


@dataclass(frozen=True)
class TablePlan:
    """What a stage does to one table, rule by rule."""

    table: Table
    columns: Columns
    """The table's own columns and those that end with the stage."""
    rules: tuple[str, ...]
    segments: tuple[Segment, ...]

    @property
    def steps(self) -> tuple[BoundStep, ...]:
        return tuple(chain.from_iterable(segment.steps for segment in self.segments))


@dataclass(frozen=True)
class StagePlan:
    """The tables of a stage in the order they are run."""

    stage: Stage
    tables: tuple[TablePlan, ...]


def plan_stage(stage: Stage, tables: Iterable[str]) -> StagePlan:
    """Bind a stage's rules to ``tables`` and prove its order.

    Raises:
        RuleError: a rule does not hold for a table, or the order proves nothing.
    """
    check_known(stage, tables)
    around = surroundings_of(stage)
    plans = {name: _plan_table(stage, stage.tables[name], around) for name in sorted(tables)}
    _check_inputs(stage, plans)
    for plan in plans.values():
        _check_self_lookups(plan)
    return StagePlan(stage, tuple(plans[name] for name in _sort_tables(plans)))


def check_known(stage: Stage, tables: Iterable[str]) -> None:
    """Raise unless every table belongs to the stage's model.

    Raises:
        RuleError: one does not.
    """
    if unknown := sorted(set(tables) - set(stage.tables)):
        raise RuleError(
            f"The stage {stage.name!r} knows no table called {', '.join(unknown)}.",
            expected=f"tables of {stage.model}",
            fix="Leave the table out of the stage's inputs.",
        )


def surroundings_of(stage: Stage) -> Surroundings:
    """Everything a rule of the stage may name."""
    own = {
        name: MappingProxyType(
            {**columns_of(table), **stage.extra, **LINEAGE, ROW_KEY: Type.INTEGER}
        )
        for name, table in stage.tables.items()
    }
    return Surroundings(MappingProxyType({**own, **stage.relations}))


def _plan_table(stage: Stage, table: Table, around: Surroundings) -> TablePlan:
    chosen = [rule for rule in stage.rules if rule.tables(table)]
    steps = chain.from_iterable(bind_rule(rule, table, around) for rule in chosen)
    columns = {**columns_of(table), **stage.extra}
    return TablePlan(table, columns, tuple(rule.id for rule in chosen), split_segments(steps))


def split_segments(steps: Iterable[BoundStep]) -> tuple[Segment, ...]:
    """Fuse neighbours into scans; relations, additions and counted maps stand alone."""
    segments: list[Segment] = []
    for step in steps:
        alone = Segment((step,))
        if segments and segments[-1].is_scan and alone.is_scan and not step.reads_itself:
            segments[-1] = Segment((*segments[-1].steps, step))
        else:
            segments.append(alone)
    return tuple(segments)


def _sort_tables(plans: Mapping[str, TablePlan]) -> list[str]:
    """Tables in an order in which every table looked up as output is finished before."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, plan in plans.items():
        needs = (read for step in plan.steps for read in step.reads_of_others())
        outputs = {table for version, table, _ in needs if version is Version.OUTPUT}
        sorter.add(name, *sorted(outputs & set(plans)))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise RuleError(
            f"Tables wait for each other: {' → '.join(error.args[1])}.",
            expected="lookups of finished tables that form no circle",
            fix="Let one of the rules look the table up as input.",
        ) from error


def _check_inputs(stage: Stage, plans: Mapping[str, TablePlan]) -> None:
    written = {
        (step.table, column): step.rule
        for plan in plans.values()
        for step in plan.steps
        for column in (
            plan.columns if step.removes_rows or step.kind is Kind.APPEND else step.writes
        )
    }
    for step in (step for plan in plans.values() for step in plan.steps):
        for version, table, column in sorted(step.reads_of_others()):
            writer = written.get((table, column))
            if version is Version.INPUT and writer and step.rule not in stage.waivers:
                raise RuleError(
                    f"{step.rule} on {step.table} reads {table}.{column} as the stage received "
                    f"it, and {writer} writes it.",
                    expected="an output lookup, or a waiver that says why",
                    fix=f"Look {table} up as output, or waive {step.rule} in the stage.",
                )


def _check_self_lookups(plan: TablePlan) -> None:
    """No row may leave after rows of its own table have been looked up."""
    looked_up = ""
    for step in plan.steps:
        if looked_up and step.removes_rows:
            raise RuleError(
                f"{step.rule} drops rows of {step.table} after {looked_up} looked them up.",
                expected="lookups of a rule's own table after every drop",
                fix="Move the rule that drops rows before the other.",
            )
        if step.reads_itself:
            looked_up = step.rule
