"""Rules and plans as plain data: what is hashed, kept in manifests and shown in the manual."""

from typing import Any

from commonweal.curation.binding import BoundStep
from commonweal.curation.rule import Rule
from commonweal.curation.stage import StagePlan


def describe_rule(rule: Rule) -> dict[str, Any]:
    """What a manifest says of a rule."""
    return {
        "id": rule.id,
        "title": rule.title,
        "parameters": [parameter.name for parameter in rule.parameters],
    }


def describe_plan(plan: StagePlan) -> dict[str, list[dict[str, Any]]]:
    """Every step of a stage by table, as the SQL it stands for."""
    return {table.table.name: list(map(describe_step, table.steps)) for table in plan.tables}


def describe_step(step: BoundStep) -> dict[str, Any]:
    """One step as text; what it does not have is left out."""
    described = {
        "rule": step.rule,
        "kind": step.kind.value,
        "keep": step.keep.sql if step.keep else None,
        "changes": [
            {"column": change.column, "to": change.to.sql, "when": change.when.sql}
            for change in step.changes
        ],
        "select": step.select.sql if step.select else None,
        "lookups": {
            lookup.name: {
                "select": lookup.select.sql,
                "key": dict(lookup.key),
                "version": lookup.version.value,
            }
            for lookup in step.lookups
        },
        "evidence": step.evidence.value,
        "version": step.version.value if step.select else None,
    }
    return {name: value for name, value in described.items() if value}
