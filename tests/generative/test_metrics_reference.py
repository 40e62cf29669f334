"""Metrics in SQL are what plain Python counts, on random tables.

The reference below walks lists of rows; it knows nothing of usage tables, hashes or joins.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metric_tables import (
    CONCEPTS,
    FINDING,
    HYPERTENSION,
    ICD,
    LAB,
    RETIRED,
    UNIT,
    Row,
    Tables,
    measure,
)

from commonweal.quality.metrics.value import Metrics

VOCABULARY = {row[0]: row for row in CONCEPTS}
DOMAINS = {"condition_occurrence": "Condition", "measurement": "Measurement", "observation": ""}
EARLIEST = {"observation": datetime.fromisoformat("1900-01-01")}
ids = st.sampled_from([None, 0, HYPERTENSION, FINDING, ICD, RETIRED, LAB, UNIT, 999])
persons = st.sampled_from([1, 2, 0, None])
days = st.none() | st.sampled_from(
    [date(1899, 12, 31), date(1979, 12, 31), date(2020, 1, 1), date(2020, 1, 31), date(2020, 2, 1)]
)
numbers = st.none() | st.sampled_from([0.0, 1.5])
texts = st.none() | st.sampled_from(["", "5", "<5", ">= 5.5", "negative", "1e3", "nan", "5 mg"])


@st.composite
def moments(draw: st.DrawFn) -> datetime | None:
    day = draw(days)
    if day is None:
        return None
    hours = draw(st.sampled_from([0, 1, 23, 24, 47, 48, 71]))
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=hours)


conditions = st.fixed_dictionaries(
    {
        "person_id": persons,
        "condition_concept_id": ids,
        "condition_source_concept_id": ids,
        "condition_start_date": days,
        "condition_start_datetime": moments(),
        "condition_end_date": days,
        "condition_end_datetime": moments(),
    }
)
measurements = st.fixed_dictionaries(
    {
        "person_id": persons,
        "measurement_concept_id": ids,
        "measurement_source_concept_id": ids,
        "measurement_date": days,
        "measurement_datetime": moments(),
        "value_as_number": numbers,
        "value_source_value": texts,
        "unit_concept_id": ids,
    }
)
observations = st.fixed_dictionaries(
    {
        "person_id": persons,
        "observation_concept_id": ids,
        "observation_source_concept_id": ids,
        "observation_date": days,
        "observation_datetime": moments(),
    }
)
deaths = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from([1, 2, None]),
            "death_date": st.sampled_from([date(2020, 1, 1), date(2020, 1, 2), None]),
        }
    ),
    min_size=1,
    max_size=4,
)


def numbered(rows: Sequence[Row], table: str) -> list[Row]:
    return [{f"{table}_id": key, **row} for key, row in enumerate(rows)]


@st.composite
def data_sets(draw: st.DrawFn) -> Tables:
    parts = {
        "condition_occurrence": conditions,
        "measurement": measurements,
        "observation": observations,
    }
    chosen = {
        table: numbered(draw(st.lists(row, min_size=3, max_size=10)), table)
        for table, row in parts.items()
        if draw(st.booleans())
    }
    return {**chosen, "death": draw(deaths)} if draw(st.booleans()) else chosen


SPANS = {
    "condition_occurrence": {
        part: (f"condition_{part}_date", f"condition_{part}_datetime") for part in ("start", "end")
    },
    "measurement": {"": ("measurement_date", "measurement_datetime")},
    "observation": {"": ("observation_date", "observation_datetime")},
}


@settings(max_examples=60, deadline=None)
@given(data_sets())
def test_sql_counts_what_python_counts(tables: Tables) -> None:
    metrics = measure(tables)
    for table in DOMAINS:
        if table in tables:
            assert found_concepts(metrics, table) == expected_concepts(tables[table], table)
            assert found_dates(metrics, table) == expected_dates(tables, table)
            assert count_of(metrics, "duplicates", table) == expected_duplicates(
                tables[table], table
            )
    if "measurement" in tables:
        assert count_of(metrics, "unit_failure", "measurement") == expected_units(
            tables["measurement"]
        )


def count_of(metrics: Metrics, name: str, table: str, part: str = "") -> tuple[float, float]:
    """Numerator and denominator; nothing to measure is 0 of 0."""
    value = metrics.get(name, table, part)
    return value.numerator or 0, value.denominator or 0


def found_concepts(metrics: Metrics, table: str) -> list[tuple[float, float]]:
    names = ("gc_1_standard", "gc_1_source", "gc_3_standard", "gc_3_source")
    return [count_of(metrics, name, table) for name in names]


def expected_concepts(rows: Sequence[Row], table: str) -> list[tuple[int, int]]:
    prefix = table.removesuffix("_occurrence")
    concepts = [row[f"{prefix}_concept_id"] for row in rows]
    sources = [row[f"{prefix}_source_concept_id"] for row in rows]
    fitting = [c for c in concepts if in_domain(c, table) and VOCABULARY[c][5] == "S"]
    valid = [c for c in sources if in_domain(c, table)]
    given_, given_source = [c for c in concepts if c], [c for c in sources if c]
    return [(len(found), len(rows)) for found in (fitting, valid, given_, given_source)]


def in_domain(concept: int | None, table: str) -> bool:
    return (
        bool(concept)
        and concept in VOCABULARY
        and DOMAINS[table]
        in (
            "",
            VOCABULARY[concept][2],
        )
    )


def found_dates(metrics: Metrics, table: str) -> dict[tuple[str, str], tuple[float, float]]:
    parts = [(name, part) for name in ("dc_2", "dc_3", "dc_4") for part in SPANS[table]]
    if table == "condition_occurrence":
        parts.append(("dc_1", ""))
    return {(name, part): count_of(metrics, name, table, part) for name, part in parts}


def expected_dates(tables: Tables, table: str) -> dict[tuple[str, str], tuple[int, int]]:
    rows, expected = tables[table], {}
    for part, (day, moment) in SPANS[table].items():
        filled = [row for row in rows if row[moment] is not None]
        dated = [row for row in filled if row[day] is not None]
        early = EARLIEST.get(table, datetime.fromisoformat("1980-01-01"))
        late = [row for row in dated if (row[moment].date() - row[day]).days > 1]
        good = [row for row in filled if row[moment] >= early]
        expected["dc_3", part] = (len(good), len(filled))
        expected["dc_4", part] = (len(filled) - len(late), len(filled))
        expected["dc_2", part] = expected_after_death(rows, tables.get("death"), day)
    if table == "condition_occurrence":
        ended = [row for row in rows if row["condition_end_datetime"] is not None]
        started = [row for row in ended if row["condition_start_datetime"] is not None]
        wrong = [
            row
            for row in started
            if row["condition_start_datetime"] > row["condition_end_datetime"]
        ]
        expected["dc_1", ""] = (len(ended) - len(wrong), len(ended))
    return expected


def expected_after_death(
    rows: Sequence[Row], dead: Sequence[Row] | None, day: str
) -> tuple[int, int]:
    died: dict[int, date] = {}
    for row in dead or ():
        if row["person_id"] is not None and row["death_date"] is not None:
            known = died.get(row["person_id"], date.max)
            died[row["person_id"]] = min(known, row["death_date"])
    of_dead = [row for row in rows if row["person_id"] in died]
    dated = [row for row in of_dead if row[day] is not None]
    late = [row for row in dated if (row[day] - died[row["person_id"]]).days > 30]
    return len(of_dead) - len(late), len(of_dead)


def expected_duplicates(rows: Sequence[Row], table: str) -> tuple[int, int]:
    concept = f"{table.removesuffix('_occurrence')}_concept_id"
    looked_at = [row for row in rows if row[concept] and row["person_id"]]
    alike = Counter(
        tuple(value for name, value in row.items() if name != f"{table}_id") for row in looked_at
    )
    return sum(n - 1 for n in alike.values()), len(looked_at)


def expected_units(rows: Sequence[Row]) -> tuple[int, int]:
    numeric = [row for row in rows if is_numeric(row)]
    return len([row for row in numeric if row["unit_concept_id"] != UNIT]), len(numeric)


def is_numeric(row: Row) -> bool:
    if row["value_as_number"] is not None:
        return True
    text: Any = row["value_source_value"]
    bare = (text or "").replace("<", "").replace(">", "").replace("=", "").strip()
    return bare.replace(".", "").replace("e", "").isdigit()


def test_reference_can_disagree() -> None:
    """A reference that agreed with everything would prove nothing."""
    rows = [{"condition_concept_id": ICD, "condition_source_concept_id": None, "person_id": 1}]
    tables = {"condition_occurrence": numbered(rows, "condition_occurrence")}
    found = found_concepts(measure(tables), "condition_occurrence")
    other = [{**rows[0], "condition_concept_id": HYPERTENSION}]
    with pytest.raises(AssertionError):
        assert found == expected_concepts(other, "condition_occurrence")
