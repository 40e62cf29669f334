"""Every metric: one small table in, one expected value out."""

from datetime import date, datetime
from typing import Any

import pytest
from tests.metric_tables import (
    BOX,
    COMPONENT,
    FINDING,
    HYPERTENSION,
    ICD,
    LAB,
    LISINOPRIL,
    POSITIVE,
    RETIRED,
    ROUTE,
    TABLET,
    UNIT,
    Row,
    Tables,
    measure,
    seen,
)

from commonweal.quality.metrics.value import Status

at = datetime.fromisoformat
DAY, MOMENT = date(2020, 5, 17), at("2020-05-17T10:00")


def condition(key: int, concept: int | None, **fields: Any) -> Row:
    return {
        "condition_occurrence_id": key,
        "person_id": 1,
        "condition_concept_id": concept,
        "condition_start_date": DAY,
        "condition_start_datetime": None,
        "condition_end_date": None,
        "condition_end_datetime": None,
        "condition_type_concept_id": 32817,
        "condition_source_concept_id": None,
        "condition_status_concept_id": None,
        "visit_occurrence_id": None,
        **fields,
    }


def measurement(key: int, concept: int | None = LAB, **fields: Any) -> Row:
    return {
        "measurement_id": key,
        "person_id": 1,
        "measurement_concept_id": concept,
        "measurement_date": DAY,
        "measurement_datetime": None,
        "measurement_type_concept_id": 32817,
        "value_as_number": None,
        "value_as_concept_id": None,
        "unit_concept_id": None,
        "value_source_value": None,
        "measurement_source_concept_id": None,
        **fields,
    }


def drug(key: int, concept: int | None, **fields: Any) -> Row:
    return {
        "drug_exposure_id": key,
        "person_id": 1,
        "drug_concept_id": concept,
        "drug_exposure_start_date": DAY,
        "drug_exposure_end_date": None,
        "route_concept_id": None,
        **fields,
    }


def visit(key: int, person_id: int = 1, **fields: Any) -> Row:
    return {"visit_occurrence_id": key, "person_id": person_id, "visit_concept_id": 9202, **fields}


def test_gc_1_standard_wants_a_standard_concept_of_the_domain() -> None:
    concepts = [HYPERTENSION, FINDING, ICD, RETIRED, 999, 0, None, HYPERTENSION]
    rows = [condition(key, concept) for key, concept in enumerate(concepts)]
    value = measure({"condition_occurrence": rows}).get("gc_1_standard", "condition_occurrence")
    assert seen(value) == (2, 8, 0.25, "not_met")
    assert (value.concerned, value.action) == (6, True)


def test_gc_1_of_observation_asks_for_no_domain_but_never_counts_concept_0() -> None:
    rows = [
        {"observation_id": key, "observation_concept_id": concept}
        for key, concept in enumerate([HYPERTENSION, FINDING, 0, ICD])
    ]
    value = measure({"observation": rows}).get("gc_1_standard", "observation")
    assert seen(value) == (2, 4, 0.5, "not_met")


def test_gc_1_source_asks_for_the_domain_and_no_standard() -> None:
    rows = [
        condition(key, None, condition_source_concept_id=concept)
        for key, concept in enumerate([ICD, HYPERTENSION, FINDING, 0])
    ]
    value = measure({"condition_occurrence": rows}).get("gc_1_source", "condition_occurrence")
    assert seen(value) == (2, 4, 0.5, "information")


def test_gc_1_overall_is_the_sum_over_the_sum() -> None:
    tables: Tables = {
        "condition_occurrence": [condition(1, HYPERTENSION)],
        "drug_exposure": [drug(1, TABLET), drug(2, 0), drug(3, 0)],
    }
    value = measure(tables).get("gc_1_standard")
    assert seen(value) == (2, 4, 0.5, "not_met")
    assert "not submitted: measurement, observation, procedure_occurrence" in value.note


def test_gc_3_counts_concepts_that_are_neither_empty_nor_0() -> None:
    rows = [
        condition(key, concept, condition_source_concept_id=source)
        for key, (concept, source) in enumerate([(999, 0), (0, None), (None, ICD), (ICD, ICD)])
    ]
    metrics = measure({"condition_occurrence": rows})
    assert seen(metrics.get("gc_3_standard")) == (2, 4, 0.5, "information")
    assert seen(metrics.get("gc_3_source")) == (2, 4, 0.5, "information")


@pytest.mark.parametrize(
    ("key", "numerator", "denominator"),
    [
        ("condition_concept_id", 2, 4),  # any concept of the vocabulary but 0
        ("person_id", 2, 3),  # only rows with a person
        ("visit_occurrence_id", 1, 4),
        ("condition_type_concept_id", 3, 4),
        ("condition_source_concept_id", 1, 4),
        ("condition_status_concept_id", 0, 4),
    ],
)
def test_gc_2_key_by_key(key: str, numerator: int, denominator: int) -> None:
    rows = [
        condition(1, HYPERTENSION, visit_occurrence_id=7, condition_source_concept_id=ICD),
        condition(2, RETIRED, visit_occurrence_id=8),
        condition(3, 999, person_id=2, visit_occurrence_id=0),
        condition(4, 0, person_id=None, condition_type_concept_id=999),
    ]
    tables: Tables = {
        "condition_occurrence": rows,
        "visit_occurrence": [visit(7), visit(0)],
        "person": [{"person_id": 1}],
    }
    value = measure(tables).get("gc_2", "condition_occurrence", key)
    assert (value.numerator, value.denominator) == (numerator, denominator)


def test_gc_2_says_which_table_is_needed() -> None:
    value = measure({"condition_occurrence": [condition(1, 1)]}).get(
        "gc_2", "condition_occurrence", "visit_occurrence_id"
    )
    assert (value.status, value.value) == (Status.NOT_SUBMITTED, None)
    assert value.note == "needs visit_occurrence"


def test_gc_2_of_a_visit_finds_columns_of_5_3_by_their_new_names() -> None:
    rows = [
        visit(1, admitted_from_concept_id=9202, preceding_visit_occurrence_id=None),
        visit(2, admitted_from_concept_id=0, preceding_visit_occurrence_id=1),
    ]
    metrics = measure({"visit_occurrence": rows, "person": [{"person_id": 1}]})
    for key in ("admitted_from_concept_id", "preceding_visit_occurrence_id"):
        value = metrics.get("gc_2", "visit_occurrence", key)
        assert (value.numerator, value.denominator) == (1, 2)


def test_dc_1_end_before_start() -> None:
    later, earlier = at("2020-05-18"), at("2020-05-17T09:59")
    rows = [
        condition(key, 1, condition_start_datetime=MOMENT, condition_end_datetime=end)
        for key, end in enumerate([later, MOMENT, earlier, None])
    ]
    value = measure({"condition_occurrence": rows}).get("dc_1", "condition_occurrence")
    assert (value.numerator, value.denominator, value.concerned) == (2, 3, 1)


def test_dc_2_more_than_30_days_after_the_earliest_death() -> None:
    rows = [
        condition(1, 1, condition_start_date=date(2020, 1, 31)),
        condition(2, 1, condition_start_date=date(2020, 2, 1), condition_end_date=date(2020, 3, 1)),
        condition(3, 1, condition_start_date=date(2019, 1, 1), condition_end_date=date(2020, 2, 1)),
        condition(4, 1, person_id=2, condition_start_date=date(2021, 1, 1)),
    ]
    deaths = [
        {"person_id": 1, "death_date": date(2020, 1, 1)},
        {"person_id": 1, "death_date": date(2020, 12, 1)},
    ]
    metrics = measure({"condition_occurrence": rows, "death": deaths})
    start = metrics.get("dc_2", "condition_occurrence", "start")
    end = metrics.get("dc_2", "condition_occurrence", "end")
    assert (start.numerator, start.denominator, start.concerned) == (2, 3, 1)
    assert (end.numerator, end.denominator, end.concerned) == (1, 3, 2)
    assert seen(metrics.get("dc_2")) == (3, 6, 0.5, "not_met")


def test_dc_2_overall_has_each_table_once_and_observation_among_them() -> None:
    late = date(2020, 3, 1)
    tables: Tables = {
        "death": [{"person_id": 1, "death_date": date(2020, 1, 1)}],
        "measurement": [measurement(1, measurement_date=late)],
        "observation": [{"observation_id": 1, "person_id": 1, "observation_date": late}],
    }
    assert seen(measure(tables).get("dc_2")) == (0, 2, 0.0, "not_met")


def test_dc_3_before_1980_and_for_observations_before_1900() -> None:
    moments = [at("1979-12-31T23:59"), at("1980-01-01"), None]
    history = [at("1899-12-31T23:59"), at("1900-01-01"), at("1979-01-01")]
    tables: Tables = {
        "measurement": [measurement(k, measurement_datetime=m) for k, m in enumerate(moments)],
        "observation": [
            {"observation_id": key, "observation_datetime": moment}
            for key, moment in enumerate(history)
        ],
    }
    metrics = measure(tables)
    assert seen(metrics.get("dc_3", "measurement")) == (1, 2, 0.5, "not_met")
    value = metrics.get("dc_3", "observation")
    assert (value.numerator, value.denominator) == (2, 3)
    assert (metrics.get("dc_3").numerator, metrics.get("dc_3").denominator) == (3, 5)


def test_dc_4_more_than_one_day_after_its_day() -> None:
    moments = [
        MOMENT,
        at("2020-05-18T23:59"),  # the next day
        at("2020-05-19"),
        at("2020-05-01"),  # earlier ones are not seen
        None,
    ]
    rows = [measurement(key, measurement_datetime=moment) for key, moment in enumerate(moments)]
    value = measure({"measurement": rows}).get("dc_4", "measurement")
    assert seen(value) == (3, 4, 0.75, "approaching")


def test_average_of_dates_leaves_out_what_could_not_be_measured() -> None:
    moments = [at("1970-01-01"), MOMENT]
    rows = [
        condition(key, 1, condition_start_datetime=start, condition_end_datetime=MOMENT)
        for key, start in enumerate(moments)
    ]
    tables: Tables = {"condition_occurrence": rows}
    alone = measure(tables).get("dc_average")
    assert (alone.denominator, alone.value) == (3, pytest.approx((1 + 0.75 + 1) / 3, abs=1e-6))
    assert alone.note == "of DC-1, DC-3, DC-4 alone"
    nobody = measure({**tables, "death": []})
    assert nobody.get("dc_2").status is Status.NOTHING
    assert nobody.get("dc_average").denominator == 3
    somebody = measure({**tables, "death": [{"person_id": 1, "death_date": DAY}]})
    assert somebody.get("dc_average").denominator == 4


def test_units_of_numeric_results() -> None:
    rows = [
        measurement(1, value_as_number=1.5, unit_concept_id=UNIT),
        measurement(2, value_source_value=">= 5", unit_concept_id=UNIT),
        measurement(3, value_source_value="<0.2", unit_concept_id=0),
        measurement(4, value_as_number=2.0, unit_concept_id=8000),  # not standard
        measurement(5, value_as_number=2.0, unit_concept_id=LAB),  # no unit
        measurement(6, value_source_value="positive", unit_concept_id=UNIT),
        measurement(7, unit_concept_id=UNIT),
        measurement(8, value_source_value="nan"),
    ]
    value = measure({"measurement": rows}).get("unit_failure", "measurement")
    assert seen(value) == (3, 5, 0.6, "not_met")
    assert value.concerned == 3


def test_routes() -> None:
    rows = [drug(k, 1, route_concept_id=r) for k, r in enumerate([ROUTE, UNIT, 0, None])]
    value = measure({"drug_exposure": rows}).get("route_failure", "drug_exposure")
    assert seen(value) == (3, 4, 0.75, "not_met")


def test_visits_that_are_not_there() -> None:
    rows = [condition(k, 1, visit_occurrence_id=v) for k, v in enumerate([7, 7, 0, None, 8])]
    tables: Tables = {"condition_occurrence": rows, "visit_occurrence": [visit(7)]}
    value = measure(tables).get("visit_id_failure", "condition_occurrence")
    assert seen(value) == (3, 5, 0.6, "not_met")


def test_duplicates_are_alike_in_everything_but_the_key() -> None:
    rows = [
        *[condition(key, HYPERTENSION) for key in range(3)],
        condition(3, HYPERTENSION, condition_start_date=date(2020, 1, 1)),
        *[condition(key, HYPERTENSION, visit_occurrence_id=key // 12) for key in (10, 11)],
        *[condition(key, 0) for key in (20, 21)],
        *[condition(key, HYPERTENSION, person_id=None) for key in (30, 31)],
    ]
    value = measure({"condition_occurrence": rows}).get("duplicates", "condition_occurrence")
    assert seen(value) == (3, 6, 3, "minor")


def test_physical_measurements_by_person() -> None:
    height, systolic = 3036277, 3004249
    tables: Tables = {
        "person": [{"person_id": person} for person in (1, 2, 3, 4)],
        "visit_occurrence": [visit(1, 1), visit(2, 1), visit(3, 2), visit(4, 9)],
        "measurement": [
            measurement(1, height),
            measurement(2, height),
            measurement(3, systolic, person_id=2),
            measurement(4, height, person_id=9),  # nobody of the site
        ],
    }
    metrics = measure(tables)
    parts = {part: metrics.get("physical_measurement", "measurement", part) for part in PHYSICAL}
    assert {part: value.numerator for part, value in parts.items()} == PHYSICAL
    assert {value.denominator for value in parts.values()} == {2}
    assert parts["height"].concerned == 1


PHYSICAL = {
    "height": 1,
    "weight": 0,
    "body mass index": 0,
    "heart rate": 0,
    "blood pressure": 1,
    "systolic blood pressure": 1,
    "diastolic blood pressure": 0,
}


def test_results_of_covid_tests() -> None:
    test, order = 586310, 32833
    rows = [
        measurement(1, test, value_as_concept_id=POSITIVE),
        measurement(2, test, value_as_concept_id=0),
        measurement(3, test),
        measurement(4, 756055),
        measurement(5, test, measurement_type_concept_id=order),
        measurement(6, 3015746),  # too general
        measurement(7, 700000),  # CPT-4
        measurement(8, LAB),
    ]
    value = measure({"measurement": rows}).get("covid_mapping", "measurement")
    assert seen(value) == (3, 4, 0.75, "not_met")
    unknown = measure({"measurement": rows}, ancestors=None).get("covid_mapping", "measurement")
    assert unknown.status is Status.NOT_MEASURABLE


def test_precedence_of_drugs() -> None:
    rows = [drug(k, c) for k, c in enumerate([LISINOPRIL, TABLET, BOX, COMPONENT, 0, HYPERTENSION])]
    value = measure({"drug_exposure": rows}).get("drug_information", "drug_exposure")
    assert seen(value) == (9 + 4 + 1 + 6, 4, 5.0, "fair")


def test_concepts_that_are_unknown_or_not_standard() -> None:
    rows = [condition(k, c) for k, c in enumerate([HYPERTENSION, ICD, RETIRED, 998, 999, 999, 0])]
    metrics = measure({"condition_occurrence": rows})
    place = ("condition_occurrence", "condition_concept_id")
    unknown = metrics.get("unknown_concepts", *place)
    other = metrics.get("nonstandard_concepts", *place)
    assert (unknown.numerator, unknown.denominator) == (3, 6)
    assert unknown.note == "2 different concept ids"
    assert (other.numerator, other.denominator) == (2, 6)


def test_completeness_counts_concept_0_as_empty() -> None:
    rows = [condition(k, c) for k, c in enumerate([HYPERTENSION, 0, None, 5])]
    metrics = measure({"condition_occurrence": rows})
    value = metrics.get("completeness", "condition_occurrence", "condition_concept_id")
    assert seen(value) == (2, 4, 0.5, "information")


@pytest.mark.parametrize(
    ("tables", "status"),
    [
        ({}, Status.NOT_SUBMITTED),
        ({"condition_occurrence": []}, Status.EMPTY),
    ],
)
def test_what_is_not_there_has_no_value(tables: Tables, status: Status) -> None:
    metrics = measure(tables)
    for name in ("gc_1_standard", "gc_3_source", "dc_1", "duplicates"):
        value = metrics.get(name)
        assert (value.status, value.value, value.numerator) == (status, None, None)
        assert value.words == str(status)
    assert metrics.get("visit_id_failure").value is None


def test_nothing_is_divided_by_zero() -> None:
    rows = [measurement(1, value_source_value="negative")]
    metrics = measure({"measurement": rows})
    assert metrics.get("unit_failure", "measurement").status is Status.NOTHING
    assert metrics.get("dc_3", "measurement").status is Status.NOTHING
    assert metrics.get("covid_mapping", "measurement").status is Status.NOTHING
