"""How far made-up health records lie from real data.

``python -m tests.synthetic_marginals ../shared/data`` writes the distances that the manual shows.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Floats, Ints
from commonweal.synthetic.ehr.calendar import CAPTURED_SHARE
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.history import build_records
from commonweal.synthetic.ehr.patients import Patients, list_patients
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.facts import read_facts
from commonweal.synthetic.people.demographics import Demographics
from commonweal.synthetic.people.people import make_people
from commonweal.synthetic.plan import Plan, build_plan
from commonweal.synthetic.sites.profile import list_profiles

DISTANCES = Path(__file__).parents[1] / "src/commonweal/synthetic/data/distances.csv"
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
FEWEST_PERSONS = 20
"""Results that fewer persons of the real sets have are not compared."""
TOP = 30
HYPERTENSION, ANY_HYPERTENSION = 320128, 316866
DAYS_IN_YEAR = 365.2425
SYNTHEA_DAY = date(2019, 1, 9)


@dataclass(frozen=True)
class Distance:
    """How far something made up lies from something real, and how far it may."""

    what: str
    compared_with: str
    measure: str
    distance: float
    bound: float
    """Infinite where the distance is only shown."""


@dataclass(frozen=True, eq=False)
class Made:
    """Patients and their records."""

    patients: Patients
    records: Records

    def column(self, table: str, name: str) -> NDArray:
        """A column as numpy; nulls are NaN."""
        column = self.records[table].columns[name]
        return column if isinstance(column, np.ndarray) else column.to_numpy(zero_copy_only=False)

    @cache  # noqa: B019  the tests keep few of these, to their end
    def first_day(self, table: str, concepts: tuple[int, ...]) -> NDArray:
        """The first day each patient has one of the concepts; NaT for never."""
        concept, day = CONCEPT_AND_DAY[table]
        rows = np.isin(self.column(table, concept), concepts)
        first = np.full(len(self.patients), np.datetime64("2200-01-01", "D"))
        np.minimum.at(first, self.records[table].patient[rows], self.column(table, day)[rows])
        return np.where(first < np.datetime64("2200-01-01"), first, np.datetime64("NaT", "D"))


CONCEPT_AND_DAY = {
    "condition_occurrence": ("condition_concept_id", "condition_start_date"),
    "drug_exposure": ("drug_concept_id", "drug_exposure_start_date"),
    "measurement": ("measurement_concept_id", "measurement_date"),
}


def make(plan: Plan) -> Made:
    """Everybody of a plan, with records."""
    people = make_people(plan, plan.batch(0, plan.persons))
    everybody = np.ones(len(people), dtype=np.bool_)
    patients = list_patients(plan, people, everybody)
    return Made(patients, build_records(plan, patients))


@cache
def make_usual(persons: int = 12_000) -> Made:
    """People of the default plan."""
    return make(build_plan(persons=persons))


@cache
def make_like_synthea(data: Path, persons: int = 6_000) -> Made:
    """People of the ages and sexes of Synthea 1k, seen as often, over the same years."""
    ages = _counts(data, "age // 10 * 10")
    sexes = _counts(data, "sex")
    table = Demographics(
        age=tuple(((max(18, low), min(low + 9, 110)), float(n)) for low, n in ages.items()),
        sex=tuple(((sex, sex), float(n)) for sex, n in sexes.items()),
        race=(((0, 0), 1.0),),
        ethnicity=(((0, 0), 1.0),),
    )
    site = replace(list_profiles(1)[0], records_from=date(2009, 1, 1), volume=1 / CAPTURED_SHARE)
    return make(Plan(persons, 1, SYNTHEA_DAY, (site,), table))


ADULTS = """
    SELECT person_id, gender_concept_id AS sex,
           floor((DATE '2019-01-09' - birth_datetime::DATE) / 365.2425)::BIGINT AS age
    FROM '{data}/synthea1k/person.parquet'
    WHERE birth_datetime < DATE '2001-01-01'
      AND person_id NOT IN (SELECT person_id FROM '{data}/synthea1k/death.parquet')
"""


def _counts(data: Path, what: str) -> dict[int, int]:
    question = (
        f"SELECT {what} AS k, count(*) FROM ({ADULTS.format(data=data)}) GROUP BY k ORDER BY k"
    )
    return {int(key): number for key, number in duckdb.sql(question).fetchall()}


def measure_distances(data: Path) -> list[Distance]:
    """Everything that is compared with the real data sets."""
    return [
        *_demographic_distances(data),
        *_concept_distances(data),
        *_visit_distances(data),
        *_result_distances(data),
    ]


def total_variation(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """Half the sum of the differences of two distributions: 0 the same, 1 nothing in common."""
    sums = sum(one.values()), sum(other.values())
    keys = {*one, *other}
    return sum(abs(one.get(k, 0) / sums[0] - other.get(k, 0) / sums[1]) for k in keys) / 2


def _demographic_distances(data: Path) -> Iterable[Distance]:
    made = make_like_synthea(data)
    people = made.patients.people
    age = (np.datetime64(SYNTHEA_DAY) - people.born).astype(np.float64) / DAYS_IN_YEAR
    for what, ours, question, bound in (
        ("age, by ten years", (age // 10 * 10).astype(np.int64), "age // 10 * 10", 0.03),
        ("sex", people.sex, "sex", 0.02),
    ):
        distance = total_variation(_tally(ours), _counts(data, question))
        yield Distance(what, "synthea1k", "total variation", distance, bound)


def _tally(values: Ints) -> dict[int, float]:
    return {int(v): float(n) for v, n in zip(*np.unique(values, return_counts=True), strict=True)}


def _concept_distances(data: Path) -> Iterable[Distance]:
    made = make_like_synthea(data)
    ours = _person_shares(made)
    catalogue = get_catalogue()
    lasting = {*catalogue.concepts[: catalogue.lasting].tolist(), ANY_HYPERTENSION}
    acute = set(catalogue.concepts[catalogue.lasting :][: catalogue.acute].tolist())
    real = _real_shares(data)
    measure = "total variation of persons"
    for what, concepts, bound in (
        (f"the {TOP} commonest lasting conditions", lasting, 0.15),
        (f"the {TOP} commonest complaints", acute, 0.15),
    ):
        distance = _top_distance(ours, real, concepts)
        yield Distance(what, "synthea1k", measure, distance, bound)
    for name, bound in (("gibleed", 0.45), ("mimic_demo_omop", np.inf)):
        distance = _top_distance(ours, _other_shares(data / name), lasting | acute)
        yield Distance(f"the {TOP} commonest conditions", name, measure, distance, bound)


def _top_distance(
    ours: Mapping[int, float], real: Mapping[int, float], concepts: set[int]
) -> float:
    """Total variation over the concepts that most persons of the real set have."""
    known = [c for c in real if c in concepts]
    top = sorted(known, key=lambda c: (-real[c], c))[:TOP]
    return total_variation({c: ours.get(c, 0.0) for c in top}, {c: real[c] for c in top})


def _person_shares(made: Made) -> dict[int, float]:
    """Share of the patients with each condition; any hypertension counts as essential."""
    patient = made.records["condition_occurrence"].patient
    pairs = {
        *zip(
            patient.tolist(),
            made.column("condition_occurrence", "condition_concept_id").tolist(),
            strict=True,
        )
    }
    shares: dict[int, float] = {}
    for _, concept in pairs:
        shares[concept] = shares.get(concept, 0.0) + 1 / len(made.patients)
    return shares | {ANY_HYPERTENSION: shares[HYPERTENSION]}


def _real_shares(data: Path) -> dict[int, float]:
    """Persons of Synthea 1k by condition: lasting ones whenever, others from 2009 on."""
    question = f"""
        WITH adult AS ({ADULTS.format(data=data)})
        SELECT condition_concept_id, count(DISTINCT person_id)::DOUBLE
        FROM '{data}/synthea1k/condition_occurrence.parquet' JOIN adult USING (person_id)
        WHERE condition_end_date IS NULL OR condition_start_date >= DATE '2009-01-01'
        GROUP BY 1 ORDER BY 1"""
    return dict(duckdb.sql(question).fetchall())


def _other_shares(folder: Path) -> dict[int, float]:
    question = f"""SELECT condition_concept_id, count(DISTINCT person_id)::DOUBLE
        FROM '{folder}/condition_occurrence.parquet' GROUP BY 1 ORDER BY 1"""
    return dict(duckdb.sql(question).fetchall())


def _visit_distances(data: Path) -> Iterable[Distance]:
    made = make_like_synthea(data)
    kinds = _tally(made.column("visit_occurrence", "visit_concept_id"))
    question = f"""SELECT visit_concept_id, count(*)
        FROM '{data}/synthea1k/visit_occurrence.parquet'
        WHERE visit_start_date >= DATE '2009-01-01' GROUP BY 1 ORDER BY 1"""
    real = {int(k): float(n) for k, n in duckdb.sql(question).fetchall()}
    yield Distance(
        "kind of visit", "synthea1k", "total variation", total_variation(kinds, real), 0.1
    )
    question = f"""
        SELECT count(*) / (count(DISTINCT person_id) * 10) FROM ({ADULTS.format(data=data)})
        JOIN '{data}/synthea1k/visit_occurrence.parquet' USING (person_id)
        WHERE visit_start_date BETWEEN DATE '2009-01-01' AND DATE '2018-12-31'"""
    yearly = duckdb.sql(question).fetchall()[0][0]
    distance = abs(_visits_a_year(made) / yearly - 1)
    yield Distance("visits a year", "synthea1k", "relative difference", distance, 0.25)


def _visits_a_year(made: Made) -> float:
    start = made.column("observation_period", "observation_period_start_date")
    end = made.column("observation_period", "observation_period_end_date")
    years = (end - start).astype(np.float64).sum() / DAYS_IN_YEAR
    return (len(made.records["visit_occurrence"].patient) - len(start)) / years


RESULT_BOUNDS = {
    "systolic": 0.25,
    "diastolic": 0.5,
    "pulse": 0.3,
    "breaths": 0.5,
    "pain": 0.7,
    "haemoglobin": 0.3,
    "cell volume": 0.45,
    "haemoglobin concentration": 0.55,
    "leukocytes": 0.8,
    "platelets": 0.75,
    "cell width": 0.4,
    "platelet volume": 0.6,
    "glucose": 1.15,
    "urea nitrogen": 0.95,
    "calcium": 0.3,
    "sodium": 0.45,
    "potassium": 0.5,
    "chloride": 0.4,
    "carbon dioxide": 0.45,
    "low density cholesterol": 0.4,
    "high density cholesterol": 0.4,
    "triglycerides": 1.0,
}
"""A little above what was measured: nothing may drift away unnoticed. The wide ones are of results
that diabetes and kidney disease move, which many of the few persons of the data sets have."""


def _result_distances(data: Path) -> Iterable[Distance]:
    """Of results whose usual values come from the data; every person weighs the same."""
    made = make_usual()
    born = made.patients.people.born[made.patients.person]
    patient = made.records["measurement"].patient
    adult = (made.column("measurement", "measurement_date") - born[patient]).astype(float) >= 6575
    concept = made.column("measurement", "measurement_concept_id")
    value = made.column("measurement", "value_as_number")
    readings = _read_readings(data)
    from_data = {
        int(row["measurement_concept_id"]): row["name"]
        for row in read_facts("measurements.csv")
        if row["source"].startswith("synthea")
    }
    for id_, name in from_data.items():
        real, person = readings.get(id_, (np.array([]), np.array([])))
        if len(set(person)) >= FEWEST_PERSONS:
            rows = adult & (concept == id_)
            distance = quantile_distance(value[rows], patient[rows], real, person)
            yield Distance(
                name,
                "27 + 28 + 20 Synthea persons",
                "quantiles, pooled SD",
                distance,
                RESULT_BOUNDS[name],
            )


def quantile_distance(one: Floats, of_one: NDArray, other: Floats, of_other: NDArray) -> float:
    """The largest difference of ``QUANTILES`` in pooled standard deviations."""
    spread = np.sqrt((np.var(one) + np.var(other)) / 2)
    ours, theirs = _quantiles(one, of_one), _quantiles(other, of_other)
    return float(np.max(np.abs(ours - theirs)) / spread)


def _quantiles(value: Floats, person: NDArray) -> Floats:
    _, who, times = np.unique(person, return_inverse=True, return_counts=True)
    weight = 1.0 / times[who]
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    at = np.minimum(np.searchsorted(reached, QUANTILES), len(value) - 1)
    return value[order][at]


READINGS = """
    SELECT measurement_concept_id AS concept, value_as_number AS value, person_id::VARCHAR AS person
    FROM '{data}/synthea27nj/measurement.parquet' JOIN '{data}/synthea27nj/person.parquet'
      USING (person_id)
    WHERE measurement_date - birth_datetime::DATE >= 6575 AND value_as_number IS NOT NULL
    UNION ALL
    SELECT concept_id, value, o.patient
    FROM '{data}/synthea_fhir_20/observation.parquet' AS o
    JOIN '{data}/synthea_fhir_20/patient.parquet' AS p ON p.patient = o.patient
    JOIN loinc ON concept_code = code
    WHERE left(time, 10)::DATE - birth_date::DATE >= 6575 AND value IS NOT NULL
    UNION ALL
    SELECT concept_id, try_cast(value AS DOUBLE), o.patient
    FROM '{data}/synthea_raw_27/observations.parquet' AS o
    JOIN '{data}/synthea_raw_27/patients.parquet' AS p ON p.id = o.patient
    JOIN loinc ON concept_code = code
    WHERE o.type = 'numeric' AND left(date, 10)::DATE - birthdate::DATE >= 6575
"""


@cache
def _read_readings(data: Path) -> Mapping[int, tuple[Floats, NDArray]]:
    """Values of adults by concept, and of whom."""
    loinc = f"""SELECT concept_id, concept_code FROM '{data}/vocabulary_shard/concept.parquet'
        WHERE vocabulary_id = 'LOINC' AND standard_concept = 'S'"""
    question = f"""WITH loinc AS ({loinc}), reading AS ({READINGS.format(data=data)})
        SELECT * FROM reading WHERE value IS NOT NULL ORDER BY ALL"""
    found = duckdb.sql(question).fetchnumpy()
    concepts, first = np.unique(found["concept"], return_index=True)
    values = np.split(found["value"].astype(np.float64), first[1:])
    persons = np.split(found["person"].astype(str), first[1:])
    pairs = zip(values, persons, strict=True)
    return dict(zip(concepts.tolist(), pairs, strict=True))


show_line: Callable[[str], object] = print
"""Tests and people read it in what a run prints."""


def print_table(rows: Sequence[Any]) -> None:
    """Rows of one dataclass under the names of its fields."""
    show_line(" | ".join(field.name for field in fields(rows[0])))
    for row in rows:
        show_line(" | ".join(f"{x:.3g}" if isinstance(x, float) else x for x in astuple(row)))


def write_distances(data: Path, file: Path) -> None:
    """The distances as the manual shows them."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["what", "compared_with", "measure", "distance", "bound"])
        writer.writerows(distance_rows(measure_distances(data)))


def distance_rows(distances: Iterable[Distance]) -> list[list[str]]:
    """Distances that have a bound, as text with two decimals."""
    return [
        [d.what, d.compared_with, d.measure, f"{d.distance:.2f}", f"{d.bound:.2f}"]
        for d in distances
        if d.bound < np.inf
    ]


if __name__ == "__main__":
    print_table(measure_distances(Path(sys.argv[1])))
    write_distances(Path(sys.argv[1]), DISTANCES)
