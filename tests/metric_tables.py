"""Small tables and a small vocabulary, and the metrics of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from tests.small_cdm import arrow_table, small_engine

from commonweal.quality.metrics.measure import measure_metrics
from commonweal.quality.metrics.value import Metrics, MetricValue
from commonweal.schema.model import DataType, get_model
from commonweal.vocabulary.views import VocabularyViews

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

HYPERTENSION, FINDING, ICD, RETIRED = 320128, 4000001, 44821949, 4000002
"""Standard conditions of the right and of another domain, a source concept, a retired one."""
LAB, UNIT, ROUTE, POSITIVE = 3004501, 8840, 4132161, 45884084
LISINOPRIL, TABLET, BOX, COMPONENT = 1308216, 19080128, 1308250, 1308300

CONCEPTS: Sequence[tuple[int, str, str, str, str, str | None, str]] = (
    (0, "No matching concept", "Metadata", "None", "Undefined", "S", "0"),
    (HYPERTENSION, "Hypertension", "Condition", "SNOMED", "Clinical Finding", "S", "1"),
    (FINDING, "Family history", "Observation", "SNOMED", "Context-dependent", "S", "2"),
    (ICD, "Hypertension", "Condition", "ICD10CM", "4-char billing code", None, "I10"),
    (RETIRED, "Retired", "Condition", "SNOMED", "Clinical Finding", None, "3"),
    (9202, "Outpatient visit", "Visit", "Visit", "Visit", "S", "OP"),
    (32817, "EHR", "Type Concept", "Type Concept", "Type Concept", "S", "EHR"),
    (LAB, "Glucose [Mass/volume] in Serum", "Measurement", "LOINC", "Lab Test", "S", "2345-7"),
    (UNIT, "milligram per deciliter", "Unit", "UCUM", "Unit", "S", "mg/dL"),
    (8000, "mg%", "Unit", "SNOMED", "Qualifier Value", None, "9"),
    (ROUTE, "Oral", "Route", "SNOMED", "Qualifier Value", "S", "26643006"),
    (POSITIVE, "Positive", "Meas Value", "LOINC", "Answer", "S", "LA6576-8"),
    (LISINOPRIL, "lisinopril", "Drug", "RxNorm", "Ingredient", "S", "29046"),
    (TABLET, "lisinopril 10 MG Oral Tablet", "Drug", "RxNorm", "Clinical Drug", "S", "314076"),
    (BOX, "lisinopril box", "Drug", "RxNorm Extension", "Branded Drug Box", "S", "OMOP1"),
    (COMPONENT, "lisinopril 10 MG", "Drug", "RxNorm", "Clinical Drug Comp", "S", "316151"),
    (756055, "Measurement of SARS-CoV-2", "Measurement", "OMOP Extension", "Lab Test", "S", "C0"),
    (586310, "SARS-CoV-2 RNA", "Measurement", "LOINC", "Lab Test", "S", "94500-6"),
    (3015746, "Specimen source", "Measurement", "LOINC", "Lab Test", "S", "31208-2"),
    (700000, "Test of a payer", "Measurement", "CPT4", "CPT4", "S", "87635"),
)
ANCESTORS: Sequence[tuple[int, int, int]] = (
    (756055, 756055, 0),
    (756055, 586310, 2),
    (756055, 3015746, 2),
    (756055, 700000, 2),
)


def measure(
    tables: Tables,
    *,
    concepts: Sequence[tuple[Any, ...]] = CONCEPTS,
    ancestors: Sequence[tuple[int, int, int]] | None = ANCESTORS,
    feeds: Mapping[str, Sequence[Row]] | None = None,
    uploaded_on: date | None = None,
) -> Metrics:
    """The metrics of tables, each given by rows with the columns of the first of them."""
    with small_engine() as engine:
        relations = {}
        for name, rows in tables.items():
            relations[name] = f"given_{name}"
            engine.register_arrow(f"given_{name}", arrow_table(name, rows))
        engine.register_arrow("concept", concept_table(concepts))
        if ancestors is not None:
            engine.register_arrow("concept_ancestor", ancestor_table(ancestors))
        for name, rows in (feeds or {}).items():
            engine.register_arrow(f"feed_{name}", feed_table(name, rows))
        values = measure_metrics(
            engine,
            relations,
            vocabulary=VocabularyViews(ancestor="concept_ancestor" if ancestors else None),
            feeds=feeds and {name: f"feed_{name}" for name in feeds},
            uploaded_on=uploaded_on,
        )
    return Metrics(values, "test", abridged=False)


def concept_table(concepts: Sequence[tuple[Any, ...]]) -> pa.Table:
    names = (
        "concept_id",
        "concept_name",
        "domain_id",
        "vocabulary_id",
        "concept_class_id",
        "standard_concept",
        "concept_code",
    )
    types = [pa.int64(), *[pa.string()] * 6]
    columns = list(zip(*concepts, strict=True))
    return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


def ancestor_table(ancestors: Sequence[tuple[int, int, int]]) -> pa.Table:
    above, below, levels = (list(column) for column in zip(*ancestors, strict=True))
    return pa.table(
        {
            "ancestor_concept_id": pa.array(above, pa.int64()),
            "descendant_concept_id": pa.array(below, pa.int64()),
            "min_levels_of_separation": pa.array(levels, pa.int64()),
        }
    )


def feed_table(name: str, rows: Sequence[Row]) -> pa.Table:
    types = {
        DataType.INTEGER: pa.int64(),
        DataType.FLOAT: pa.float64(),
        DataType.STRING: pa.string(),
        DataType.DATE: pa.date32(),
        DataType.TIMESTAMP: pa.timestamp("us"),
    }
    fields = get_model("feeds").table(name).fields
    return pa.table(
        {f.name: pa.array([r.get(f.name) for r in rows], types[f.type]) for f in fields}
    )


def seen(value: MetricValue) -> tuple[float | None, float | None, float | None, str | None]:
    """Numerator, denominator, value and band."""
    return value.numerator, value.denominator, value.value, value.band
