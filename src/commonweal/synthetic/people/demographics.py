"""Which kind of people a programme has: an adjustable table of weights.

The table is CSV with the columns ``characteristic,value,weight``. Characteristics are
``sex``, ``race`` and ``ethnicity``, whose values are OMOP concept ids (0: not known), and
``age``, whose values are ranges of whole years on the day of the snapshot, such as ``18-29``.
"""

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.frames import Days

CHARACTERISTICS = ("age", "sex", "race", "ethnicity")
COLUMNS = ("characteristic", "value", "weight")
YOUNGEST, OLDEST = 18, 110
SEXES = (8532, 8507, 0)
HEAVIEST = 1_000_000_000
DAYS_IN_YEAR = 365.2425

Weights = tuple[tuple[tuple[int, int], float], ...]
"""Ranges (a concept is a range of one), each with its weight."""


@dataclass(frozen=True)
class Demographics:
    """Weights of ages, sexes, races and ethnicities."""

    age: Weights
    sex: Weights
    race: Weights
    ethnicity: Weights

    def draw_concepts(self, draws: Draws, characteristic: str, ids: Ints) -> Ints:
        """A concept of the characteristic for each person."""
        weights: Weights = getattr(self, characteristic)
        concepts = np.array([low for (low, _), _ in weights], dtype=np.int64)
        return concepts[draws.choice(characteristic, ids, [weight for _, weight in weights])]

    def draw_births(self, draws: Draws, ids: Ints, last: np.datetime64) -> Days:
        """Days of birth: each person has an age of the table on the day ``last``."""
        band = draws.choice("age", ids, [weight for _, weight in self.age])
        low = np.array([low for (low, _), _ in self.age])[band]
        high = np.array([high for (_, high), _ in self.age])[band]
        youngest = np.ceil(low * DAYS_IN_YEAR).astype(np.int64)
        oldest = np.floor((high + 1) * DAYS_IN_YEAR).astype(np.int64) - 1
        return last - draws.integers("birth", ids, youngest, oldest).astype("timedelta64[D]")


@cache
def default_demographics() -> Demographics:
    """The table that ships with the product, ``demographics.csv``."""
    return _build(read_facts("demographics.csv"), "demographics.csv")


def read_demographics(file: Path) -> Demographics:
    """The table in a CSV file.

    Raises:
        CommonwealError: it cannot be read, or is not such a table; the message says where.
    """
    if not file.is_file():
        raise CommonwealError(
            f"There is no table of demographics at {file}.",
            expected="a CSV file in UTF-8",
            fix="Check how the path is spelled.",
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommonwealError(
            f"The table of demographics {file} cannot be read.",
            expected="a CSV file in UTF-8",
            fix="Check the path and how the file was saved.",
        ) from error
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise _refuse(file.name, 1, f"the header {','.join(COLUMNS)}")
    return _build(reader, file.name)


def _build(rows: Iterable[Mapping[str, str]], name: str) -> Demographics:
    weights: dict[str, list[tuple[tuple[int, int], float]]] = {c: [] for c in CHARACTERISTICS}
    for line, row in enumerate(rows, start=2):
        characteristic = row["characteristic"]
        if characteristic not in weights:
            raise _refuse(name, line, f"one of {', '.join(CHARACTERISTICS)}")
        if len(row) != len(COLUMNS):
            raise _refuse(name, line, "three cells")
        span = READERS[characteristic](row["value"], name, line)
        if any(span[0] <= high and low <= span[1] for (low, high), _ in weights[characteristic]):
            raise _refuse(name, line, f"each {characteristic} once, and no ages that overlap")
        weights[characteristic].append((span, _read_weight(row["weight"], name, line)))
    for characteristic, listed in weights.items():
        if sum(weight for _, weight in listed) <= 0:
            raise _refuse(name, None, f"a weight above 0 for at least one {characteristic}")
    return Demographics(**{c: tuple(listed) for c, listed in weights.items()})


def _read_ages(text: str | None, name: str, line: int) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,3})-(\d{1,3})", text or "")
    low, high = map(int, match.groups()) if match else (0, 0)
    if not YOUNGEST <= low <= high <= OLDEST:
        raise _refuse(name, line, f"ages within {YOUNGEST}-{OLDEST}, such as 18-29")
    return low, high


def _read_concept(text: str | None, name: str, line: int) -> tuple[int, int]:
    if not re.fullmatch(r"\d{1,10}", text or ""):
        raise _refuse(name, line, "a concept id, such as 8532")
    return int(text or ""), int(text or "")


def _read_sex(text: str | None, name: str, line: int) -> tuple[int, int]:
    span = _read_concept(text, name, line)
    if span[0] not in SEXES:
        raise _refuse(name, line, "8532 for female, 8507 for male or 0 for not known")
    return span


READERS = MappingProxyType(
    {"age": _read_ages, "sex": _read_sex, "race": _read_concept, "ethnicity": _read_concept}
)


def _read_weight(text: str | None, name: str, line: int) -> float:
    try:
        weight = float(text or "")
    except ValueError:
        weight = math.nan
    if not 0 <= weight <= HEAVIEST:
        raise _refuse(name, line, f"a weight that is a number from 0 to {HEAVIEST:,}")
    return weight


def _refuse(name: str, line: int | None, expected: str) -> CommonwealError:
    place = f", line {line}," if line else ""
    return CommonwealError(
        f"The table of demographics {name}{place} is not as it should be.",
        expected=expected,
        fix="See docs/how-to/synthetic.md for an example of the table.",
    )
