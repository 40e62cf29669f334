"""Made-up persons of a site."""

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.people.body import FEMALE, MALE

SEXES = {FEMALE: 52, MALE: 47, 0: 1}
RACES = {8527: 56, 8516: 22, 8515: 8, 8657: 2, 8557: 1, 0: 11}
ETHNICITIES = {38003564: 82, 38003563: 17, 0: 1}
OLDEST, YOUNGEST = "1930-01-01", "2004-12-31"


def build_population(*, site: str, seed: int, persons: int, first_id: int) -> pa.Table:
    """Persons ``first_id`` and following of a site.

    Columns: person_id, site, birth_date, sex_concept_id, race_concept_id,
    ethnicity_concept_id; all adults from 2023 on, born 1930 to 2004.
    """
    draws = Draws(seed)
    ids = np.arange(first_id, first_id + persons, dtype=np.int64)
    days = np.arange(OLDEST, YOUNGEST, dtype="datetime64[D]")
    return pa.table(
        {
            "person_id": ids,
            "site": pa.repeat(site, persons),
            "birth_date": days[draws.integers("birth", ids, 0, len(days) - 1)],
            "sex_concept_id": _pick(draws, "sex", ids, SEXES),
            "race_concept_id": _pick(draws, "race", ids, RACES),
            "ethnicity_concept_id": _pick(draws, "ethnicity", ids, ETHNICITIES),
        }
    )


def _pick(draws: Draws, stream: str, ids: Ints, weights: dict[int, int]) -> Ints:
    concepts = np.array(list(weights), dtype=np.int64)
    return np.asarray(concepts[draws.choice(stream, ids, list(weights.values()))])
