"""Metrics as they are declared, written down, read back and explained."""

import pytest
from tests.metric_tables import HYPERTENSION, measure

from commonweal.quality.metrics.definition import (
    Metric,
    all_bands,
    all_metrics,
    all_tables,
    get_metric,
    read_list,
)
from commonweal.quality.metrics.pages import build_metric_pages
from commonweal.quality.metrics.value import Metrics, build_value
from commonweal.quality.metrics.wording import show_concerned, show_fraction, show_value
from commonweal.schema.model import get_model

TABLES = {
    "condition_occurrence": [{"condition_occurrence_id": 1, "condition_concept_id": HYPERTENSION}]
}


@pytest.mark.parametrize("metric", all_metrics().values(), ids=lambda metric: metric.name)
def test_a_metric_names_tables_and_bands_that_exist(metric: Metric) -> None:
    assert set(metric.tables) <= set(all_tables())
    assert {metric.bands, *metric.table_bands.values()} <= set(all_bands())


def test_columns_are_those_of_the_model() -> None:
    model = get_model("omop-5.4")
    for facts in all_tables().values():
        spans = [column for span in facts.spans for column in (span.day, span.moment)]
        named = {facts.concept, facts.source, *facts.keys, *facts.listed, *spans} - {""}
        assert named <= set(model.table(facts.name).columns)
        assert set(facts.counted_where_filled) <= set(facts.keys)


def test_32_columns_are_listed_and_113_labs_and_10_classes() -> None:
    assert sum(len(facts.listed) for facts in all_tables().values()) == 32
    assert len(read_list("lab_panels.csv")) == 113
    assert len(read_list("drug_classes.csv")) == 10


def test_every_metric_is_measured_in_the_order_of_declaration() -> None:
    names = list(dict.fromkeys(value.metric for value in measure(TABLES).values))
    assert names == list(all_metrics())


def test_values_are_read_back_as_they_were_written() -> None:
    metrics = measure(TABLES)
    assert Metrics.from_json(metrics.to_json()) == metrics


def test_every_metric_has_a_page_and_the_index_leads_to_it() -> None:
    pages = build_metric_pages()
    for name, metric in all_metrics().items():
        assert metric.title in pages[f"{name}.md"]
        assert f"({name}.md)" in pages["index.md"]
    assert "at least 0.9" in pages["gc_1_standard.md"]


@pytest.mark.parametrize(
    ("metric", "numerator", "denominator", "shown"),
    [
        ("dc_1", 8999, 10000, "89.9 %"),  # never rounded up to its target
        ("dc_1", 9, 10, "90 %"),
        ("unit_failure", 1501, 10000, "15.1 %"),  # never rounded down to it
        ("unit_failure", 15, 100, "15 %"),
        ("duplicates", 1234, 5000, "1,234"),
        ("drug_information", 20, 4, "5.00"),
    ],
)
def test_how_values_are_written(metric: str, numerator: int, denominator: int, shown: str) -> None:
    assert show_value(build_value(get_metric(metric), numerator, denominator)) == shown


def test_what_is_concerned_is_counted_in_words() -> None:
    assert show_concerned(build_value(get_metric("dc_1"), 9, 10)) == "1 row"
    assert show_concerned(build_value(get_metric("drug_classes"), 9, 10)) == "1 class"
    assert show_concerned(build_value(get_metric("drug_classes"), 0, 10)) == "10 classes"
    assert show_fraction(build_value(get_metric("dc_1"), 1586, 1787)) == "1,586 of 1,787"
    assert show_fraction(build_value(get_metric("drug_information"), 20, 4)) == "20 / 4"


def test_nothing_measured_is_a_dash() -> None:
    value = build_value(get_metric("dc_1"), 0, 0)
    assert (show_value(value), show_concerned(value), show_fraction(value)) == ("–", "", "")
