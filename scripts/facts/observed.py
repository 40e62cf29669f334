"""What the real data sets show of diseases, visits, drugs and results.

Three sets count people (Synthea 1k, GiBleed and, for values alone, 27 + 28 + 20 Synthea persons).
Their names in the ``source`` column of the facts are those of ``SETS``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SETS = ("synthea1k", "gibleed")
SEXES = ("female", "male")
BANDS = (0, 18, 40, 65)
KNOTS = (18, 40, 65, 90)
YEAR = 365.2425
PRENATAL = (4075363, 4168236, 4060626, 4150653, 4061811, 4234541, 40481948)
"""Procedures that mark a visit of Synthea 1k as antenatal."""

PERSONS = """
CREATE TABLE person AS
SELECT 'synthea1k' AS origin, person_id AS person, gender_concept_id AS sex,
       birth_datetime::DATE AS born,
       coalesce((SELECT min(death_date) FROM '{data}/synthea1k/death.parquet' AS d
                 WHERE d.person_id = p.person_id), DATE '2019-01-09') AS gone
FROM '{data}/synthea1k/person.parquet' AS p WHERE year(birth_datetime) < 2019
UNION ALL
SELECT 'gibleed', person_id, gender_concept_id, make_date(year_of_birth, 7, 1), DATE '2019-06-01'
FROM '{data}/gibleed/person.parquet'
"""
RECORDS = """
CREATE TABLE {name} AS
SELECT origin, person, concept, day, ended, visit, age,
       CASE sex WHEN 8532 THEN 'female' ELSE 'male' END AS sex,
       CASE WHEN age < 18 THEN 0 WHEN age < 40 THEN 18 WHEN age < 65 THEN 40 ELSE 65 END AS band
FROM (SELECT origin, person, sex, r.{name}_concept_id AS concept, {day} AS day, {ended} AS ended,
             visit_occurrence_id AS visit, ({day} - born) / 365.2425 AS age
      FROM (SELECT 'synthea1k' AS origin, * FROM '{data}/synthea1k/{table}.parquet'
            UNION ALL BY NAME SELECT 'gibleed' AS origin, * FROM '{data}/gibleed/{table}.parquet')
           AS r JOIN person USING (origin) WHERE r.person_id = person)
WHERE age >= 0
"""
TABLES = {
    "condition": ("condition_occurrence", "condition_start_date", "condition_end_date"),
    "drug": ("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure": ("procedure_occurrence", "procedure_date", "procedure_date"),
    "observation": ("observation", "observation_date", "observation_date"),
    "visit": ("visit_occurrence", "visit_start_date", "visit_end_date"),
}
READINGS = """
CREATE TABLE reading AS
WITH raw AS (
  SELECT measurement_concept_id AS concept, value_as_number AS value, person_id::VARCHAR AS person,
         gender_concept_id = 8532 AS woman, measurement_date AS day, birth_datetime::DATE AS born
  FROM '{data}/synthea27nj/measurement.parquet'
  JOIN '{data}/synthea27nj/person.parquet' USING (person_id)
  UNION ALL
  SELECT concept_id, value, o.patient, gender = 'female', left(time, 10)::DATE, birth_date::DATE
  FROM '{data}/synthea_fhir_20/observation.parquet' AS o
  JOIN '{data}/synthea_fhir_20/patient.parquet' AS p ON p.patient = o.patient
  JOIN loinc ON loinc.concept_code = o.code
  UNION ALL
  SELECT concept_id, try_cast(value AS DOUBLE), o.patient, gender = 'F', left(date, 10)::DATE,
         birthdate::DATE
  FROM '{data}/synthea_raw_27/observations.parquet' AS o
  JOIN '{data}/synthea_raw_27/patients.parquet' AS p ON p.id = o.patient
  JOIN loinc ON loinc.concept_code = o.code WHERE o.type = 'numeric')
SELECT concept, value, person, CASE WHEN woman THEN 'female' ELSE 'male' END AS sex,
       (day - born) / 365.2425 AS age
FROM raw WHERE value IS NOT NULL AND day >= born
"""
"""Values of three small Synthea sets; those of Synthea 1k are random and left out."""

ROUTINE = """
CREATE TABLE routine AS
SELECT * FROM visit
WHERE origin = 'synthea1k' AND day BETWEEN DATE '2009-01-01' AND DATE '2018-12-31'
  AND visit NOT IN (SELECT visit FROM procedure WHERE concept IN {prenatal} AND visit IS NOT NULL)
  AND visit NOT IN (SELECT visit FROM condition WHERE concept = 4217975 AND visit IS NOT NULL)
"""
"""Visits of the years Synthea 1k holds in full, but those of pregnancies."""


@dataclass(frozen=True)
class Observed:
    """The data sets, open for questions."""

    database: duckdb.DuckDBPyConnection
    folder: Path

    def rows(self, question: str) -> list[tuple]:
        """The answer of a SELECT, in its own order."""
        return self.database.sql(question).fetchall()

    def columns(self, question: str) -> Mapping[str, NDArray]:
        """The answer of a SELECT as arrays."""
        return self.database.sql(question).fetchnumpy()

    def number(self, question: str) -> float:
        """The only value of an answer."""
        return float(self.rows(question)[0][0] or 0)

    def best_set(self, concept: int, least: int = 12) -> str:
        """The first set in which at least so many persons have a condition; empty if none has."""
        for origin in SETS:
            persons = self.number(
                f"SELECT count(DISTINCT person) FROM condition"
                f" WHERE origin = '{origin}' AND concept = {concept}"
            )
            if persons >= least:
                return origin
        return ""


def open_data(data: Path) -> Observed:
    """Read all that is asked about; one thread, so that sums come out the same."""
    database = duckdb.connect(config={"threads": 1})
    database.execute(
        f"CREATE TABLE concept AS SELECT * FROM '{data}/vocabulary_shard/concept.parquet'"
    )
    database.execute(
        "CREATE VIEW loinc AS SELECT concept_id, concept_code FROM concept"
        " WHERE vocabulary_id = 'LOINC' AND standard_concept = 'S'"
    )
    database.execute(PERSONS.format(data=data))
    for name, (table, day, ended) in TABLES.items():
        database.execute(RECORDS.format(data=data, name=name, table=table, day=day, ended=ended))
    database.execute(READINGS.format(data=data))
    database.execute(ROUTINE.format(prenatal=PRENATAL))
    return Observed(database, data)


def onset_shares(observed: Observed, origin: str, concept: int) -> dict[str, list[float]]:
    """Share of each sex who have a disease by the ages of ``KNOTS`` (Kaplan & Meier 1958).

    A sex is drawn towards both together, as if by 150 more persons: the sets are small.
    """
    found = observed.columns(
        f"""SELECT CASE sex WHEN 8532 THEN 'female' ELSE 'male' END AS sex,
                   (gone - born) / {YEAR} AS gone, (first - born) / {YEAR} AS onset
            FROM person LEFT JOIN (SELECT person, min(day) AS first FROM condition
              WHERE origin = '{origin}' AND concept = {concept} GROUP BY person) USING (person)
            WHERE origin = '{origin}' AND sex IN (8507, 8532) ORDER BY person"""
    )
    onset = np.ma.filled(found["onset"].astype(float), np.nan)
    both = _have_by(onset, found["gone"])
    shares = {}
    for sex in SEXES:
        theirs = found["sex"] == sex
        number, own = theirs.sum(), _have_by(onset[theirs], found["gone"][theirs])
        shares[sex] = [
            float(number * a + 150 * b) / (number + 150) for a, b in zip(own, both, strict=True)
        ]
    return shares


def _have_by(onset: Floats, gone: Floats) -> list[float]:
    left = np.where(np.isnan(onset), gone, onset)
    days = np.sort(onset[~np.isnan(onset)])
    free = np.cumprod([1 - 1 / max((left >= day).sum(), 1) for day in days])
    positions = np.searchsorted(days, KNOTS, side="right")
    return [float(1 - free[p - 1]) if p else 0.0 for p in positions]


def weighted_quantiles(value: Floats, person: NDArray, shares: Sequence[float]) -> list[float]:
    """Quantiles in which every person weighs the same, however often they were measured."""
    _, who, times = np.unique(person, return_inverse=True, return_counts=True)
    weight = 1.0 / times[who]
    order = np.lexsort((weight, value))
    reached = np.cumsum(weight[order]) / weight.sum()
    positions = np.minimum(np.searchsorted(reached, shares), len(value) - 1)
    return [float(value[order][p]) for p in positions]


def visits_by_stratum(observed: Observed) -> dict[tuple[str, int], float]:
    """Number of routine visits of Synthea 1k by sex and age band."""
    rows = observed.rows("SELECT sex, band, count(*) FROM routine GROUP BY ALL ORDER BY ALL")
    return {(sex, band): float(number) for sex, band, number in rows}


def years_by_stratum(observed: Observed) -> dict[tuple[str, int], float]:
    """Years that persons of Synthea 1k lived in 2009 to 2018, by sex and age band."""
    rows = observed.rows(
        """SELECT CASE sex WHEN 8532 THEN 'female' ELSE 'male' END AS sex,
                  CASE WHEN age < 18 THEN 0 WHEN age < 40 THEN 18 WHEN age < 65 THEN 40
                       ELSE 65 END AS band, count(*)
           FROM (SELECT sex, y - year(born) AS age FROM person, range(2009, 2019) AS t(y)
                 WHERE origin = 'synthea1k' AND year(born) < y AND year(gone) > y)
           GROUP BY ALL ORDER BY ALL"""
    )
    return {(sex, band): float(number) for sex, band, number in rows}


def acute_rates(
    observed: Observed, origin: str, concept: int, sex: str, visits: Mapping[tuple[str, int], float]
) -> dict[tuple[str, int], float]:
    """How often a complaint is recorded at 1,000 visits, by sex and age band.

    A stratum is drawn towards all of them by 1,500 more visits. What only GiBleed has, which
    knows no visits, is counted against its cases of viral sinusitis.
    """
    if origin == "gibleed":
        reference = _cases(observed, "gibleed", 40481087)
        usual = acute_rates(observed, "synthea1k", 40481087, "", visits)
        visits = {s: 1000 * reference.get(s, 0.0) / usual[s] for s in visits}
    cases = _cases(observed, origin, concept)
    strata = [s for s in visits if sex in {"", s[0]}]
    overall = sum(cases.get(s, 0.0) for s in strata) / sum(visits[s] for s in strata)
    return {
        s: 1000 * (cases.get(s, 0.0) + 1500 * overall) / (visits[s] + 1500) if s in strata else 0.0
        for s in visits
    }


def _cases(observed: Observed, origin: str, concept: int) -> dict[tuple[str, int], float]:
    where = "AND visit IN (SELECT visit FROM routine)" if origin == "synthea1k" else ""
    rows = observed.rows(
        f"""SELECT sex, band, count(*) FROM condition
            WHERE origin = '{origin}' AND concept = {concept} {where} GROUP BY ALL ORDER BY ALL"""
    )
    return {(sex, band): float(number) for sex, band, number in rows}


def acute_course(observed: Observed, concept: int) -> tuple[int, float, float]:
    """Median days a complaint lasts, and the shares of emergency visits and of stays."""
    (days,) = observed.rows(
        f"SELECT median(ended - day) FROM condition WHERE concept = {concept} AND ended > day"
    )[0]
    rows = observed.rows(
        f"""SELECT v.concept, count(*) FROM condition AS c JOIN visit AS v USING (origin, visit)
            WHERE origin = 'synthea1k' AND c.concept = {concept} GROUP BY ALL"""
    )
    kinds = dict(rows)
    number = max(sum(kinds.values()), 1)
    return int(days or 14), kinds.get(9203, 0) / number, kinds.get(9201, 0) / number


def same_day_share(observed: Observed, table: str, given: int, concept: int) -> tuple[float, str]:
    """Of the records of a condition, the share with something recorded on the same day."""
    origin = observed.best_set(given)
    share = observed.number(
        f"""SELECT avg((EXISTS (SELECT 1 FROM {table} AS t WHERE t.origin = c.origin
                    AND t.person = c.person AND t.day = c.day AND t.concept = {concept}))::INT)
            FROM condition AS c WHERE c.origin = '{origin}' AND c.concept = {given}"""
    )
    return share, origin


def ever_after_share(observed: Observed, table: str, given: int, concept: int) -> tuple[float, str]:
    """Of the persons with a condition, the share with something on its first day or later."""
    origin = observed.best_set(given)
    share = observed.number(
        f"""SELECT avg((EXISTS (SELECT 1 FROM {table} AS t WHERE t.origin = '{origin}'
                    AND t.person = c.person AND t.day >= c.first AND t.concept = {concept}))::INT)
            FROM (SELECT person, min(day) AS first FROM condition
                  WHERE origin = '{origin}' AND concept = {given} GROUP BY person) AS c"""
    )
    return share, origin
