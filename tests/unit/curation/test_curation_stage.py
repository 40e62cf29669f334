"""What a stage proves about its order before it runs."""

import re

import pytest

from commonweal.curation.expression import RuleError
from commonweal.curation.rule import Change, Filter, Lookup, Map, Parameter, Rule, Step, Version
from commonweal.curation.runner import settle_parameters
from commonweal.curation.stage import Stage, plan_stage
from commonweal.curation.stages import STAGES
from commonweal.engine.functions import Type
from commonweal.schema.model import Role

KEEP_ALL = Filter("person_id IS NOT NULL")


def rule(name: str, table: str, *steps: Step, parameters: tuple[Parameter, ...] = ()) -> Rule:
    return Rule(name, name, name, lambda t: t.name == table, lambda _: steps, parameters)


def of(table: str, version: Version = Version.OUTPUT) -> Filter:
    lookup = Lookup(
        "other", f"SELECT DISTINCT person_id FROM {table}", {"person_id": "person_id"}, version
    )
    return Filter("other.person_id IS NOT NULL", (lookup,))


def order(*rules: Rule, tables: tuple[str, ...]) -> list[str]:
    return [plan.table.name for plan in plan_stage(Stage("s", "S", rules), tables).tables]


def test_a_table_that_is_looked_up_is_finished_before() -> None:
    tables = ("death", "person", "measurement")
    rules = (rule("a", "death", of("person")), rule("b", "measurement", of("death")))
    assert order(*rules, tables=tables) == ["person", "death", "measurement"]


def test_tables_cannot_wait_for_each_other() -> None:
    rules = (rule("a", "death", of("person")), rule("b", "person", of("death")))
    with pytest.raises(RuleError, match="wait for each other"):
        order(*rules, tables=("death", "person"))


def test_an_input_that_the_stage_changes_cannot_be_looked_up() -> None:
    rules = (rule("a", "death", of("person", Version.INPUT)), rule("b", "person", KEEP_ALL))
    with pytest.raises(RuleError, match=re.escape("a on death reads person.person_id")):
        order(*rules, tables=("death", "person"))


def test_a_waiver_lifts_that_and_says_why() -> None:
    rules = (rule("a", "death", of("person", Version.INPUT)), rule("b", "person", KEEP_ALL))
    stage = Stage("s", "S", rules, waivers={"a": "for the test"})
    assert len(plan_stage(stage, ("death", "person")).tables) == 2


def test_an_input_that_nobody_changes_may_be_looked_up() -> None:
    assert order(rule("a", "death", of("person", Version.INPUT)), tables=("death", "person"))


def test_rows_cannot_leave_after_their_table_was_looked_up() -> None:
    rules = (rule("a", "death", of("death")), rule("b", "death", KEEP_ALL))
    with pytest.raises(RuleError, match="b drops rows of death after a looked them up"):
        order(*rules, tables=("death",))


def test_neighbours_fuse_but_not_across_a_lookup_of_the_own_table() -> None:
    fill = Map((Change("cause_concept_id", "0", "cause_concept_id IS NULL"),))
    rules = (
        rule("a", "death", KEEP_ALL),
        rule("b", "death", fill),
        rule("c", "death", of("death")),
    )
    (plan,) = plan_stage(Stage("s", "S", rules), ("death",)).tables
    assert [[step.rule for step in segment.steps] for segment in plan.segments] == [
        ["a", "b"],
        ["c"],
    ]


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(RuleError, match="wearables"):
        order(tables=("wearables",))


def test_a_rule_that_selects_a_table_must_do_something_there() -> None:
    with pytest.raises(RuleError, match="does nothing there"):
        order(rule("a", "death"), tables=("death",))


def test_a_column_cannot_get_two_values_at_once() -> None:
    twice = Map((Change("cause_concept_id", "0"), Change("cause_concept_id", "1")))
    with pytest.raises(RuleError, match="two values at once"):
        order(rule("a", "death", twice), tables=("death",))


def test_a_key_must_have_one_type_on_both_sides() -> None:
    lookup = Lookup(
        "p", "SELECT DISTINCT person_id FROM person", {"person_id": "cause_source_value"}
    )
    with pytest.raises(RuleError, match="does not fit"):
        order(rule("a", "death", Filter("p.person_id > 0", (lookup,))), tables=("death",))


DAYS = Parameter("days", Type.INTEGER, "days", default=30, minimum=0, maximum=90)
NEEDED = Parameter("cutoff", Type.DATE, "last day")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"days": -1}, "'days' is too small"),
        ({"days": 91}, "'days' is too large"),
        ({"days": "30"}, "'days' is a str"),
        ({"days": True}, "'days' is a bool"),
        ({"dais": 3}, "no parameter dais"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(given: dict[str, object], said: str) -> None:
    stage = Stage("s", "S", (rule("a", "death", KEEP_ALL, parameters=(DAYS,)),))
    with pytest.raises(RuleError, match=said):
        settle_parameters(stage, given)


def test_a_parameter_without_default_must_be_set() -> None:
    stage = Stage("s", "S", (rule("a", "death", KEEP_ALL, parameters=(NEEDED,)),))
    with pytest.raises(RuleError, match="'cutoff' is not set"):
        settle_parameters(stage, {})


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_the_stages_hold_for_every_table_a_site_can_send(stage: Stage) -> None:
    roles = (Role.CLINICAL, Role.HEALTH_SYSTEM, Role.DERIVED, Role.METADATA, Role.EXTENSION)
    tables = [name for name, table in stage.tables.items() if table.role in roles]
    assert {plan.table.name for plan in plan_stage(stage, tables).tables} == set(tables)


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_every_waiver_is_needed(stage: Stage) -> None:
    bare = Stage(stage.name, stage.title, stage.rules, extra=stage.extra, relations=stage.relations)
    tables = [t.name for t in stage.tables.values() if t.role is Role.CLINICAL]
    for waived in stage.waivers:
        with pytest.raises(RuleError, match=waived):
            plan_stage(bare, tables)
