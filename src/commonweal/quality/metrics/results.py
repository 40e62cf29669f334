"""Metrics about measurements: units, physical measurements and COVID-19 tests."""

from collections.abc import Iterator

import pyarrow as pa

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import get_metric, read_list
from commonweal.quality.metrics.sources import Sources
from commonweal.quality.metrics.value import (
    MetricValue,
    Status,
    build_absence,
    build_value,
)

TABLE = "measurement"
COVID_TESTS = 756055
TOO_GENERAL = 3015746
ORDER = 32833
NUMERIC = (
    "(value_as_number IS NOT NULL OR "
    "isfinite(TRY_CAST(translate(value_source_value, '<>=', '') AS DOUBLE)))"
)
"""A result that is a number, in one column or the other."""
PHYSICAL = "metric_physical"


def measure_results(sources: Sources) -> Iterator[MetricValue]:
    """Units, physical measurements and COVID-19 results."""
    yield _measure_units(sources)
    yield from _measure_physical(sources)
    yield _measure_covid(sources)


def _measure_units(sources: Sources) -> MetricValue:
    metric = get_metric("unit_failure")
    if status := sources.find_absence(TABLE):
        return build_absence(metric, status, table=TABLE)
    ((numeric, standard),) = sources.engine.rows(
        "SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (c.concept_id IS NOT NULL), 0) "
        f"FROM (SELECT unit_concept_id, count(*) AS n FROM {sources.view(TABLE)} "
        f"WHERE {NUMERIC} GROUP BY unit_concept_id) u "
        f"LEFT JOIN {sources.vocabulary.concept_sql} c ON c.concept_id = u.unit_concept_id "
        "AND c.concept_id <> 0 AND c.standard_concept = 'S' AND c.domain_id = 'Unit'"
    )
    return build_value(metric, int(numeric - standard), int(numeric), table=TABLE)


def _measure_physical(sources: Sources) -> Iterator[MetricValue]:
    metric = get_metric("physical_measurement")
    listed = read_list("physical_measurements.csv")
    names = list(dict.fromkeys(row["measurement"] for row in listed))
    needed = (TABLE, "visit_occurrence", "person")
    if status := sources.find_absence(*needed):
        note = sources.note_absence(*needed)
        for name in names:
            yield build_absence(metric, status, table=TABLE, part=name, note=note)
        return
    sources.engine.register_arrow(
        PHYSICAL,
        pa.table(
            {
                "name": [row["measurement"] for row in listed],
                "concept_id": [int(row["concept_id"]) for row in listed],
            }
        ),
    )
    known = f"person_id IN (SELECT person_id FROM {sources.view('person')})"
    visited = sources.engine.value(
        f"SELECT count(DISTINCT person_id) FROM {sources.view('visit_occurrence')} WHERE {known}"
    )
    persons = dict(
        sources.engine.rows(
            f"SELECT p.name, count(DISTINCT person_id) FROM {sources.view(TABLE)} m "
            f"JOIN {PHYSICAL} p ON p.concept_id = m.measurement_concept_id "
            f"WHERE {known} GROUP BY p.name"
        )
    )
    for name in names:
        yield build_value(metric, persons.get(name, 0), visited, table=TABLE, part=name)


def _measure_covid(sources: Sources) -> MetricValue:
    metric = get_metric("covid_mapping")
    if status := sources.find_absence(TABLE):
        return build_absence(metric, status, table=TABLE)
    ancestor = sources.vocabulary.ancestor
    tests = _tests_sql(sources, ancestor) if ancestor else ""
    kinds = sources.engine.value(f"SELECT count(*) FROM ({tests})") if tests else 0
    if not kinds:
        return build_absence(metric, Status.NOT_MEASURABLE, table=TABLE)
    ((faulty, rows),) = sources.engine.rows(
        "SELECT count(*) FILTER (coalesce(value_as_concept_id, 0) = 0), count(*) "
        f"FROM {sources.view(TABLE)} WHERE measurement_concept_id IN ({tests}) "
        f"AND measurement_type_concept_id IS DISTINCT FROM {ORDER}"
    )
    note = f"the vocabulary knows {kinds:,} of these tests"
    return build_value(metric, faulty, rows, table=TABLE, note=note)


def _tests_sql(sources: Sources, ancestor: str) -> str:
    return (
        f"SELECT DISTINCT c.concept_id FROM {sources.vocabulary.concept_sql} c "
        f"JOIN {quoted(ancestor)} a ON a.descendant_concept_id = c.concept_id "
        f"WHERE a.ancestor_concept_id = {COVID_TESTS} AND c.standard_concept = 'S' "
        f"AND c.vocabulary_id NOT IN ('CPT4', 'HCPCS') AND c.concept_id <> {TOO_GENERAL}"
    )
