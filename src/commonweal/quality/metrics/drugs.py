"""Metrics about drugs: ten classes, recommended concepts, and how precisely drugs are coded."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import DATA, get_metric, read_list
from commonweal.quality.metrics.sources import Sources
from commonweal.quality.metrics.usage import USAGE
from commonweal.quality.metrics.value import (
    MetricValue,
    Status,
    build_absence,
    build_value,
)

TABLE = "drug_exposure"
CLASSES, MEMBERS, RANKS = "metric_drug_classes", "metric_drug_members", "metric_drug_ranks"
RECOMMENDED = "metric_recommended_drugs"
DRUGS = f"(SELECT * FROM {USAGE} WHERE table_name = '{TABLE}' AND column_name = 'drug_concept_id')"
RXNORM = "vocabulary_id IN ('RxNorm', 'RxNorm Extension')"
OF_CLASSES = (
    "drug_classes",
    "drug_class_share",
    "drug_duration",
    "recommended_drugs",
)
OWN_NOTE = "by the classes of the abridged vocabulary: it has no ATC"


@dataclass(frozen=True)
class _Classes:
    """Where the vocabulary has the classes from: the column of ids in their list."""

    column: str
    note: str = ""


def measure_drugs(sources: Sources) -> Iterator[MetricValue]:
    """Everything about drugs, or why there is nothing to say."""
    status = sources.find_absence(TABLE)
    if status:
        for name in (*OF_CLASSES, "drug_information"):
            yield build_absence(get_metric(name), status, table=TABLE)
        return
    classes = _find_classes(sources)
    if classes is None:
        for name in OF_CLASSES:
            yield build_absence(get_metric(name), Status.NOT_MEASURABLE, table=TABLE)
    else:
        _find_members(sources, classes)
        yield from _measure_classes(sources, classes)
        yield _measure_recommended(sources, classes)
    yield _measure_information(sources)


def _find_classes(sources: Sources) -> _Classes | None:
    """Which concepts of the classes the vocabulary knows; ATC goes before our own."""
    listed = read_list("drug_classes.csv")
    columns = ("atc_concept_id", "own_concept_id")
    ids = {column: [int(row[column]) for row in listed] for column in columns}
    names = [row["name"] for row in listed]
    sources.engine.register_arrow(CLASSES, pa.table({"name": names, **ids}))
    if sources.vocabulary.ancestor is None:
        return None
    for classes in (_Classes(columns[0]), _Classes(columns[1], OWN_NOTE)):
        known = sources.engine.value(
            f"SELECT count(*) FROM {sources.vocabulary.concept_sql} "
            f"WHERE concept_id IN (SELECT {classes.column} FROM {CLASSES})"
        )
        if known:
            return classes
    return None


def _find_members(sources: Sources, classes: _Classes) -> None:
    """RxNorm drugs below each class: table (name, concept_id)."""
    sources.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {MEMBERS} AS SELECT DISTINCT k.name, c.concept_id "
        f"FROM {CLASSES} k JOIN {quoted(sources.vocabulary.ancestor or '')} a "
        f"ON a.ancestor_concept_id = k.{classes.column} "
        f"JOIN {sources.vocabulary.concept_sql} c ON c.concept_id = a.descendant_concept_id "
        f"WHERE c.concept_id <> k.{classes.column} AND c.{RXNORM}"
    )


def _measure_classes(sources: Sources, classes: _Classes) -> Iterator[MetricValue]:
    rows = dict(
        sources.engine.rows(
            f"SELECT m.name, sum(d.row_count) FROM {MEMBERS} m "
            f"JOIN {DRUGS} d USING (concept_id) GROUP BY m.name"
        )
    )
    names = [row["name"] for row in read_list("drug_classes.csv")]
    missing = ", ".join(name for name in names if name not in rows)
    note = "; ".join(filter(None, (classes.note, f"missing: {missing}" if missing else "")))
    yield build_value(get_metric("drug_classes"), len(rows), len(names), table=TABLE, note=note)
    share, total = get_metric("drug_class_share"), sources.rows[TABLE]
    for name in names:
        of_class = int(rows.get(name, 0))
        yield build_value(share, of_class, total, table=TABLE, part=name, note=classes.note)
    yield from _measure_durations(sources, names, classes)


def _measure_durations(
    sources: Sources, names: list[str], classes: _Classes
) -> Iterator[MetricValue]:
    """Days from start to end."""
    start, end = "drug_exposure_start_date", "drug_exposure_end_date"
    found = sources.engine.rows(
        "SELECT m.name, sum(d.days), sum(d.n) FROM (SELECT drug_concept_id AS concept_id, "
        f"sum(date_diff('day', {start}, {end})) AS days, count(*) AS n "
        f"FROM {sources.view(TABLE)} WHERE {start} IS NOT NULL AND {end} IS NOT NULL "
        f"GROUP BY drug_concept_id) d JOIN {MEMBERS} m USING (concept_id) GROUP BY m.name"
    )
    days = {name: (int(total), int(rows)) for name, total, rows in found}
    metric = get_metric("drug_duration")
    for name in names:
        total, rows = days.get(name, (0, 0))
        yield build_value(metric, total, rows, table=TABLE, part=name, note=classes.note)


def _measure_recommended(sources: Sources, classes: _Classes) -> MetricValue:
    """Only ATC tells of drugs that are not recommended: our own classes are made of the list."""
    metric = get_metric("recommended_drugs")
    if classes.note:
        return build_absence(metric, Status.NOT_MEASURABLE, table=TABLE, note="it has no ATC")
    sources.engine.register_parquet(RECOMMENDED, [DATA / "recommended_drugs.parquet"])
    ((recommended, rows),) = sources.engine.rows(
        "SELECT coalesce(sum(d.row_count) FILTER (r.concept_id IS NOT NULL), 0), "
        f"coalesce(sum(d.row_count), 0) FROM {MEMBERS} m JOIN {DRUGS} d USING (concept_id) "
        f"LEFT JOIN {RECOMMENDED} r ON r.concept_id = m.concept_id AND r.class_name = m.name"
    )
    return build_value(metric, int(recommended), int(rows), table=TABLE)


def _measure_information(sources: Sources) -> MetricValue:
    listed = read_list("rxnorm_classes.csv")
    sources.engine.register_arrow(
        RANKS,
        pa.table(
            {
                "concept_class_id": [row["concept_class_id"] for row in listed],
                "precedence": [int(row["precedence"]) for row in listed],
            }
        ),
    )
    ((total, rows),) = sources.engine.rows(
        "SELECT coalesce(sum(r.precedence * d.row_count), 0), coalesce(sum(d.row_count), 0) "
        f"FROM {DRUGS} d JOIN {RANKS} r USING (concept_class_id) WHERE d.{RXNORM}"
    )
    return build_value(get_metric("drug_information"), int(total), int(rows), table=TABLE)
