"""The manual's pages about rules, made from the rules themselves."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from commonweal.curation.binding import BoundStep, bind_rule
from commonweal.curation.example import Example, ExampleTable, Place, read_example
from commonweal.curation.left import (
    ALLOWED_TABLES,
    ALLOWED_TABLES_TITLE,
    ALLOWED_TABLES_WHY,
)
from commonweal.curation.rule import Kind, Rule
from commonweal.curation.stage import Stage, surroundings_of
from commonweal.curation.stages import STAGES, list_rules

THEMES = {"conf": "conformance", "time": "time", "consent": "consent", "death": "death"}
"""How a rule's id begins: the folder it stands in."""
TITLES = {Place.IN: "Before", Place.GIVEN: "Given", Place.OUT: "After", Place.EVIDENCE: "Evidence"}


def place_of(rule: Rule) -> tuple[str, str]:
    """The theme and the module of a rule, as its id tells them."""
    prefix, _, name = rule.id.partition(".")
    return THEMES[prefix], name


def build_rule_pages() -> dict[str, str]:
    """Pages of the folder of rules: file name to Markdown."""
    pages = {f"{rule.id}.md": build_rule_page(rule) for rule in list_rules()}
    return {"index.md": build_index(), **pages}


def build_index() -> str:
    """The page that lists the rules of each stage in their order."""
    lines = ["# Rules of curation", "", "Each stage applies its rules in this order.", ""]
    lines += ["## Before the stages", ""]
    lines += [f"`{ALLOWED_TABLES}`: {ALLOWED_TABLES_TITLE}. {ALLOWED_TABLES_WHY}", ""]
    for stage in STAGES.values():
        lines += [f"## {stage.title}", ""]
        lines += [f"{n}. [{r.id}]({r.id}.md): {r.title}" for n, r in enumerate(stage.rules, 1)]
        lines.append("")
    return "\n".join(lines)


def build_rule_page(rule: Rule) -> str:
    """One rule: what it does and why, its parameters, its example, its text for every table."""
    stages = [stage for stage in STAGES.values() if rule in stage.rules]
    parts = [
        [f"# {rule.title}", "", f"`{rule.id}`", "", rule.why, ""],
        [f"Stage: {', '.join(stage.name for stage in stages)}.", ""],
        *([_waiver(stage, rule) for stage in stages if rule.id in stage.waivers]),
        _parameters(rule),
        _example(read_example(*place_of(rule))),
        list(_texts(rule, stages[0])),
    ]
    return "\n".join(line for part in parts for line in part)


def _waiver(stage: Stage, rule: Rule) -> list[str]:
    return [f"In the stage {stage.name}, order is waived: {stage.waivers[rule.id]}", ""]


def _parameters(rule: Rule) -> list[str]:
    rows = [
        (p.name, p.description, "must be set" if p.default is None else str(p.default).lower())
        for p in rule.parameters
    ]
    columns = ("parameter", "what it is", "default")
    return ["## Parameters", "", *_markdown(columns, rows), ""] if rows else []


def _example(example: Example) -> list[str]:
    lines = ["## Example", "", example.text, ""]
    lines += [f"With `{name}` = {value}.\n" for name, value in example.parameters.items()]
    for table in example.tables:
        lines += [f"{TITLES[table.place]}: `{table.name}`", "", *_table(table), ""]
    return lines


def _table(table: ExampleTable) -> list[str]:
    return _markdown(table.columns, [tuple(cell or "" for cell in row) for row in table.rows])


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return head + [f"| {' | '.join(row)} |" for row in rows]


def _texts(rule: Rule, stage: Stage) -> Iterator[str]:
    """The rule's text for every table it is for; tables with the same text share it."""
    around = surroundings_of(stage)
    bound = [
        ("\n".join(line for step in bind_rule(rule, table, around) for line in _step(step)), name)
        for name, table in stage.tables.items()
        if rule.tables(table)
    ]
    yield from ("## Tables", "")
    for text, group in groupby(sorted(bound), key=lambda pair: pair[0]):
        names = ", ".join(f"`{name}`" for _, name in group)
        yield from (names, "", "```sql", text, "```", "")


def _step(step: BoundStep) -> Iterator[str]:
    for lookup in step.lookups:
        on = " AND ".join(f"{theirs} = {ours}" for theirs, ours in lookup.key.items())
        yield f"-- {lookup.name}, found by {on} in the {lookup.version}:"
        yield f"--   {lookup.select.sql}"
    if step.keep:
        yield f"keep {step.keep.sql}"
    for change in step.changes:
        yield f"set {change.column} = {change.to.sql}"
        yield f"  when {change.when.sql}"
    if step.select:
        yield f"{'add' if step.kind is Kind.APPEND else 'drop'} {step.select.sql}"
