"""Metrics of data that nobody here made, against what is known of them."""

from pathlib import Path

import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import EngineSettings
from commonweal.quality.metrics.definition import all_tables
from commonweal.quality.metrics.measure import measure_metrics
from commonweal.quality.metrics.sources import OTHERS
from commonweal.quality.metrics.value import Metrics, Status
from commonweal.vocabulary.abridged import list_shipped
from commonweal.vocabulary.views import register_vocabulary

SETTINGS = EngineSettings(memory_limit="400MB", threads=1)


def measure(folder: Path) -> Metrics:
    with open_engine(SETTINGS) as engine:
        views = register_vocabulary(engine, list_shipped())
        tables = [t for t in (*all_tables(), *OTHERS) if (folder / f"{t}.parquet").is_file()]
        for table in tables:
            engine.register_parquet(f"real_{table}", [folder / f"{table}.parquet"])
        relations = {table: f"real_{table}" for table in tables}
        return Metrics(measure_metrics(engine, relations, vocabulary=views), None, abridged=True)


def test_synthea_1k_has_no_units_and_is_mapped_as_is_known(shared_data: Path) -> None:
    metrics = measure(shared_data / "synthea1k")
    assert metrics.get("unit_failure", "measurement").value == 1.0
    conditions = metrics.get("gc_3_standard", "condition_occurrence").value
    drugs = metrics.get("gc_3_standard", "drug_exposure").value
    assert conditions == pytest.approx(0.90, abs=0.01)
    assert drugs == pytest.approx(0.73, abs=0.01)
    assert metrics.get("dc_2").is_measured


def test_synthea_of_new_jersey_has_units_but_for_a_few(shared_data: Path) -> None:
    value = measure(shared_data / "synthea27nj").get("unit_failure", "measurement")
    assert value.value == pytest.approx(0.077, abs=0.001)
    assert value.band == "meets"


def test_gibleed_has_no_values_deaths_and_few_visits(shared_data: Path) -> None:
    metrics = measure(shared_data / "gibleed")
    assert metrics.get("unit_failure", "measurement").status is Status.NOTHING
    assert metrics.get("dc_2").status is Status.NOT_SUBMITTED
    assert metrics.get("dc_average").denominator == 3
    assert metrics.get("visit_id_failure").value == pytest.approx(0.99)
    assert metrics.get("gc_1_standard").band == "meets"
    assert metrics.get("gc_2", "drug_exposure", "provider_id").status is Status.NOT_SUBMITTED


def test_hospital_data_with_negative_ids_and_far_years(shared_data: Path) -> None:
    metrics = measure(shared_data / "mimic_demo_omop")
    assert metrics.get("gc_2", "condition_occurrence", "person_id").value == 1.0
    assert metrics.get("visit_id_failure").value == 0.0
    assert metrics.get("dc_3").value == 1.0
    assert metrics.get("gc_1_standard", "measurement").status is Status.NOT_SUBMITTED
