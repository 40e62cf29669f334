"""Completeness of columns as a metric, from what was measured of the tables."""

from collections.abc import Iterable, Iterator

from commonweal.quality.completeness import TableCompleteness
from commonweal.quality.metrics.definition import get_metric
from commonweal.quality.metrics.value import MetricValue, Status, build_absence, build_value


def build_filled(tables: Iterable[TableCompleteness]) -> Iterator[MetricValue]:
    """A value for each column of each table."""
    metric = get_metric("completeness")
    for table in tables:
        if not table.rows:
            yield build_absence(metric, Status.EMPTY, table=table.table)
            continue
        for column in table.columns:
            filled = column.rows - column.nulls - column.concept_zeros
            yield build_value(metric, filled, column.rows, table=table.table, part=column.column)
