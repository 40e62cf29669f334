"""Under which licence the names of a vocabulary may be passed on.

The table ``data/licences.csv`` says it for every vocabulary we know of. A full download holds
many that need a licence of their own; nothing in it may be shipped on without looking here.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

UNKNOWN = "unknown"
"""The class of a vocabulary that the table does not know."""
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "open": "in the public domain, or free to pass on",
        "loinc": "LOINC: free with its notice, https://loinc.org/license",
        "snomed": "SNOMED CT: an affiliate licence or a member country is needed",
        "cpt4": "CPT-4: names belong to the American Medical Association",
        "cpt4_name_removed": "CPT-4: codes alone, the names are the American Medical Association's",
        "restricted": "needs a licence of its own",
        UNKNOWN: "not looked into",
    }
)
"""What each class means, in the order they are listed in."""


@dataclass(frozen=True)
class Licence:
    """How the terms of one vocabulary may be used."""

    vocabulary: str
    licence_class: str
    note: str


@cache
def read_licences() -> Mapping[str, Licence]:
    """The licence of every known vocabulary, by its id."""
    text = (files("commonweal.vocabulary") / "data" / "licences.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    found = (Licence(r["vocabulary_id"], r["licence_class"], r["note"]) for r in rows)
    return MappingProxyType({licence.vocabulary: licence for licence in found})
