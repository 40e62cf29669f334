"""Which of its codes a site has not mapped: whole codes, as where a map was never finished."""

from collections.abc import Mapping

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Floats, Ints
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.sites.codes import LOCAL_CODES, CodeBook, list_codes
from commonweal.synthetic.sites.columns import as_ints
from commonweal.synthetic.sites.profile import SiteProfile

Usage = Mapping[str, Mapping[int, int]]
"""How many rows each table has of each concept, in a sample of the programme."""

STRAY_SHARE = 0.01
"""Share of rows that are unmapped whatever their code, where a site leaves any unmapped."""
UNMAPPED_ELSEWHERE = {
    "procedure_occurrence": 0.06,
    "measurement": 0.03,
    "observation": 0.05,
    "device_exposure": 0.10,
}
"""Share of unmapped rows of the tables for which a profile has none of its own."""


def unmapped_share(site: SiteProfile, table: str) -> float:
    """Share of a table's rows that a site leaves without a standard concept."""
    own = {
        "condition_occurrence": site.unmapped_conditions,
        "drug_exposure": site.unmapped_drugs,
    }
    return own.get(table, UNMAPPED_ELSEWHERE.get(table, 0.0))


def count_usage(records: Records, concept_columns: Mapping[str, str]) -> dict[str, dict[int, int]]:
    """How often each concept stands in the given column of each table."""
    usage = {}
    for table, column in concept_columns.items():
        if table in records:
            rows = records[table]
            concept = as_ints(rows.columns.get(column), len(rows.patient))
            found, counts = np.unique(concept, return_counts=True)
            usage[table] = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return usage


def choose_unmapped(
    draws: Draws, book: CodeBook, site: SiteProfile, *, style: int, position: int, usage: Usage
) -> Flags:
    """A flag for each code of the book: the site at this position of the plan has no map for it.

    Codes are taken in an order that is drawn, until as many rows as the profile says are
    without one. Codes that the sample does not use are left out at random.
    """
    codes, places = list_codes(book, style, position)
    lots = draws.uniform(f"unmapped {site.name}", codes)
    chosen = np.zeros(book.first_local + LOCAL_CODES, dtype=bool)
    used = np.zeros(len(codes), dtype=bool)
    for table, counts in usage.items():
        weights = _weigh(book, places, counts)
        in_order = np.argsort(lots + (weights == 0), kind="stable")[: np.count_nonzero(weights)]
        share = max(unmapped_share(site, table) - STRAY_SHARE, 0.0)
        wanted = share * sum(counts.values()) - counts.get(0, 0)
        chosen[_fill(codes[in_order], weights[in_order], wanted)] = True
        used |= weights > 0
    chosen[codes[~used & (lots < site.unmapped_conditions)]] = True
    return chosen


def _weigh(book: CodeBook, places: Ints, counts: Mapping[int, int]) -> Floats:
    """Rows expected of each code, when those of a concept are shared out among its codes."""
    of_concept = np.array([counts.get(c, 0) for c in book.concepts.tolist()], dtype=np.float64)
    return of_concept[places] / np.bincount(places)[places]


def _fill(codes: Ints, weights: Floats, wanted: float) -> list[int]:
    """Codes taken in their order, each unless it has more rows than are still wanted."""
    taken = []
    for code, weight in zip(codes.tolist(), weights.tolist(), strict=True):
        if weight <= wanted:
            taken.append(code)
            wanted -= weight
    return taken
