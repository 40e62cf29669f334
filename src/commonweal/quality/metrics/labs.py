"""Metrics about laboratory results: panels, components and recommended codes.

A listed lab stands for its group: what is below the LOINC class above it (or the class above
that, when the lab's name contains its name), and what is in the same LOINC group. Classes that
are too broad are left out. A *component* is a topmost class, or a topmost group where a lab has
no class, with the labs that lead to it.
"""

from collections.abc import Iterator

import pyarrow as pa

from commonweal.engine.sql import quoted
from commonweal.quality.metrics.definition import get_metric, read_list
from commonweal.quality.metrics.sources import Sources
from commonweal.quality.metrics.usage import USAGE
from commonweal.quality.metrics.value import (
    MetricValue,
    Status,
    build_absence,
    build_value,
)

TABLE = "measurement"
ACRONYMS = (3035941, 3024731, 3003338, 3012030, 3009744, 3023599)
"""Labs named by an acronym that the class above spells out: MCH, MCV, MCHC."""
HELD = 0.5
"""Share of the listed labs whose class or group a vocabulary must have to be measured with."""
HIERARCHY, GROUP = "LOINC Hierarchy", "LOINC Group"
LISTED, ANCHORS, MEMBERS = "metric_labs", "metric_lab_anchors", "metric_lab_members"
CODES, EXCLUDED, FOUND = "metric_lab_codes", "metric_lab_excluded", "metric_labs_found"


def measure_labs(sources: Sources) -> Iterator[MetricValue]:
    """Labs of each panel, components, and the share of recommended codes."""
    names = ("lab_panels", "lab_components", "recommended_labs")
    if status := sources.find_absence(TABLE):
        for name in names:
            yield build_absence(get_metric(name), status, table=TABLE)
        return
    _register_lists(sources)
    _find_anchors(sources)
    _find_rows(sources)
    grouped = _holds_groups(sources)
    yield from _measure_panels(sources, grouped=grouped)
    if grouped:
        _find_members(sources)
        yield from _measure_components(sources)
        yield _measure_recommended(sources)
    else:
        for name in names[1:]:
            yield build_absence(
                get_metric(name),
                Status.NOT_MEASURABLE,
                table=TABLE,
                note="it has no LOINC classes and groups",
            )


def _register_lists(sources: Sources) -> None:
    panels = read_list("lab_panels.csv")
    ids = [int(row["concept_id"]) for row in panels]
    listed = {"panel": [r["panel"] for r in panels], "name": [r["name"] for r in panels]}
    sources.engine.register_arrow(LISTED, pa.table({**listed, "concept_id": ids}))
    codes = [row["code"] for row in read_list("lab_codes.csv")]
    sources.engine.register_arrow(CODES, pa.table({"code": codes}))
    excluded = [int(row["concept_id"]) for row in read_list("lab_excluded.csv")]
    sources.engine.register_arrow(EXCLUDED, pa.table({"concept_id": excluded}))


def _find_anchors(sources: Sources) -> None:
    """Classes and groups that stand for a lab: table (concept_id, anchor_id, is_class)."""
    ancestor = sources.vocabulary.ancestor
    if ancestor is None:
        sql = "SELECT concept_id, concept_id AS anchor_id, true AS is_class"
        sources.engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {ANCHORS} AS {sql} FROM {LISTED} WHERE false"
        )
        return
    concepts = sources.vocabulary.concept_sql
    above = (
        "SELECT DISTINCT l.concept_id, p.concept_id AS anchor_id, "
        f"p.concept_class_id = '{HIERARCHY}' AS is_class, a.min_levels_of_separation AS levels "
        f"FROM {LISTED} l JOIN {quoted(ancestor)} a ON a.descendant_concept_id = l.concept_id "
        f"JOIN {concepts} p ON p.concept_id = a.ancestor_concept_id "
        f"LEFT JOIN {concepts} c ON c.concept_id = l.concept_id "
        f"WHERE p.concept_id NOT IN (SELECT concept_id FROM {EXCLUDED}) AND "
        f"(p.concept_class_id = '{GROUP}' AND a.min_levels_of_separation = 1 OR "
        f"p.concept_class_id = '{HIERARCHY}' AND (a.min_levels_of_separation = 1 OR "
        "a.min_levels_of_separation = 2 AND (contains(c.concept_name, p.concept_name) OR "
        f"l.concept_id IN {ACRONYMS})))"
    )
    sources.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {ANCHORS} AS SELECT concept_id, anchor_id, is_class "
        "FROM (SELECT *, max(levels) OVER (PARTITION BY concept_id, is_class) AS highest "
        f"FROM ({above})) WHERE levels = highest"
    )


def _find_rows(sources: Sources) -> None:
    """Rows by concept; where it is empty or 0, by source concept."""
    concept = "coalesce(nullif(measurement_concept_id, 0), measurement_source_concept_id)"
    sources.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {FOUND} AS SELECT {concept} AS concept_id, "
        f"count(*) AS row_count FROM {sources.view(TABLE)} GROUP BY {concept}"
    )


def _holds_groups(sources: Sources) -> bool:
    anchored, listed = sources.engine.rows(
        f"SELECT (SELECT count(DISTINCT concept_id) FROM {ANCHORS}), "
        f"(SELECT count(DISTINCT concept_id) FROM {LISTED})"
    )[0]
    return bool(anchored >= HELD * listed)


def _below(sources: Sources) -> str:
    """The concepts a lab stands for: itself, and what is below its anchors."""
    itself = f"SELECT concept_id, concept_id AS member_id FROM {LISTED}"
    ancestor = sources.vocabulary.ancestor
    if ancestor is None:
        return itself
    return (
        f"{itself} UNION SELECT n.concept_id, a.descendant_concept_id FROM {ANCHORS} n "
        f"JOIN {quoted(ancestor)} a ON a.ancestor_concept_id = n.anchor_id"
    )


def _measure_panels(sources: Sources, *, grouped: bool) -> Iterator[MetricValue]:
    metric = get_metric("lab_panels")
    note = "" if grouped else "by the listed concepts alone: the vocabulary has no LOINC groups"
    counted = sources.engine.rows(
        f"SELECT l.panel, count(*) FILTER (f.concept_id IS NOT NULL), count(*) FROM {LISTED} l "
        f"LEFT JOIN (SELECT DISTINCT b.concept_id FROM ({_below(sources)}) b "
        f"JOIN {FOUND} f ON f.concept_id = b.member_id) f ON f.concept_id = l.concept_id "
        "GROUP BY l.panel"
    )
    found = {panel: (there, listed) for panel, there, listed in counted}
    for panel in dict.fromkeys(row["panel"] for row in read_list("lab_panels.csv")):
        there, listed = found[panel]
        yield build_value(metric, there, listed, table=TABLE, part=panel, note=note)


def _find_members(sources: Sources) -> None:
    """Concepts of each component: (component_id, member_id, recommended, wide)."""
    ancestor = quoted(sources.vocabulary.ancestor or "")
    chosen = (
        f"SELECT concept_id, anchor_id FROM {ANCHORS} a WHERE is_class OR NOT EXISTS "
        f"(SELECT 1 FROM {ANCHORS} b WHERE b.concept_id = a.concept_id AND b.is_class) UNION "
        f"SELECT concept_id, concept_id FROM {LISTED} WHERE concept_id NOT IN "
        f"(SELECT concept_id FROM {ANCHORS})"
    )
    sources.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {MEMBERS} AS WITH chosen AS ({chosen}), "
        f"over AS (SELECT DISTINCT c.anchor_id, a.ancestor_concept_id AS top_id FROM chosen c "
        f"JOIN {ancestor} a ON a.descendant_concept_id = c.anchor_id "
        "WHERE a.ancestor_concept_id <> c.anchor_id "
        "AND a.ancestor_concept_id IN (SELECT anchor_id FROM chosen)), "
        "tops AS (SELECT anchor_id, top_id FROM over WHERE top_id NOT IN "
        "(SELECT anchor_id FROM over) UNION SELECT anchor_id, anchor_id FROM chosen "
        "WHERE anchor_id NOT IN (SELECT anchor_id FROM over)), "
        "members AS (SELECT DISTINCT t.top_id AS component_id, b.member_id FROM chosen c "
        f"JOIN tops t USING (anchor_id) JOIN ({_below(sources)}) b USING (concept_id)) "
        "SELECT m.component_id, m.member_id, "
        "k.vocabulary_id = 'LOINC' AND k.concept_class_id IN ('Lab Test', 'Clinical Observation') "
        "AS wide, k.vocabulary_id = 'LOINC' AND k.concept_code IN "
        f"(SELECT code FROM {CODES}) AS recommended "
        f"FROM members m JOIN {sources.vocabulary.concept_sql} k ON k.concept_id = m.member_id"
    )
    sources.engine.execute(
        f"DELETE FROM {MEMBERS} WHERE component_id NOT IN "
        f"(SELECT component_id FROM {MEMBERS} WHERE recommended)"
    )


def _measure_components(sources: Sources) -> Iterator[MetricValue]:
    metric = get_metric("lab_components")
    found = sources.engine.rows(
        "SELECT any_value(coalesce(k.concept_name, '')), m.component_id, "
        f"coalesce(sum(f.row_count), 0) FROM {MEMBERS} m "
        f"LEFT JOIN {FOUND} f ON f.concept_id = m.member_id "
        f"LEFT JOIN {sources.vocabulary.concept_sql} k ON k.concept_id = m.component_id "
        "GROUP BY m.component_id ORDER BY 1, 2"
    )
    there = sum(1 for _, _, rows in found if rows)
    missing = ", ".join(name or str(concept) for name, concept, rows in found if not rows)
    yield build_value(
        metric, there, len(found), table=TABLE, note=f"missing: {missing}" if missing else ""
    )


def _measure_recommended(sources: Sources) -> MetricValue:
    ((recommended, wide),) = sources.engine.rows(
        "SELECT coalesce(sum(row_count) FILTER (recommended), 0), coalesce(sum(row_count), 0) "
        "FROM (SELECT member_id, bool_or(recommended) AS recommended "
        f"FROM {MEMBERS} WHERE wide GROUP BY member_id) m "
        f"JOIN {USAGE} u ON u.concept_id = m.member_id "
        f"WHERE u.table_name = '{TABLE}' AND u.column_name = 'measurement_concept_id'"
    )
    return build_value(get_metric("recommended_labs"), int(recommended), int(wide), table=TABLE)
