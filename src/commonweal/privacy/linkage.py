"""How alone people stand in a tier, measured and printed in the manifest.

Ids link no two tiers, but values can: a person who is alone in a class of year of birth,
sex, race and state could be found again by whoever knows these of them. The numbers are
those of the *prosecutor's* risk: within a class of k people the chance to pick the right
one is 1/k.
"""

from dataclasses import dataclass
from pathlib import Path

from commonweal.engine.protocol import Engine

SMALL_CLASS = 11


@dataclass(frozen=True)
class Linkage:
    """Classes of people who share year of birth, sex, race and state of residence."""

    persons: int
    classes: int
    persons_alone: int
    smallest_class: int
    share_of_small_classes: float
    """Classes of fewer than 11 persons, as a share of all classes; 0 to 1."""
    mean_chance: float
    """Mean of 1/k over persons, which is classes divided by persons; 0 to 1."""


def measure_linkage(engine: Engine, folder: Path) -> Linkage:
    """Measure a tier from its files."""
    engine.register_parquet("linkage_person", [folder / "person.parquet"])
    engine.register_parquet("linkage_ext", [folder / "person_ext.parquet"])
    [(persons, classes, alone, smallest, small)] = engine.rows(
        "SELECT coalesce(sum(k), 0), count(*), count(*) FILTER (WHERE k = 1), "
        "coalesce(min(k), 0), count(*) FILTER (WHERE k < ?) FROM ("
        "SELECT count(*) AS k FROM linkage_person p "
        "LEFT JOIN linkage_ext e ON e.person_id = p.person_id "
        "GROUP BY p.year_of_birth, p.gender_concept_id, p.race_concept_id, "
        "e.state_of_residence_source_value)",
        [SMALL_CLASS],
    )
    return Linkage(
        persons=int(persons),
        classes=classes,
        persons_alone=alone,
        smallest_class=smallest,
        share_of_small_classes=_share(small, classes),
        mean_chance=_share(classes, int(persons)),
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
