"""Codes of every concept that made-up records use, in the systems sites code in."""

from collections.abc import Iterable

from facts.curated import Names, Row, read_curated
from facts.observed import Observed

PLACEHOLDER_LABELER = "99999"
"""National drug codes of this labeler are placeholders: no such product is on any market."""
LISTS = (
    "chronic",
    "complications",
    "acute",
    "pregnancy",
    "drugs",
    "measurements",
    "observations",
    "procedures",
    "devices",
)
OTHERS = {"icd10cm": "ICD10CM", "icd10pcs": "ICD10PCS", "hcpcs": "HCPCS"}
"""Systems whose codes a curated list gives, and their vocabularies."""


def derive_codes(_observed: Observed, names: Names) -> Iterable[Row]:
    """A row for every concept and system; the source concept is 0 where the shard has none."""
    drugs = sorted({int(row["concept_id"]) for row in read_curated("drugs")})
    for concept in sorted(_all_concepts()):
        _, vocabulary, code = names.of[concept]
        system = vocabulary.lower().replace(" ", "_")
        code = code or _loinc_codes()[concept]
        yield _code(concept, system, code, concept)
        if concept in drugs:
            yield _code(concept, "ndc", _placeholder(drugs.index(concept)), 0)
        for other, other_code in _other_codes().get(concept, ()):
            source = names.ids.get((OTHERS[other], other_code), 0)
            yield _code(concept, other, other_code, source)


def _code(concept: int, system: str, code: str, source: int) -> Row:
    return {"concept_id": concept, "system": system, "code": code, "source_concept_id": source}


def _placeholder(position: int) -> str:
    """Eleven digits: labeler, product, package."""
    return f"{PLACEHOLDER_LABELER}{position + 1:04d}01"


def _all_concepts() -> set[int]:
    return {int(row["concept_id"]) for name in LISTS for row in read_curated(name)}


def _loinc_codes() -> dict[int, str]:
    return {int(row["concept_id"]): row["loinc"] for row in read_curated("measurements")}


def _other_codes() -> dict[int, list[tuple[str, str]]]:
    codes: dict[int, list[tuple[str, str]]] = {}
    for name in ("chronic", "complications", "acute", "pregnancy"):
        for row in read_curated(name):
            codes.setdefault(int(row["concept_id"]), []).append(("icd10cm", row["icd10cm"]))
    for row in read_curated("procedure_codes"):
        codes.setdefault(int(row["concept_id"]), []).append((row["system"], row["code"]))
    return codes
