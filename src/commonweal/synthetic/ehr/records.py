"""What health records are between the moment they are made up and the files of a site."""

from collections.abc import Mapping
from dataclasses import dataclass

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.frames import Columns

MOST_VISITS = 256
"""Room for visits in a patient's row numbers: visit n of a patient is ``key * 256 + n``."""
RECORDS_OF_A_VISIT = 64
"""Room for rows of one table in a visit: row n of a visit is ``visit * 64 + n``."""


@dataclass(frozen=True)
class Rows:
    """Rows of one table in the order of their primary key, which no other batch repeats."""

    patient: Ints
    """Position among the batch's patients; one for each row."""
    columns: Columns
    """Columns by their OMOP 5.4 name: an entry for each row, or one value for all."""


Records = Mapping[str, Rows]
"""Rows by table: clinical ones with standard concepts, each mapped and coded by nobody yet."""
