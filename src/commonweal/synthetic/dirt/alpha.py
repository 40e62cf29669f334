"""What a submission that the site de-identified must no longer hold.

The historic rule of the alpha phase: sites keep the year of every date and write 1 January,
and leave out patients of more than 80 years.
"""

import numpy as np

from commonweal.schema.model import DataType
from commonweal.synthetic.dirt.dates import first_date, move_dates
from commonweal.synthetic.dirt.recipe import LEAVES, Change, Chosen, PeopleRecipe, Rates, RowRecipe
from commonweal.synthetic.draws import Flags
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.people import People

OLDEST = 80
LAST_OF_YEAR = 364


def is_over_80(people: People, last: np.datetime64) -> Flags:
    """By the year alone, which is all that such a submission tells."""
    years = last.astype("datetime64[Y]") - people.born.astype("datetime64[Y]")
    return np.asarray(years.astype(np.int64) > OLDEST)


def _left_in(people: People, last: np.datetime64) -> Flags:
    return people.membership.shares_records & is_over_80(people, last)


def _real_date(chosen: Chosen) -> Change:
    """A day of the same year that is not the first, where all the row's days are the first."""
    left = (chosen.last - _latest_days(chosen)).astype(np.int64)
    most = np.clip(left, 0, LAST_OF_YEAR)
    delta = chosen.integers("days", 1, np.maximum(most, 1)).astype("timedelta64[D]")
    hit = _is_masked(chosen) & (most > 0)
    return Change(move_dates(chosen, delta), hit, [first_date(chosen.table)] * len(chosen))


def _latest_days(chosen: Chosen) -> Days:
    """The latest day of each row: what began in one year may end in the next."""
    dated = chosen.table.fields_of(DataType.DATE, DataType.TIMESTAMP)
    return np.asarray(np.fmax.reduce([chosen.days(field.name) for field in dated]))


def _is_masked(chosen: Chosen) -> Flags:
    masked = np.ones(len(chosen), dtype=np.bool_)
    for one in chosen.table.fields_of(DataType.DATE, DataType.TIMESTAMP):
        days = chosen.days(one.name)
        masked &= np.isnat(days) | (days == days.astype("datetime64[Y]").astype("datetime64[D]"))
    return masked


OVER_80 = PeopleRecipe(
    name="alpha.over_80",
    title="A person of more than 80 years in a de-identified submission",
    seen="The rule of the alpha phase of All of Us in 2017: patients over 80 stay out.",
    rates=Rates(0.2),
    rejects=True,
    codes=("sprint.over_80",),
    tables=("person",),
    alpha=True,
    whom=_left_in,
    column="year_of_birth",
)
REAL_DATE = RowRecipe(
    name="alpha.real_date",
    title="A real date in a de-identified submission",
    seen="The example row of the alpha guide itself: born on 2 January.",
    rates=Rates(0.02),
    rejects=True,
    codes=("sprint.real_date",),
    tables=LEAVES,
    alpha=True,
    change=_real_date,
)
