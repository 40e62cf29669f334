"""One count of people, and ratios of published counts."""

import pytest

from commonweal.disclosure.counts import publish_count, publish_ratio


@pytest.mark.parametrize(
    ("n", "value", "label", "low", "high"),
    [
        (0, 0, "0", 0, 0),
        (1, 20, "≤ 20", 1, 20),
        (19, 20, "≤ 20", 1, 20),
        (20, 20, "≤ 20", 1, 20),
        (21, 40, "40", 21, 40),
        (40, 40, "40", 21, 40),
        (41, 60, "60", 41, 60),
        (1245, 1260, "1,260", 1241, 1260),
        (316_760, 316_760, "316,760", 316_741, 316_760),
        (10**18 + 1, 10**18 + 20, "1,000,000,000,000,000,020", 10**18 + 1, 10**18 + 20),
    ],
)
def test_public_count(n: int, value: int, label: str, low: int, high: int) -> None:
    count = publish_count(n)
    assert (count.value, count.label, count.low, count.high) == (value, label, low, high)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        publish_count(-1)


def test_a_ratio_is_made_of_rounded_numbers() -> None:
    assert publish_ratio(publish_count(33), publish_count(150)) == 40 / 160


def test_a_ratio_never_passes_one() -> None:
    assert publish_ratio(publish_count(21), publish_count(20)) == 1.0


def test_there_is_no_ratio_of_nothing() -> None:
    assert publish_ratio(publish_count(0), publish_count(0)) is None
