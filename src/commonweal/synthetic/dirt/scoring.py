"""How well a check does against the truth: recall and precision for each recipe.

A check is anything that names places: a file, a physical line (None for the file as a whole)
and a column (empty where it names none). A fault is *found* when a place names its file, its
line and, where both name one, its column. A place is *right* when some fault stands on that
line, whichever column it names: a row that was moved in time has more than one odd date.
"""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt.fault import Fault

COLUMNS = ["site", "file", "line", "column", "recipe"]
Place = tuple[str, int | None, str]
"""File, line and column that somebody found fault with."""


@dataclass(frozen=True)
class Score:
    """How a check did with one recipe."""

    planted: int
    found: int
    """Planted faults that some place names."""
    right: int
    """Places where a fault of this recipe stands."""
    wrong: int
    """Places where no fault stands, be it of this recipe or of another."""

    @property
    def recall(self) -> float:
        """Share of the planted faults that were found; 1 where none was planted."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Share of the places that are right; those of other recipes count for neither."""
        named = self.right + self.wrong
        return self.right / named if named else 1.0


def read_truth(file: Path) -> list[Fault]:
    """The faults of a truth table, ``truth.csv`` of a synthetic programme.

    Raises:
        CommonwealError: it cannot be read, or is no such table.
    """
    try:
        header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines() or [""])
        if header != COLUMNS:
            raise ValueError("another header")
        return [
            Fault(site, name, int(line) if line else None, column, recipe)
            for site, name, line, column, recipe in rows
        ]
    except (OSError, ValueError) as error:
        raise CommonwealError(
            f"The truth table {file} cannot be read.",
            expected=f"a CSV file with the columns {', '.join(COLUMNS)}",
            fix="Give the truth.csv of a synthetic programme as it was written.",
        ) from error


def score(truth: Iterable[Fault], found: Collection[Place]) -> dict[str, Score]:
    """Score what was found against what was planted, for each recipe of the truth."""
    by_recipe: Mapping[str, list[Fault]] = _by_recipe(truth)
    lines = {
        recipe: {(fault.file, fault.line) for fault in faults}
        for recipe, faults in by_recipe.items()
    }
    at_fault = set().union(*lines.values())
    places = set(found)
    named = places | {(file, line, "") for file, line, _ in places}
    wholly = {(file, line) for file, line, column in places if not column}
    wrong = sum((file, line) not in at_fault for file, line, _ in places)
    return {
        recipe: Score(
            planted=len(faults),
            found=sum(_is_found(fault, named, wholly) for fault in faults),
            right=sum((file, line) in lines[recipe] for file, line, _ in places),
            wrong=wrong,
        )
        for recipe, faults in by_recipe.items()
    }


def _by_recipe(truth: Iterable[Fault]) -> Mapping[str, list[Fault]]:
    grouped = defaultdict(list)
    for fault in truth:
        grouped[fault.recipe].append(fault)
    return grouped


def _is_found(
    fault: Fault, named: Collection[Place], wholly: Collection[tuple[str, int | None]]
) -> bool:
    return (fault.file, fault.line, fault.column) in named or (fault.file, fault.line) in wholly
