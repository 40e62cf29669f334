"""Age bands of a breakdown: closed below, open above, without gap or overlap."""

from typing import NamedTuple

UNKNOWN = "Unknown"


class AgeBand(NamedTuple):
    """Completed years from ``low`` up to the next band."""

    low: int
    label: str


AGE_BANDS = (
    AgeBand(0, "0-17"),
    AgeBand(18, "18-29"),
    *(AgeBand(low, f"{low}-{low + 9}") for low in range(30, 90, 10)),
    AgeBand(90, "90+"),
)
