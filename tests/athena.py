"""A made-up Athena download of any size: tab-separated, unquoted, dates as yyyymmdd.

Names have what real ones have: quotes that open and never close, accents, percent signs,
backslashes. Every concept and link is a function of its number, so counts are known.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import EngineSettings
from commonweal.engine.sql import quoted, quoted_text

VERSION = "v5.0 30-AUG-24"
FIRST_ID = 1_000
CHILDREN, LEVELS = 8, 5
"""How many concepts are below one, and how many generations of them are told of."""
ODD = [
    '5" needle',
    "Crohn's",
    "½ tablet",
    "naïve",
    "100%",
    "back\\slash",
    '"quoted"',
    "a,b;c",
    "😀",
]
WORDS = re.findall(
    r"\w+",
    """
    acute chronic benign malignant primary secondary left right upper lower renal hepatic
    cardiac pulmonary gastric cerebral dermal ocular nasal dental fracture infection neoplasm
    disorder syndrome inflammation hemorrhage ulcer diabetes hypertension asthma anemia tablet
    capsule injection solution ointment release extended oral topical measurement serum plasma
    urine blood tissue culture antibody antigen sodium potassium glucose calcium device needle
    catheter screw plate examination excision biopsy imaging therapy vaccine history finding
    """,
)
DOMAINS = ("Condition", "Drug", "Measurement", "Procedure", "Observation")
VOCABULARIES = ("SNOMED", "RxNorm", "LOINC", "ICD10CM", "RxNorm Extension", "MedDRA")
HEADERS = {
    "CONCEPT": "concept_id concept_name domain_id vocabulary_id concept_class_id "
    "standard_concept concept_code valid_start_date valid_end_date invalid_reason",
    "CONCEPT_ANCESTOR": "ancestor_concept_id descendant_concept_id min_levels_of_separation "
    "max_levels_of_separation",
    "CONCEPT_RELATIONSHIP": "concept_id_1 concept_id_2 relationship_id valid_start_date "
    "valid_end_date invalid_reason",
    "CONCEPT_SYNONYM": "concept_id concept_synonym_name language_concept_id",
    "VOCABULARY": "vocabulary_id vocabulary_name vocabulary_reference vocabulary_version "
    "vocabulary_concept_id",
    "DOMAIN": "domain_id domain_name domain_concept_id",
    "CONCEPT_CLASS": "concept_class_id concept_class_name concept_class_concept_id",
    "RELATIONSHIP": "relationship_id relationship_name is_hierarchical defines_ancestry "
    "reverse_relationship_id relationship_concept_id",
}


@dataclass(frozen=True)
class Size:
    """How many rows: a concept in the hierarchy has up to four above it, one below the other."""

    concepts: int
    in_hierarchy: int
    relationships: int
    synonyms: int

    @property
    def ancestors(self) -> int:
        """Pairs of the hierarchy, each of its concepts with itself among them."""
        above = sum(max(0, self.in_hierarchy - CHILDREN**level) for level in range(1, LEVELS))
        return self.in_hierarchy + above


def write_athena(folder: Path, size: Size) -> None:
    """Write the tables of a download into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_engine(EngineSettings()) as engine:
        for table, select in _selects(size).items():
            _write_table(engine, folder / f"{table}.csv", HEADERS[table], select)
    (folder / "readme.txt").write_text("not a table\n", encoding="utf-8")


def zip_folder(folder: Path, file: Path, *, inside: str = "") -> None:
    """Pack every file of a folder, the way the download comes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{inside}{path.name}")


def _selects(size: Size) -> dict[str, str]:
    """A SELECT of texts for every table; ``i`` numbers its rows from 0."""
    n = size.concepts
    # Row i of the ancestors: concept i // 5 and the one that stands i % 5 above it; 0 is alone.
    descendant, level = f"(i // {LEVELS})", f"(i % {LEVELS})"
    ancestor = f"({descendant} // CAST(pow({CHILDREN}, {level}) AS BIGINT))"
    return {
        "CONCEPT": f"SELECT {FIRST_ID} + i, {_name('i')}, {_pick(DOMAINS, 'i')}, "
        f"{_pick(VOCABULARIES, 'i // 7')}, 'Clinical Finding', "
        "CASE WHEN i % 2 = 0 THEN 'S' WHEN i % 51 = 1 THEN 'C' END, "
        f"format('{{:X}}.{{}}', i // 10, i % 10), '19700101', '20991231', "
        f"CASE WHEN i % 97 = 0 THEN 'U' END FROM range({n}) t(i)",
        "CONCEPT_ANCESTOR": f"SELECT {FIRST_ID} + {ancestor}, {FIRST_ID} + {descendant}, "
        f"{level}, {level} FROM range({size.in_hierarchy * LEVELS}) t(i) "
        f"WHERE {level} = 0 OR {ancestor} > 0",
        "CONCEPT_RELATIONSHIP": f"SELECT {FIRST_ID} + i % {n}, {FIRST_ID} + (i * 7 + i // {n}) % "
        f"{n}, CASE WHEN i < {n} THEN 'Maps to' ELSE 'Mapped from' END, '19700101', '20991231', "
        f"NULL FROM range({size.relationships}) t(i)",
        "CONCEPT_SYNONYM": f"SELECT {FIRST_ID} + i * 2 % {n}, 'Also ' || {_name('i * 31 + 5')}, "
        f"4180186 FROM range({size.synonyms}) t(i)",
        "VOCABULARY": "SELECT v, v || ' (made up)', NULL, "
        f"CASE v WHEN 'None' THEN {quoted_text(VERSION)} END, 44819096 FROM "
        f"(SELECT unnest({_texts((*VOCABULARIES, 'None'))}) AS v)",
        "DOMAIN": f"SELECT d, d, 19 FROM (SELECT unnest({_texts(DOMAINS)}) AS d)",
        "CONCEPT_CLASS": "SELECT 'Clinical Finding', 'Clinical Finding', 44819247",
        "RELATIONSHIP": "SELECT unnest(['Maps to', 'Mapped from']), 'Mapping', '0', '0', "
        "unnest(['Mapped from', 'Maps to']), 44818790",
    }


def _name(i: str) -> str:
    """Three to five words of the list, now and then with odd characters; unlike another's."""
    word = f"({_texts(WORDS)})[1 + CAST(hash({i} + {{}}) % {len(WORDS)} AS BIGINT)]"
    odd = f"({_texts(ODD)})[1 + CAST(hash({i}) % {len(ODD)} AS BIGINT)]"
    words = ", ".join(word.format(k * 1_000_003) for k in (1, 2, 3))
    more = ", ".join(
        f"CASE WHEN {i} % {k} = 0 THEN {word.format(k * 1_000_003)} END" for k in (4, 5)
    )
    rare = f"CASE WHEN {i} % 20 = 0 THEN {odd} END"
    return f"concat_ws(' ', {words}, {more}, {rare}, CAST({i} AS VARCHAR))"


def _pick(values: tuple[str, ...], number: str) -> str:
    return f"({_texts(values)})[1 + CAST(({number}) % {len(values)} AS BIGINT)]"


def _texts(values: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(quoted_text(value) for value in values) + "]"


def _write_table(engine: Engine, file: Path, header: str, select: str) -> None:
    """Write rows as they are: no cell holds a tab, so none needs quoting."""
    names = header.split()
    line = quoted("\t".join(names))
    row = " || '\t' || ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in names)
    engine.execute(
        f"COPY (SELECT {row} AS {line} FROM ({select}) t({', '.join(names)})) "
        f"TO {quoted_text(str(file))} (FORMAT csv, HEADER, DELIMITER '\x01', QUOTE '', ESCAPE '')"
    )
