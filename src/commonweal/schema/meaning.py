"""What tables and columns of the common data model mean, where several packages judge by it."""

from collections.abc import Mapping
from types import MappingProxyType

FACT_DOMAINS: Mapping[int, str] = MappingProxyType(
    {
        8: "visit_occurrence",
        10: "procedure_occurrence",
        13: "drug_exposure",
        17: "device_exposure",
        19: "condition_occurrence",
        21: "measurement",
        27: "observation",
        36: "specimen",
        56: "person",
    }
)
"""OMOP's concepts of domains, and the table whose rows are the facts of each."""

ENDS_WITH_LIFE = frozenset(
    {
        "visit_occurrence",
        "visit_detail",
        "condition_occurrence",
        "drug_exposure",
        "drug_era",
        "device_exposure",
        "measurement",
        "procedure_occurrence",
        "observation",
        "specimen",
    }
)
"""Tables whose rows happen to somebody who lives."""

TELLING_TEXTS = frozenset(
    {
        "person_source_value",
        "address_1",
        "address_2",
        "city",
        "zip",
        "county",
        "location_source_value",
    }
)
"""Columns whose text says who or where somebody is; a file that was de-identified has none."""
