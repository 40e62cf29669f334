"""The curated lists beside this file, and the names of the concepts in them."""

import csv
from collections.abc import Mapping
from pathlib import Path

from facts.observed import BANDS, KNOTS, SEXES, Observed

KNOWLEDGE = "knowledge"
VALUES = "synthea27nj;synthea_raw_27;synthea_fhir_20"
"""The sets whose values mean something."""
STRATA = [(sex, band) for sex in SEXES for band in BANDS]
PEOPLE = [(sex, knot) for sex in SEXES for knot in KNOTS]

Row = Mapping[str, object]
Curated = Mapping[str, str]


def read_curated(name: str) -> list[Curated]:
    """Rows of one of the curated lists."""
    file = Path(__file__).parent / f"{name}.csv"
    return list(csv.DictReader(file.read_text("utf-8").splitlines()))


def round_to(number: float, digits: int = 4) -> str:
    """A number in its shortest form, without a trailing point zero."""
    text = f"{number:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


class Names:
    """Names, codes and vocabularies of concepts, from the vocabulary shard."""

    def __init__(self, observed: Observed) -> None:
        rows = observed.rows(
            "SELECT concept_id, concept_name, vocabulary_id, coalesce(concept_code, ''),"
            " concept_class_id FROM concept"
        )
        self.of = {concept: (name, vocabulary, code) for concept, name, vocabulary, code, _ in rows}
        self.ids = {(vocabulary, code): concept for concept, _, vocabulary, code, _ in rows}
        self.ingredients = {
            name.lower(): concept
            for concept, name, vocabulary, _, kind in rows
            if kind == "Ingredient" and vocabulary == "RxNorm" and name != "inert ingredients"
        }

    def name(self, concept: str) -> str:
        """The name of a concept."""
        return str(self.of[int(concept)][0])
