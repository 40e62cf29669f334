"""Dates that cannot be true: before birth, after death, in the future, back to front."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from commonweal.schema.model import DataType, Table
from commonweal.synthetic.dirt.recipe import LEAVES, Change, Chosen, Rates, RowRecipe
from commonweal.synthetic.frames import Days

GRACE = 30
"""Days after a death in which results and bills still arrive: no fault."""
ONE_YEAR = 365
FUTURE = (3_653, 29_220)
"""Ten to eighty years in days: past the day of any check that is run in the next ten."""


def move_dates(chosen: Chosen, delta: Days) -> Mapping[str, pa.Array]:
    """Every date and time of the rows, ``delta`` later (``timedelta64[D]``)."""
    cells = {}
    for one in chosen.table.fields_of(DataType.DATE, DataType.TIMESTAMP):
        moments = chosen.rows[one.name].to_numpy()
        kind = chosen.rows.schema.field(one.name).type
        cells[one.name] = pa.array(moments + delta.astype("timedelta64[D]")).cast(kind)
    return cells


def first_date(table: Table) -> str:
    """The date that says when a row happened."""
    return table.fields_of(DataType.DATE)[0].name


def _before_birth(chosen: Chosen) -> Change:
    column = first_date(chosen.table)
    early = chosen.integers("days", 1, ONE_YEAR).astype("timedelta64[D]")
    delta = chosen.of_person(chosen.people.born) - early - chosen.days(column)
    return Change(move_dates(chosen, delta), ~np.isnat(delta), [column] * len(chosen))


def _after_death(chosen: Chosen) -> Change:
    """Past the days of grace, and all of it by the last day of the data."""
    column = first_date(chosen.table)
    start, died = chosen.days(column), chosen.of_person(chosen.people.membership.died)
    room = chosen.last - (_last_day(chosen) - start) - died
    most = np.where(np.isnat(room), 0, np.minimum(room.astype(np.int64), ONE_YEAR))
    late = chosen.integers("days", GRACE + 1, np.maximum(most, GRACE + 1))
    delta = died + late.astype("timedelta64[D]") - start
    return Change(move_dates(chosen, delta), most > GRACE, [column] * len(chosen))


def _last_day(chosen: Chosen) -> Days:
    """The latest day that each row names."""
    dated = chosen.table.fields_of(DataType.DATE, DataType.TIMESTAMP)
    return np.asarray(np.fmax.reduce([chosen.days(one.name) for one in dated]))


def _future(chosen: Chosen) -> Change:
    column = first_date(chosen.table)
    late = chosen.integers("days", *FUTURE).astype("timedelta64[D]")
    delta = chosen.last + late - chosen.days(column)
    return Change(move_dates(chosen, delta), ~np.isnat(delta), [column] * len(chosen))


def _end_before_start(chosen: Chosen) -> Change:
    end = next(name for name in chosen.table.columns if name.endswith("_end_date"))
    start = chosen.days(end.replace("_end_date", "_start_date"))
    early = chosen.integers("days", 1, GRACE).astype("timedelta64[D]")
    delta = start - early - chosen.days(end)
    moved = move_dates(chosen, delta)
    cells = {end: moved[end], f"{end}time": moved[f"{end}time"]}
    return Change(cells, chosen.has(end), [end] * len(chosen))


BEFORE_BIRTH = RowRecipe(
    name="time.before_birth",
    title="An event before the person was born",
    seen="Synthea 1k: 24 % of specimens; GiBleed: 1 of 67,707 drug exposures.",
    rates=Rates(0.001, {"specimen": 0.24}),
    rejects=False,
    codes=("date.before_birth",),
    rules=("time.before_birth", "time.plausible_year"),
    tables=LEAVES,
    change=_before_birth,
)
AFTER_DEATH = RowRecipe(
    name="time.after_death",
    title="An event more than 30 days after the person died",
    seen="Not in the public data sets that were measured; All of Us has a rule against it.",
    rates=Rates(0.05),
    rejects=False,
    codes=("date.after_death",),
    rules=("death.no_data_after",),
    tables=LEAVES,
    change=_after_death,
)
IN_FUTURE = RowRecipe(
    name="time.future",
    title="An event years after the last day of the data",
    seen="The MIMIC-IV demonstration: all dates lie from 2110 to 2201.",
    rates=Rates(0.002),
    rejects=False,
    codes=("date.implausible",),
    rules=("time.cutoff",),
    tables=LEAVES,
    change=_future,
)
END_BEFORE_START = RowRecipe(
    name="time.end_before_start",
    title="An end before its start",
    seen="Not in the public data sets that were measured; All of Us has a rule against it.",
    rates=Rates(0.002),
    rejects=False,
    codes=("date.end_before_start",),
    rules=("time.end_after_start",),
    tables=(
        "condition_occurrence",
        "drug_exposure",
        "device_exposure",
        "visit_occurrence",
        "visit_detail",
    ),
    change=_end_before_start,
)
