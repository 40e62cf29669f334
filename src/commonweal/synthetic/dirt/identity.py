"""People whom a site confuses with somebody, as its own comparison tells.

Rows of different tables about one person are drawn alike, so that they agree.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.synthetic.dirt.recipe import Change, Chosen, Rates, RowRecipe

NAMES = ("Alex", "Robin", "Sam", "Kit", "Lee", "Drew", "Noel")
"""Given to the wrong person, as given or family name."""
NAME_COLUMNS = ("first_name", "last_name")
MOST_DAYS = 3_000


def _wrong_birth(chosen: Chosen) -> Change:
    """A day of birth up to eight years too early."""
    if chosen.table.name == "participant_match":
        return _no_match(chosen, np.full(len(chosen), "dob"))
    early = chosen.integers("days", 1, MOST_DAYS).astype("timedelta64[D]")
    born = chosen.of_person(chosen.people.born) - early
    month = born.astype("datetime64[M]")
    cells = {
        "year_of_birth": pa.array(born.astype("datetime64[Y]").astype(np.int64) + 1970),
        "month_of_birth": pa.array(month.astype(np.int64) % 12 + 1),
        "day_of_birth": pa.array((born - month.astype("datetime64[D]")).astype(np.int64) + 1),
        "birth_datetime": pa.array(born.astype("datetime64[us]")),
    }
    hit = np.ones(len(chosen), dtype=np.bool_)
    return Change(cells, hit, ["birth_datetime"] * len(chosen))


def _wrong_name(chosen: Chosen) -> Change:
    """Another given or another family name."""
    which = np.array(NAME_COLUMNS)[chosen.integers("which", 0, 1)]
    if chosen.table.name == "participant_match":
        return _no_match(chosen, which)
    place = chosen.integers("name", 0, len(NAMES) - 1)
    cells = {}
    for column in NAME_COLUMNS:
        old = np.array(chosen.rows[column].to_pylist(), dtype=np.str_)
        new = np.array(NAMES)[place]
        new = np.where(new == old, np.array(NAMES)[(place + 1) % len(NAMES)], new)
        cells[column] = pa.array(np.where(which == column, new, old), pa.string())
    return Change(cells, np.ones(len(chosen), dtype=np.bool_), which.tolist())


def _no_match(chosen: Chosen, which: NDArray[np.str_]) -> Change:
    """The column ``which`` does not match, and nobody accepts the person."""
    cells = {}
    for column in sorted(set(which.tolist())):
        old = np.array(chosen.rows[column].to_pylist(), dtype=np.object_)
        cells[column] = pa.array(np.where(which == column, "no_match", old), pa.string())
    for column in ("algorithm_validation", "manual_validation"):
        cells[column] = pa.repeat("no", len(chosen))
    return Change(cells, np.ones(len(chosen), dtype=np.bool_), which.tolist())


WRONG_BIRTH = RowRecipe(
    name="identity.wrong_birth",
    title="Another date of birth than the participant's",
    seen="The matching of All of Us compares it: participant_match.dob is no_match.",
    rates=Rates(0.01),
    rejects=False,
    matches=("identity.birth_differs", "identity.birth_refused"),
    tables=("person", "participant_match"),
    change=_wrong_birth,
)
WRONG_NAME = RowRecipe(
    name="identity.wrong_name",
    title="Another name than the participant's",
    seen="The matching of All of Us compares it: first_name or last_name is no_match.",
    rates=Rates(0.01),
    rejects=False,
    matches=("identity.name_differs", "identity.name_refused"),
    tables=("pii_name", "participant_match"),
    change=_wrong_name,
)
