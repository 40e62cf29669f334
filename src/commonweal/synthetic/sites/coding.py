"""Records in a site's own codes: what a hospital writes before anybody maps it.

Clinical rows come with standard concepts. A site writes its own code beside each and maps
most codes to the standard; what it has not mapped keeps its code and the concept 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.frames import Columns, as_array
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.codes import (
    LOCAL_STYLE,
    NO_VOCABULARY,
    STYLES,
    CodeBook,
    local_codes,
    local_concepts,
)
from commonweal.synthetic.sites.columns import as_ints, find_absent
from commonweal.synthetic.sites.unmapped import (
    STRAY_SHARE,
    choose_unmapped,
    count_usage,
    unmapped_share,
)


@dataclass(frozen=True)
class Coded:
    """The columns of a table that say what happened: the term, and the site's code for it."""

    key: str
    concept: str
    value: str
    source: str | None


def _noun(table: str, noun: str) -> Coded:
    """The usual names, such as drug_concept_id, drug_source_value, drug_source_concept_id."""
    return Coded(
        key=f"{table}_id",
        concept=f"{noun}_concept_id",
        value=f"{noun}_source_value",
        source=f"{noun}_source_concept_id",
    )


CODED: Mapping[str, Coded] = MappingProxyType(
    {
        "condition_occurrence": _noun("condition_occurrence", "condition"),
        "drug_exposure": _noun("drug_exposure", "drug"),
        "procedure_occurrence": _noun("procedure_occurrence", "procedure"),
        "measurement": _noun("measurement", "measurement"),
        "observation": _noun("observation", "observation"),
        "device_exposure": _noun("device_exposure", "device"),
        "specimen": Coded("specimen_id", "specimen_concept_id", "specimen_source_value", None),
        "death": Coded(
            "person_id", "cause_concept_id", "cause_source_value", "cause_source_concept_id"
        ),
    }
)
"""The tables whose rows a site codes."""
MAP_BEGINS, MAP_ENDS = date(1970, 1, 1), date(2099, 12, 31)
LONGEST_VOCABULARY = 20


class Coder:
    """Writes the codes of every site of a plan; once made, it never changes."""

    def __init__(self, plan: Plan, book: CodeBook, sample: Records) -> None:
        """``sample`` are records of the programme, by which each site's gaps are measured."""
        usage = count_usage(sample, {table: coded.concept for table, coded in CODED.items()})
        self._draws = plan.draws
        self._sites = plan.sites
        self._book = book
        self._style = np.array([STYLES.index(site.codes) for site in plan.sites])
        chosen = [
            choose_unmapped(
                plan.draws,
                book,
                site,
                style=int(self._style[position]),
                position=position,
                usage=usage,
            )
            for position, site in enumerate(plan.sites)
        ]
        self._unmapped: NDArray[np.bool_] = np.stack(chosen)

    def code_records(self, patients: Patients, records: Records) -> Records:
        """The records with each site's codes, and the concept 0 where it has not mapped one.

        A concept that the book does not know keeps what stands beside it.
        """
        return {
            table: self._code(patients, rows, table) if table in CODED else rows
            for table, rows in records.items()
        }

    def list_source_maps(self, position: int) -> Columns | None:
        """``source_to_concept_map`` of the site at this position; None without local codes."""
        if self._style[position] != LOCAL_STYLE:
            return None
        places = np.arange(len(self._book.concepts), dtype=np.int64)
        codes = local_codes(self._book, places, position)
        order = np.argsort(codes, kind="stable")
        places, codes = places[order], codes[order]
        unmapped = self._unmapped[position, codes]
        vocabulary = np.array(self._book.vocabulary)[places]
        return {
            "source_code": self._book.texts.take(pa.array(codes)),
            "source_concept_id": local_concepts(self._book, codes, position),
            "source_vocabulary_id": f"L_{self._sites[position].name}"[:LONGEST_VOCABULARY],
            "target_concept_id": np.where(unmapped, 0, self._book.concepts[places]),
            "target_vocabulary_id": np.where(unmapped, NO_VOCABULARY, vocabulary),
            "valid_start_date": MAP_BEGINS,
            "valid_end_date": MAP_ENDS,
        }

    def _code(self, patients: Patients, rows: Rows, table: str) -> Rows:
        coded, columns, count = CODED[table], rows.columns, len(rows.patient)
        if coded.concept not in columns:
            return rows
        concept = as_ints(columns[coded.concept], count)
        keys, site = as_ints(columns[coded.key], count), patients.site[rows.patient]
        place, known = self._book.find(concept)
        code = self._choose_codes(table, site, place, keys)
        strays = np.array([STRAY_SHARE * (unmapped_share(s, table) > 0) for s in self._sites])
        stray = self._draws.chance(f"stray {table}", keys, strays[site])
        unmapped = known & (stray | self._unmapped[site, code])
        absent = find_absent(columns[coded.concept], count)
        changed: dict[str, Any] = {
            coded.concept: pa.array(np.where(unmapped, 0, concept), mask=absent),
            coded.value: self._write_codes(code, known, columns.get(coded.value)),
        }
        if coded.source:
            given = as_ints(columns.get(coded.source), count)
            own = np.where(stray, 0, self._find_sources(code, site))
            changed[coded.source] = pa.array(np.where(known, own, given), mask=absent)
        return Rows(rows.patient, {**columns, **changed})

    def _choose_codes(self, table: str, site: Ints, place: Ints, keys: Ints) -> Ints:
        """A code for each row; where a concept has several, any of them."""
        style = self._style[site]
        is_local = style == LOCAL_STYLE
        vocabulary = np.where(is_local, 0, style)
        drawn = self._draws.uniform(f"code {table}", keys) * self._book.count[vocabulary, place]
        code = self._book.first[vocabulary, place] + np.floor(drawn).astype(np.int64)
        return np.where(is_local, local_codes(self._book, place, site), code)

    def _find_sources(self, code: Ints, site: Ints) -> Ints:
        """The concept of each code."""
        is_local = code >= self._book.first_local
        shared = self._book.source[np.where(is_local, 0, code)]
        return np.where(is_local, local_concepts(self._book, code, site), shared)

    def _write_codes(self, code: Ints, known: Flags, given: Any) -> pa.Array:
        """The code of each known row as text; of the others what is given."""
        positions = pa.array(code, pa.int32(), mask=~known)
        written = pa.DictionaryArray.from_arrays(positions, self._book.texts)
        if given is None or known.all():
            return written
        return pc.coalesce(written.cast(pa.string()), as_array(given, pa.string(), len(known)))
