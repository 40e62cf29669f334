"""Tiers in plain data."""

import json

import pytest

from commonweal.privacy.describe import RULE_REASONS, RULE_TITLES, describe_tier
from commonweal.privacy.tiers import TIERS, TRAINING, get_tier
from commonweal.privacy.treatment import RuleId


def test_every_rule_has_a_title_and_a_reason_of_its_own() -> None:
    for texts in (RULE_TITLES, RULE_REASONS):
        assert set(texts) == set(RuleId)
        assert all(texts.values())
        assert len(set(texts.values())) == len(RuleId)


@pytest.mark.parametrize("name", [*TIERS, TRAINING])
def test_a_tier_is_described_by_its_policy_and_the_rules_at_work(name: str) -> None:
    tier = get_tier(name)
    described = json.loads(json.dumps(describe_tier(tier)))
    assert type(tier).model_validate(described["policy"]) == tier
    rules = {rule["id"]: rule for rule in described["rules"]}
    assert ("deid.date_shift" in rules) == tier.date_shift
    assert rules.keys() >= {"deid.birth", "deid.geography", "deid.strings_and_tables"}
    assert rules["deid.geography"] == {
        "id": "deid.geography",
        "title": RULE_TITLES[RuleId.GEOGRAPHY],
        "why": RULE_REASONS[RuleId.GEOGRAPHY],
    }


def test_the_policy_of_places_is_in_it() -> None:
    policy = describe_tier(get_tier("registered"))["policy"]["geography"]
    assert policy["differs_from_site"] is True
    assert policy["fewest_persons_in_state"] == 200
