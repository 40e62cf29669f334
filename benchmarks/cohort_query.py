"""``commonweal cohort count`` against SQL that a person wrote for the same question.

As a script it does one contender's work: ``generate FOLDER ROWS`` or ``count FOLDER``.
"""

import json
import sys
from pathlib import Path

import duckdb

PERSONS_PER_ROW = 10
ANCESTOR = 2_000_000_000
DEFINITION = {
    "format": "commonweal-cohort/1",
    "as_of": "2026-01-01",
    "people": {"age": {"min": 40, "max": 69}},
    "include": [{"any": [{"domain": "condition", "concepts": [{"concept_id": ANCESTOR}]}]}],
}
TABLES = {
    "person": """
        SELECT i AS person_id, CASE i % 2 WHEN 0 THEN 8507 ELSE 8532 END AS gender_concept_id,
               1930 + hash(i) % 75 AS year_of_birth, 1 + hash(i, 1) % 12 AS month_of_birth,
               1 + hash(i, 2) % 28 AS day_of_birth, 8515 + 12 * (i % 2) AS race_concept_id,
               38003564 AS ethnicity_concept_id
        FROM range(1, {persons} + 1) t(i)""",
    "condition_occurrence": """
        SELECT i AS condition_occurrence_id, 1 + hash(i) % {persons} AS person_id,
               1000000 + hash(i, 3) % 2000 AS condition_concept_id,
               DATE '2010-01-01' + (hash(i, 4) % 5000)::INTEGER AS condition_start_date,
               32817 AS condition_type_concept_id
        FROM range({rows}) t(i) ORDER BY person_id, condition_occurrence_id""",
    "concept": f"""
        SELECT 1000000 + i AS concept_id, 'Condition ' || i AS concept_name,
               'Condition' AS domain_id, 'S' AS standard_concept FROM range(2000) t(i)
        UNION ALL SELECT {ANCESTOR}, 'Group', 'Condition', 'S'
        UNION ALL FROM (VALUES (8507, 'MALE', 'Gender', 'S'), (8532, 'FEMALE', 'Gender', 'S'),
            (8515, 'Asian', 'Race', 'S'), (8527, 'White', 'Race', 'S'))""",
    "concept_ancestor": f"""
        SELECT {ANCESTOR} AS ancestor_concept_id, 1000000 + i AS descendant_concept_id
        FROM range(40) t(i)""",
}
QUERY = f"""
    WITH chosen AS (
        SELECT {ANCESTOR} AS id UNION SELECT descendant_concept_id FROM concept_ancestor
        WHERE ancestor_concept_id = {ANCESTOR}
    ), people AS (
        SELECT person_id, gender_concept_id, race_concept_id,
            date_diff('year', born, DATE '2026-01-01')
                - (strftime(born, '%m%d') > '0101')::INTEGER AS age
        FROM (SELECT *, make_date(year_of_birth::BIGINT, month_of_birth::BIGINT,
                                  day_of_birth::BIGINT) AS born FROM person)
    )
    SELECT gender_concept_id, race_concept_id, age // 10, count(*) FROM people
    WHERE age BETWEEN 40 AND 69 AND person_id IN (
        SELECT person_id FROM condition_occurrence WHERE condition_concept_id IN (FROM chosen))
    GROUP BY ALL ORDER BY ALL
"""


def generate(folder: Path, rows: int) -> None:
    """Write a small OMOP folder of Parquet files, and the definition beside it."""
    persons = max(rows // PERSONS_PER_ROW, 1)
    for table, sql in TABLES.items():
        query = sql.format(rows=rows, persons=persons)
        duckdb.sql(query).write_parquet(str(folder / "cdm" / f"{table}.parquet"))
    (folder / "definition.json").write_text(json.dumps(DEFINITION), encoding="utf-8")


def count(folder: Path) -> None:
    """Ask by hand, with the engine as it comes."""
    for table in TABLES:
        file = folder / "cdm" / f"{table}.parquet"
        duckdb.sql(f"CREATE VIEW {table} AS FROM read_parquet('{file}')")
    print(sum(row[3] for row in duckdb.sql(QUERY).fetchall()))


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        count(Path(sys.argv[2]))
