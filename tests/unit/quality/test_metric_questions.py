"""Questions of metrics ask for what the value says: a high failure is never a yes."""

import re

import pytest

from commonweal.quality.metrics.definition import Concerned, Kind, all_metrics

METRICS = all_metrics()
FAILURES = [
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.SHARE and metric.concerned is Concerned.COUNTED
]


@pytest.mark.parametrize("name", METRICS)
def test_a_question_asks_for_an_amount(name: str) -> None:
    """A yes or no beside a number can be read either way."""
    assert METRICS[name].asks.partition(" ")[0] in {"How", "Of"}
    assert METRICS[name].asks.endswith("?")


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_asks_for_what_is_not_so(name: str) -> None:
    assert re.search(r"not\b", METRICS[name].asks)


@pytest.mark.parametrize("name", sorted(set(METRICS) - set(FAILURES) - {"consent_light"}))
def test_nothing_else_asks_for_what_is_wrong_as_if_it_were_right(name: str) -> None:
    is_count = METRICS[name].kind is Kind.COUNT
    assert is_count or not re.search(r"not\b", METRICS[name].asks)
