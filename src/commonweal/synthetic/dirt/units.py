"""Units of measurements that say too little."""

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.synthetic.dirt.recipe import Change, Chosen, Rates, RowRecipe
from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.facts import read_facts

CONCEPT, SOURCE = "unit_concept_id", "unit_source_value"


@cache
def list_spellings() -> tuple[Ints, NDArray[np.str_]]:
    """Concepts of units in rising order, and beside each a way to write it."""
    rows = sorted(
        (int(row[CONCEPT]), place, row["spelling"])
        for place, row in enumerate(read_facts("unit_spellings.csv"))
    )
    concepts = np.array([concept for concept, _, _ in rows], dtype=np.int64)
    return concepts, np.array([spelling for _, _, spelling in rows])


def _lose_unit(chosen: Chosen) -> Change:
    nothing = pa.nulls(len(chosen))
    cells = {CONCEPT: nothing.cast(pa.int64()), SOURCE: nothing.cast(pa.string())}
    return Change(cells, _with_unit(chosen), [SOURCE] * len(chosen))


def _spell_oddly(chosen: Chosen) -> Change:
    """A spelling for which the site found no concept."""
    concepts, spellings = list_spellings()
    unit = chosen.numbers(CONCEPT)
    first = np.searchsorted(concepts, unit, side="left")
    known = np.searchsorted(concepts, unit, side="right") - first
    place = first + chosen.integers("spelling", 0, np.maximum(known, 1) - 1)
    spelling = pa.array(spellings[np.minimum(place, len(spellings) - 1)], pa.string())
    cells = {CONCEPT: pa.array(np.zeros(len(chosen), dtype=np.int64)), SOURCE: spelling}
    return Change(cells, _with_unit(chosen) & (known > 0), [SOURCE] * len(chosen))


def _with_unit(chosen: Chosen) -> Flags:
    """Rows with a number and the unit of it."""
    return chosen.has("value_as_number") & (chosen.numbers(CONCEPT) > 0)


MISSING = RowRecipe(
    name="unit.missing",
    title="A number without a unit",
    seen="Synthea 27 of New Jersey: 7.7 % of the measurements with a number; Synthea 1k: all.",
    rates=Rates(0.077),
    rejects=False,
    tables=("measurement",),
    change=_lose_unit,
)
SPELLING = RowRecipe(
    name="unit.spelling",
    title="A unit in a spelling that the site could not map",
    seen="The data browser of All of Us knows 3,319 spellings of units that sites have sent.",
    rates=Rates(0.02),
    rejects=False,
    tables=("measurement",),
    change=_spell_oddly,
)
