"""A tier in plain data: its policy, and the rules that carry it out, for manifests and pages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from commonweal.privacy.tiers import Tier
from commonweal.privacy.treatment import RuleId, is_kept, treat_table
from commonweal.schema.model import get_model

RULE_TITLES: Mapping[RuleId, str] = MappingProxyType(
    {
        RuleId.BIRTH: "Persons too old to be hidden, and rows that would tell a birth date, leave",
        RuleId.DATE_SHIFT: "All dates of a person move back by the same number of days",
        RuleId.TEXT: "Text, and tables that the tier does not show, are emptied",
        RuleId.GEOGRAPHY: "Places are made coarser, or hidden",
        RuleId.REMAP: "Persons and rows get new ids; rows that point to one which has left leave",
    }
)
"""What each rule of de-identification does, in a sentence."""

RULE_REASONS: Mapping[RuleId, str] = MappingProxyType(
    {
        RuleId.BIRTH: (
            "Few people live very long, so a high age can single a person out; and a date of "
            "birth is known to many who know the person."
        ),
        RuleId.DATE_SHIFT: (
            "Real dates can be matched with what is known of somebody's stays and visits. Within "
            "a person all intervals stay as they were; the days are kept in the vault alone."
        ),
        RuleId.TEXT: (
            "Text can hold names and numbers that no scan is sure to find. A source value is kept "
            "only where the code of its concept tells it again."
        ),
        RuleId.GEOGRAPHY: (
            "A place where few people live, or one other than where a person is treated, can "
            "single the person out."
        ),
        RuleId.REMAP: (
            "Ids are known at the sites and in other tiers. New ones are random for persons and "
            "follow the tier's own order for rows, so that they link nothing."
        ),
    }
)
"""Why each rule is there."""


def describe_tier(tier: Tier) -> dict[str, Any]:
    """A tier's policy and its rules: ``{"policy": {...}, "rules": [{"id", "title", "why"}]}``.

    Rules are those that do something in the tier, in the order of ``RuleId``. The same tier
    gives the same data; nothing in it depends on a person or a site.
    """
    at_work = _find_rules(tier)
    return {
        "policy": tier.model_dump(mode="json"),
        "rules": [
            {"id": str(rule), "title": RULE_TITLES[rule], "why": RULE_REASONS[rule]}
            for rule in RuleId
            if rule in at_work
        ],
    }


def _find_rules(tier: Tier) -> set[RuleId]:
    """Rules that write a column of the tier; each that leaves out rows writes columns as well."""
    tables = get_model("release").tables.values()
    kept = [table for table in tables if is_kept(table, tier)]
    return {t.rule for table in kept for t in treat_table(table, tier) if t.rule}
