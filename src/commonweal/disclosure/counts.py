"""A count of people turned into one that may be published.

Every count leaves as a number and the interval of true counts it stands for. Nothing else
about the true count is kept, so what is derived from a published count is publishable too.
"""

from dataclasses import dataclass

NOT_SHOWN = "not shown"
"""What stands where a count is held back."""


@dataclass(frozen=True)
class Policy:
    """What an audience may be told: counts rounded up to a multiple of ``base``.

    1 to ``min_cell`` people are never told apart.
    """

    base: int = 20
    min_cell: int = 20


PUBLIC = Policy()
"""Anyone: 0, “≤ 20”, or rounded up to a multiple of 20."""


@dataclass(frozen=True)
class PublishedCount:
    """A count as it may be shown; the true one is somewhere in ``low`` to ``high``."""

    value: int
    label: str
    low: int
    high: int


def publish_count(n: int, policy: Policy = PUBLIC) -> PublishedCount:
    """Turn a count of people into one that may be published.

    Raises:
        ValueError: ``n`` is negative, so it cannot be a count.
    """
    if n < 0:
        raise ValueError("a count of people cannot be negative")
    if n == 0:
        return PublishedCount(0, "0", 0, 0)
    if n <= policy.min_cell:
        return PublishedCount(policy.min_cell, f"≤ {policy.min_cell}", 1, policy.min_cell)
    value = -(-n // policy.base) * policy.base
    low = max(value - policy.base, policy.min_cell) + 1
    return PublishedCount(value, f"{value:,}", low, value)


def publish_ratio(part: PublishedCount, whole: PublishedCount) -> float | None:
    """The share ``part`` has in ``whole``, 0 to 1, from the published numbers alone.

    Rounding can make a part look larger than its whole; the share stops at 1. There is no
    share of nothing.
    """
    return min(1.0, part.value / whole.value) if whole.value else None
