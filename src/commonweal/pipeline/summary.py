"""What a build did, as plain data: for the command line's tables and for other programs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from commonweal.curation.evidence import RuleCount
from commonweal.curation.left import ALLOWED_TABLES, ALLOWED_TABLES_TITLE
from commonweal.curation.stages import list_rules
from commonweal.pipeline.build import Built
from commonweal.pipeline.curate import Curated
from commonweal.privacy.deidentify import TierResult
from commonweal.privacy.describe import RULE_TITLES
from commonweal.release.catalogue import Release
from commonweal.schema.model import Role, get_model


def summarize_curation(curated: Curated) -> dict[str, Any]:
    """Rows in and out of the combined dataset, and the rows every rule dropped on the way.

    ``rows_sites + rows_programme − dropped + added = rows_combined``.
    """
    counts = [count for _, count in curated.counts]
    return {
        "submissions": [submission.id for submission in curated.submissions],
        "left_out": [
            {"site": s.site, "submission": s.id, "synthetic": s.synthetic} for s in curated.left_out
        ],
        "rows_sites": curated.rows_in,
        "rows_programme": curated.rows_programme,
        "dropped": _sum_dropped(counts),
        "rows_dropped": sum(count.dropped for count in counts),
        "rows_added": sum(count.added for count in counts),
        "rows_combined": sum(curated.combined.rows.values()),
        "evidence": [str(stage.folder / "evidence") for stage in curated.stages],
    }


def summarize_build(built: Built) -> dict[str, Any]:
    """Everything a build did, release by release."""
    return {
        **summarize_curation(built.curated),
        "releases": [
            _summarize_release(release, built.tiers[tier])
            for tier, release in built.releases.items()
        ],
        "published": asdict(built.published),
    }


def _summarize_release(release: Release, made: TierResult) -> dict[str, Any]:
    """``rows`` are about people; those of the vocabulary are counted apart."""
    words = {table.name for table in get_model("release").with_role(Role.VOCABULARY)}
    of_words = sum(rows for table, rows in made.rows.items() if table in words)
    return {
        "id": release.id,
        "tier": made.name,
        "content_hash": release.content_hash,
        "persons": made.rows["person"],
        "rows": sum(made.rows.values()) - of_words,
        "rows_vocabulary": of_words,
        "dropped": _sum_dropped(made.counts),
    }


def _sum_dropped(counts: Iterable[RuleCount]) -> list[dict[str, Any]]:
    """Rows dropped by rule over all tables, in the order the rules were run."""
    dropped: Counter[str] = Counter()
    for count in counts:
        dropped[count.rule] += count.dropped
    titles = {
        ALLOWED_TABLES: ALLOWED_TABLES_TITLE,
        **{rule.id: rule.title for rule in list_rules()},
        **{str(rule): title for rule, title in RULE_TITLES.items()},
    }
    return [
        {"rule": rule, "title": titles[rule], "rows": rows}
        for rule, rows in dropped.items()
        if rows
    ]
