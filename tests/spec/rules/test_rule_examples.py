"""Every rule of the stages does what its example in the manual says, no more and no less."""

from pathlib import Path

import pytest
from tests.spec.tables import VALUE, Bench, as_text

from commonweal.curation.example import Example, Place, read_example
from commonweal.curation.pages import place_of
from commonweal.curation.rule import Rule
from commonweal.curation.stage import Stage
from commonweal.curation.stages import COMBINED, SITE, STAGES, list_rules
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings

RULES = {rule.id: rule for rule in list_rules()}


def build_stage(rule: Rule, example: Example) -> Stage:
    """A stage of the rule alone, given what the example gives."""
    has_uncast = any("_uncast" in table.columns for table in example.tables)
    return Stage(
        "example",
        rule.title,
        (rule,),
        waivers={rule.id: "an example is small enough to see"},
        extra=SITE.extra if has_uncast else {},
        relations=COMBINED.relations,
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_example_holds(rule: Rule, tmp_path: Path) -> None:
    example = read_example(*place_of(rule))
    types = {parameter.name: parameter.type for parameter in rule.parameters}
    parameters = {name: VALUE[types[name]](text) for name, text in example.parameters.items()}
    with open_engine(EngineSettings(memory_limit="200MB", threads=1)) as engine:
        result = Bench(engine, tmp_path).run(
            build_stage(rule, example), example.of(Place.IN), example.of(Place.GIVEN), parameters
        )
    for table in example.of(Place.OUT):
        assert as_text(result.file(table.name), table.columns) == list(table.rows)
    for table in example.of(Place.EVIDENCE):
        assert as_text(result.evidence(table.name), table.columns) == list(table.rows)
    expected = {table.name: len(table.rows) for table in example.of(Place.EVIDENCE)}
    assert {name: n for name, n in result.facts["evidence"].items() if n} == expected


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_example_shows_the_rule_at_work(rule: Rule) -> None:
    example = read_example(*place_of(rule))
    assert example.text
    assert example.of(Place.IN)
    assert example.of(Place.OUT)
    assert any(table.rows for table in example.of(Place.EVIDENCE))


def test_every_rule_names_its_theme() -> None:
    themes = {"conf": "conformance", "time": "time", "consent": "consent", "death": "death"}
    for rule in RULES.values():
        theme, name = place_of(rule)
        prefix, _, rest = rule.id.partition(".")
        assert (themes[prefix], rest) == (theme, name)


def test_the_stages_are_named_as_they_are_found() -> None:
    assert {name: stage.name for name, stage in STAGES.items()} == {n: n for n in STAGES}
