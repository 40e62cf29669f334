"""Keys that do not name one row, or lead to none."""

import numpy as np
import pyarrow as pa

from commonweal.schema.model import Table
from commonweal.synthetic.dirt.dates import move_dates
from commonweal.synthetic.dirt.recipe import LEAVES, Change, Chosen, Rates, RowRecipe

ABSENT = 4_000_000_000
"""Added to a person's id it gives one that nobody has, be it a participant or in disguise."""
ONE_DAY = np.timedelta64(1, "D")


def _repeat(chosen: Chosen) -> Change:
    hit = np.ones(len(chosen), dtype=np.bool_)
    return Change({}, hit, [key_of(chosen.table)] * len(chosen))


def _reuse(chosen: Chosen) -> Change:
    """The same key for something that happened a day before."""
    hit = np.ones(len(chosen), dtype=np.bool_)
    cells = move_dates(chosen, np.full(len(chosen), -ONE_DAY))
    return Change(cells, hit, [key_of(chosen.table)] * len(chosen))


def _lose_person(chosen: Chosen) -> Change:
    hit = np.ones(len(chosen), dtype=np.bool_)
    absent = pa.array(chosen.numbers("person_id") + ABSENT)
    return Change({"person_id": absent}, hit, ["person_id"] * len(chosen))


def _lose_visit(chosen: Chosen) -> Change:
    """A visit below zero: a site counts its own from one."""
    visit, column = chosen.numbers("visit_occurrence_id"), "visit_occurrence_id"
    return Change({column: pa.array(-visit)}, visit > 0, [column] * len(chosen))


def key_of(table: Table) -> str:
    """The primary key of a table that has one."""
    return next(one.name for one in table.fields if one.primary_key)


DUPLICATE = RowRecipe(
    name="key.duplicate",
    title="A whole row twice",
    seen="Not in the public data sets that were measured; two exports joined with an overlap.",
    rates=Rates(0.002),
    rejects=False,
    codes=("key.duplicate",),
    rules=("conf.pk_unique",),
    tables=(*LEAVES, "note", "person", "visit_occurrence"),
    change=_repeat,
    adds=True,
)
REUSED = RowRecipe(
    name="key.reused",
    title="A key used again for another row",
    seen="GiBleed: 6.5 % of drug exposures, 5.0 % of measurements, 0.4 % of observations.",
    rates=Rates(0.001, {"drug_exposure": 0.065, "measurement": 0.05, "observation": 0.004}),
    rejects=False,
    codes=("key.duplicate",),
    rules=("conf.pk_unique",),
    tables=(*LEAVES, "note"),
    change=_reuse,
    adds=True,
)
PERSON_ABSENT = RowRecipe(
    name="key.person_absent",
    title="A row about a person whom the site does not send",
    seen="GiBleed: 50 % of observation periods.",
    rates=Rates(0.001, {"observation_period": 0.5}),
    rejects=False,
    codes=("key.person_absent",),
    rules=("conf.person_exists",),
    tables=(*LEAVES, "note", "observation_period"),
    change=_lose_person,
)
VISIT_ABSENT = RowRecipe(
    name="key.visit_absent",
    title="A reference to a visit that was not sent",
    seen="GiBleed, whose visits were thinned out: 89 % to 100 % of the rows of five tables.",
    rates=Rates(0.02),
    rejects=False,
    codes=("key.orphan",),
    rules=("conf.fk_valid",),
    tables=(*(table for table in LEAVES if table != "specimen"), "note"),
    change=_lose_visit,
)
