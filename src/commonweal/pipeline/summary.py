"""What a build did, as plain data: for the command line's tables and for other programs."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from commonweal.curation.evidence import RuleCount
from commonweal.curation.stages import list_rules
from commonweal.pipeline.build import Built
from commonweal.pipeline.curate import Curated
from commonweal.privacy.treatment import RuleId

TIER_TITLES = {
    RuleId.BIRTH: "Persons too old to be hidden, and rows that would tell a birth date, leave",
    RuleId.TEXT: "Tables that the tier does not show are emptied",
    RuleId.REMAP: "Rows that point to a row which has left leave with it",
}
"""What the rules of de-identification drop, in a sentence each."""


def summarize_curation(curated: Curated) -> dict[str, Any]:
    """Rows in and out of the combined dataset, and the rows every rule dropped on the way."""
    counts = [count for stage in curated.stages for count in stage.counts]
    return {
        "submissions": [submission.id for submission in curated.submissions],
        "rows_in": curated.rows_in,
        "dropped": _sum_dropped(counts),
        "rows_combined": sum(curated.combined.rows.values()),
        "evidence": str(curated.combined.folder / "evidence"),
    }


def summarize_build(built: Built) -> dict[str, Any]:
    """Everything a build did, release by release."""
    return {
        **summarize_curation(built.curated),
        "releases": [
            {
                "id": release.id,
                "tier": tier,
                "content_hash": release.content_hash,
                "persons": built.tiers[tier].rows["person"],
                "rows": sum(built.tiers[tier].rows.values()),
                "dropped": _sum_dropped(built.tiers[tier].counts),
            }
            for tier, release in built.releases.items()
        ],
        "published": {
            "concepts": built.published.concepts,
            "cells": built.published.cells,
            "small_cells": built.published.small_cells,
            "suppressed_cells": built.published.suppressed_cells,
        },
    }


def _sum_dropped(counts: Iterable[RuleCount]) -> list[dict[str, Any]]:
    """Rows dropped by rule over all tables, in the order the rules were run."""
    dropped: Counter[str] = Counter()
    for count in counts:
        dropped[count.rule] += count.dropped
    titles = {rule.id: rule.title for rule in list_rules()} | TIER_TITLES
    return [
        {"rule": rule, "title": titles.get(rule, ""), "rows": rows}
        for rule, rows in dropped.items()
        if rows
    ]
