"""Labs and classes of drugs, with vocabularies that hold their groups and ones that do not."""

from datetime import date

import pytest
from tests.metric_tables import CONCEPTS, measure, seen

from commonweal.quality.metrics.definition import read_list
from commonweal.quality.metrics.value import Status

GLUCOSE, OTHER_GLUCOSE, LOCAL_GLUCOSE = 3004501, 3000483, 3000484
CHOLESTEROL, BROAD = 3027114, 40772590
CLASS, WIDER, GROUP = 40795740, 40795741, 1002597
LISTED = sorted({int(row["concept_id"]) for row in read_list("lab_panels.csv")})
REST = [concept for concept in LISTED if concept not in (GLUCOSE, CHOLESTEROL)]
CLASS_OF_REST = 40789180

HIERARCHY = [
    (CLASS, "Glucose", "Measurement", "LOINC", "LOINC Hierarchy", "C", "LP1"),
    (WIDER, "Glucose | Ser-Plas", "Measurement", "LOINC", "LOINC Hierarchy", "C", "LP2"),
    (GROUP, "Glucose group", "Measurement", "LOINC", "LOINC Group", "C", "LG1"),
    (BROAD, "Cholesterol", "Measurement", "LOINC", "LOINC Hierarchy", "C", "LP3"),
    (CLASS_OF_REST, "Everything else", "Measurement", "LOINC", "LOINC Hierarchy", "C", "LP4"),
    (OTHER_GLUCOSE, "Glucose [Mass/volume] in Blood", "Measurement", "LOINC", "Lab Test", "S", "x"),
    (LOCAL_GLUCOSE, "Glucose in Urine", "Measurement", "LOINC", "Lab Test", "S", "y"),
    (CHOLESTEROL, "Cholesterol in Serum", "Measurement", "LOINC", "Lab Test", "S", "2093-3"),
    *[
        (concept, f"Lab {concept}", "Measurement", "LOINC", "Lab Test", "S", "z")
        for concept in REST
    ],
]
ANCESTORS = [
    (WIDER, GLUCOSE, 1),
    (CLASS, GLUCOSE, 2),  # its name is part of the lab's
    (CLASS, WIDER, 1),
    (CLASS, OTHER_GLUCOSE, 2),
    (GROUP, GLUCOSE, 1),
    (GROUP, LOCAL_GLUCOSE, 1),
    (BROAD, CHOLESTEROL, 1),  # too broad: the lab stands for itself
    (BROAD, 3019900, 1),
    *[(CLASS_OF_REST, concept, 1) for concept in REST],
]
VOCABULARY = [*CONCEPTS, *HIERARCHY]


def rows_of(*concepts: int | tuple[int, int]) -> list[dict[str, int]]:
    """Measurements of concepts, or of a concept and a source concept."""
    pairs = [c if isinstance(c, tuple) else (c, 0) for c in concepts]
    return [
        {
            "measurement_id": key,
            "measurement_concept_id": concept,
            "measurement_source_concept_id": source,
        }
        for key, (concept, source) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    "row", [GLUCOSE, OTHER_GLUCOSE, LOCAL_GLUCOSE, (0, GLUCOSE)], ids=["own", "class", "group", "0"]
)
def test_a_lab_is_there_by_itself_its_class_its_group_or_its_source(
    row: int | tuple[int, int],
) -> None:
    metrics = measure({"measurement": rows_of(row)}, concepts=VOCABULARY, ancestors=ANCESTORS)
    for panel, labs in (("CMP", 23), ("BMP", 15)):
        value = metrics.get("lab_panels", "measurement", panel)
        assert (value.numerator, value.denominator, value.note) == (1, labs, "")
    assert metrics.get("lab_panels", "measurement", "Lipids").numerator == 0


def test_panels_are_as_long_as_they_were_declared() -> None:
    metrics = measure({"measurement": rows_of(1)}, concepts=VOCABULARY, ancestors=ANCESTORS)
    panels = {value.part: value.denominator for value in metrics.of("lab_panels")}
    assert panels == {
        "CBC w/Diff": 22,
        "CMP": 23,
        "BMP": 15,
        "CBC": 12,
        "Vital signs": 9,
        "Lipids": 32,
    }


def test_components_are_topmost_classes_with_a_recommended_code() -> None:
    """Glucose and cholesterol have one; everything else has none and is no component."""
    one = measure({"measurement": rows_of(LOCAL_GLUCOSE)}, concepts=VOCABULARY, ancestors=ANCESTORS)
    value = one.get("lab_components", "measurement")
    assert seen(value) == (1, 2, 0.5, "below")
    assert value.note == "missing: Cholesterol in Serum"
    rows = rows_of(OTHER_GLUCOSE, CHOLESTEROL)
    both = measure({"measurement": rows}, concepts=VOCABULARY, ancestors=ANCESTORS)
    assert seen(both.get("lab_components", "measurement")) == (2, 2, 1.0, "meets")
    none = measure({"measurement": rows_of(REST[0])}, concepts=VOCABULARY, ancestors=ANCESTORS)
    assert seen(none.get("lab_components", "measurement")) == (0, 2, 0.0, "missing")


def test_recommended_codes_among_all_codes_of_the_components() -> None:
    rows = rows_of(GLUCOSE, GLUCOSE, CHOLESTEROL, OTHER_GLUCOSE, REST[0], (0, GLUCOSE))
    metrics = measure({"measurement": rows}, concepts=VOCABULARY, ancestors=ANCESTORS)
    assert seen(metrics.get("recommended_labs", "measurement")) == (3, 4, 0.75, "meets")


@pytest.mark.parametrize("ancestors", [None, [(WIDER, GLUCOSE, 1)]])
def test_without_groups_only_listed_concepts_count(
    ancestors: list[tuple[int, int, int]] | None,
) -> None:
    rows = rows_of(GLUCOSE, LOCAL_GLUCOSE)
    metrics = measure({"measurement": rows}, concepts=VOCABULARY, ancestors=ancestors)
    panel = metrics.get("lab_panels", "measurement", "CMP")
    assert (panel.numerator, panel.denominator) == (1, 23)
    assert panel.note.startswith("by the listed concepts alone")
    for name in ("lab_components", "recommended_labs"):
        value = metrics.get(name, "measurement")
        assert (value.status, value.value) == (Status.NOT_MEASURABLE, None)


STATIN, OTHER_STATIN, OPIOID = 1539403, 1539404, 1124957
ATC_STATINS, OWN_STATINS, ATC_OPIOIDS = 21601855, 2130002009, 21604254
DRUGS = [
    *CONCEPTS,
    (STATIN, "simvastatin", "Drug", "RxNorm", "Ingredient", "S", "36567"),
    (OTHER_STATIN, "local statin", "Drug", "RxNorm Extension", "Ingredient", "S", "OMOP2"),
    (OPIOID, "oxycodone", "Drug", "RxNorm", "Ingredient", "S", "7804"),
]
ATC = [
    (ATC_STATINS, "HMG CoA reductase inhibitors", "Drug", "ATC", "ATC 4th", "C", "C10AA"),
    (ATC_OPIOIDS, "OPIOIDS", "Drug", "ATC", "ATC 3rd", "C", "N02A"),
]
OWN = [(OWN_STATINS, "Statins", "Drug", "Commonweal", "Drug Class", "C", "DRUG:STA")]
ATC_ANCESTORS = [
    (ATC_STATINS, ATC_STATINS, 0),
    (ATC_STATINS, STATIN, 1),
    (ATC_STATINS, OTHER_STATIN, 1),
    (ATC_OPIOIDS, OPIOID, 2),
]
EXPOSURES = [
    {
        "drug_exposure_id": key,
        "drug_concept_id": concept,
        "drug_exposure_start_date": None,
        "drug_exposure_end_date": None,
    }
    for key, concept in enumerate([STATIN, STATIN, OTHER_STATIN, OPIOID, 0])
]


def test_drug_classes_by_atc() -> None:
    metrics = measure(
        {"drug_exposure": EXPOSURES}, concepts=[*DRUGS, *ATC], ancestors=ATC_ANCESTORS
    )
    classes = metrics.get("drug_classes", "drug_exposure")
    assert seen(classes) == (2, 10, 0.2, "information")
    assert "missing: ACE inhibitors, Antibiotics" in classes.note
    statins = metrics.get("drug_class_share", "drug_exposure", "Statins")
    assert seen(statins) == (3, 5, 0.6, "information")
    vaccines = metrics.get("drug_class_share", "drug_exposure", "Vaccines")
    assert seen(vaccines) == (0, 5, 0.0, "information")
    assert seen(metrics.get("recommended_drugs", "drug_exposure")) == (3, 4, 0.75, "information")


def test_drug_classes_of_the_abridged_vocabulary_say_so() -> None:
    metrics = measure(
        {"drug_exposure": EXPOSURES}, concepts=[*DRUGS, *OWN], ancestors=[(OWN_STATINS, STATIN, 1)]
    )
    classes = metrics.get("drug_classes", "drug_exposure")
    assert (classes.numerator, classes.denominator) == (1, 10)
    assert "it has no ATC" in classes.note
    assert metrics.get("recommended_drugs", "drug_exposure").status is Status.NOT_MEASURABLE


def test_a_vocabulary_without_classes_cannot_tell() -> None:
    metrics = measure({"drug_exposure": EXPOSURES}, concepts=DRUGS)
    for name in ("drug_classes", "drug_class_share", "drug_duration", "recommended_drugs"):
        (value,) = metrics.of(name)
        assert (value.status, value.value) == (Status.NOT_MEASURABLE, None)


def test_durations_are_days() -> None:
    spans = [("2020-01-01", "2020-01-31"), ("2020-01-01", "2021-01-01"), ("2020-01-01", None)]
    rows = [
        {
            "drug_exposure_id": key,
            "drug_concept_id": STATIN,
            "drug_exposure_start_date": date.fromisoformat(start),
            "drug_exposure_end_date": end and date.fromisoformat(end),
        }
        for key, (start, end) in enumerate(spans)
    ]
    metrics = measure({"drug_exposure": rows}, concepts=[*DRUGS, *ATC], ancestors=ATC_ANCESTORS)
    value = metrics.get("drug_duration", "drug_exposure", "Statins")
    assert seen(value) == (30 + 366, 2, 198.0, "information")
