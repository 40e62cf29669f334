"""What the sexes, races and ethnicities are called."""

from collections.abc import Iterable

from commonweal.engine.protocol import Engine
from commonweal.query.bands import UNKNOWN

STANDARD_NAMES = {
    0: UNKNOWN,
    8507: "Male",
    8532: "Female",
    8527: "White",
    8515: "Asian",
    8516: "Black or African American",
    8557: "Native Hawaiian or Other Pacific Islander",
    8657: "American Indian or Alaska Native",
    38003563: "Hispanic or Latino",
    38003564: "Not Hispanic or Latino",
}
"""OMOP's standard concepts, for data that come without a vocabulary."""


def name_concepts(engine: Engine, ids: Iterable[int]) -> dict[int, str]:
    """A name for each concept: OMOP's own, the vocabulary's, or its number."""
    wanted = set(ids)
    numbers = ", ".join(str(number) for number in sorted(wanted)) or "NULL"
    found = engine.rows(
        "SELECT concept_id, min(concept_name) FROM concept "
        f"WHERE concept_id IN ({numbers}) AND concept_name IS NOT NULL GROUP BY concept_id"
    )
    names = {number: f"concept {number}" for number in wanted} | dict(found)
    return names | {number: STANDARD_NAMES[number] for number in wanted & STANDARD_NAMES.keys()}
