"""Which codes a site can write for a standard concept: of a vocabulary, or of its own.

The facts are rows with the columns ``concept_id,system,code,source_concept_id``: a code of a
vocabulary that means a standard concept, and the code's own concept (0 or empty: none).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.facts import DATA, Fact, read_facts
from commonweal.synthetic.sites.profile import CodeSystem

PREFERRED: Mapping[CodeSystem, tuple[str, ...]] = {
    CodeSystem.ICD10CM_NDC: ("icd10cm", "ndc", "cpt4", "hcpcs", "icd10pcs", "cvx", "loinc"),
    CodeSystem.SNOMED_RXNORM: ("snomed", "rxnorm", "cvx", "loinc"),
}
"""The vocabulary a concept is coded in is the first of these that has a code for it; where
none has, the first by name of the others."""
STYLES = (*PREFERRED, CodeSystem.LOCAL)
LOCAL_STYLE = STYLES.index(CodeSystem.LOCAL)

LOCAL_CODES = 10_000
"""How many codes of its own a site has room for."""
FIRST_LOCAL_CONCEPT = 2_001_000_000
"""Above the programme's own concepts from 2,000,000,000, and with ``LOCAL_RANGES`` ranges
below those from 2,100,000,000 and within 31 bits."""
LOCAL_RANGES = 9_000
SPREAD = 4_001
"""Has no factor in common with ``LOCAL_CODES``: neighbours get codes far apart."""

VOCABULARIES = {
    "snomed": "SNOMED",
    "icd10cm": "ICD10CM",
    "icd10pcs": "ICD10PCS",
    "rxnorm": "RxNorm",
    "ndc": "NDC",
    "cvx": "CVX",
    "loinc": "LOINC",
    "cpt4": "CPT4",
    "hcpcs": "HCPCS",
}
NO_VOCABULARY = "None"
SNOMED = "codes_snomed.csv"


@dataclass(frozen=True)
class CodeBook:
    """Every code, first those of vocabularies and then local ones, and what they stand for."""

    concepts: Ints
    """Standard concepts in rising order."""
    vocabulary: tuple[str, ...]
    """OMOP vocabulary of each of them."""
    texts: pa.Array
    """Every code as it is written; the last ``LOCAL_CODES`` are local."""
    source: Ints
    """Concept of each code that is not local; 0 where it has none."""
    first: NDArray[np.int64]
    """By style and concept, the first of the codes to choose from."""
    count: NDArray[np.int64]
    """By style and concept, how many there are."""

    @property
    def first_local(self) -> int:
        """Where local codes begin in ``texts``."""
        return len(self.source)

    def find(self, concepts: Ints) -> tuple[Ints, Flags]:
        """Place of each concept among ``concepts``, and whether it has one."""
        place = np.searchsorted(self.concepts, concepts)
        place = np.minimum(place, len(self.concepts) - 1)
        return place, self.concepts[place] == concepts


def local_codes(book: CodeBook, places: Ints, positions: int | Ints) -> Ints:
    """The code that a site at each position of the plan uses for the concept at each place."""
    numbers = (places * SPREAD + np.asarray(positions) * 37) % LOCAL_CODES
    return np.asarray(book.first_local + numbers, dtype=np.int64)


def list_codes(book: CodeBook, style: int, position: int) -> tuple[Ints, Ints]:
    """Every code that the site at this position may write, and the place of its concept."""
    places = np.arange(len(book.concepts), dtype=np.int64)
    if style == LOCAL_STYLE:
        return local_codes(book, places, position), places
    first, count = book.first[style], book.count[style]
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + number, np.repeat(places, count)


def local_concepts(book: CodeBook, codes: Ints, positions: int | Ints) -> Ints:
    """The site's own concept, above 2,000,000,000, of a local code.

    Each site has a range of its own; after ``LOCAL_RANGES`` sites the ranges begin again.
    """
    start = FIRST_LOCAL_CONCEPT + np.asarray(positions) % LOCAL_RANGES * LOCAL_CODES
    return np.asarray(start + codes - book.first_local, dtype=np.int64)


@cache
def default_book() -> CodeBook:
    """The codes that ship with the product.

    Those of SNOMED CT stand in a file of their own, which may be removed: sites then use
    another system's codes where there are some.
    """
    snomed = read_facts(SNOMED) if (DATA / SNOMED).is_file() else ()
    return build_book([*read_facts("codes.csv"), *snomed])


def build_book(facts: Iterable[Fact]) -> CodeBook:
    """A book of these codes.

    Raises:
        ValueError: there is no code, or more concepts than a site has local codes.
    """
    rows = sorted({(int(f["concept_id"]), f["system"], f["code"], _concept(f)) for f in facts})
    spans: dict[int, dict[str, tuple[int, int]]] = {}
    for (concept, system), listed in groupby(enumerate(rows), lambda row: row[1][:2]):
        positions = [position for position, _ in listed]
        spans.setdefault(concept, {})[system] = positions[0], len(positions)
    if not 0 < len(spans) <= LOCAL_CODES:
        raise ValueError(f"{len(spans)} concepts with codes, not 1 to {LOCAL_CODES}")
    chosen = [[_choose(spans[c], PREFERRED[style]) for c in spans] for style in PREFERRED]
    named = {
        concept: VOCABULARIES.get(s, NO_VOCABULARY) for concept, s, _, own in rows if own == concept
    }
    return CodeBook(
        concepts=np.array(list(spans), dtype=np.int64),
        vocabulary=tuple(named.get(concept) or NO_VOCABULARY for concept in spans),
        texts=pa.array([row[2] for row in rows] + [f"LC:{n:05d}" for n in range(LOCAL_CODES)]),
        source=np.array([row[3] for row in rows], dtype=np.int64),
        first=np.array([[first for first, _ in s] for s in chosen], dtype=np.int64),
        count=np.array([[count for _, count in s] for s in chosen], dtype=np.int64),
    )


def _concept(fact: Fact) -> int:
    return int(fact["source_concept_id"] or 0)


def _choose(spans: Mapping[str, tuple[int, int]], preferred: tuple[str, ...]) -> tuple[int, int]:
    """First code and number of codes in the vocabulary that a style prefers."""
    system = next((s for s in preferred if s in spans), min(spans))
    return spans[system]
