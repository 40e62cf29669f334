"""Facts that are numbers: results, growth, and how often people come."""

from collections.abc import Iterable, Mapping

import numpy as np
from facts.curated import KNOWLEDGE, STRATA, VALUES, Curated, Names, Row, read_curated, round_to
from facts.observed import (
    BANDS,
    SETS,
    SEXES,
    Observed,
    visits_by_stratum,
    weighted_quantiles,
    years_by_stratum,
)

NIGHTS = {1: 30, 2: 20, 3: 15, 4: 10, 5: 8, 7: 8, 10: 6, 14: 3}
"""Weights of nights in hospital; those of Synthea are one night nearly always."""
SPREAD = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)


def derive_measurements(observed: Observed, names: Names) -> Iterable[Row]:
    """Results by panel: usual values by sex and age band, spread, limits, reference ranges."""
    ranges = [f"{sex}_{end}" for sex in SEXES for end in ("low", "high")]
    for row in read_curated("measurements"):
        usual, sd, source = _values(observed, row)
        yield {
            "panel": row["panel"],
            "measurement_concept_id": row["concept_id"],
            **{key: row[key] for key in ("name", "kind", "unit_concept_id", "unit")},
            **{f"{sex}_{band}": x for (sex, band), x in zip(STRATA, usual, strict=True)},
            "sd": sd,
            **{key: row[key] for key in ("low", "high", "decimals")},
            **{f"range_{key}": row[key] for key in ranges},
            "source": source,
        }


def _values(observed: Observed, row: Curated) -> tuple[list[str], str, str]:
    """Usual values of the strata, their spread, and where they come from."""
    if row["basis"] == "data":
        usual, sd = usual_values(observed, int(row["concept_id"]))
        return [round_to(x, 3) for x in usual], round_to(sd, 3), VALUES
    if row["basis"] == KNOWLEDGE and row["kind"] == "number":
        return [row[sex] for sex, _ in STRATA], row["sd"], KNOWLEDGE
    return [""] * len(STRATA), "", KNOWLEDGE


def usual_values(observed: Observed, concept: int) -> tuple[list[float], float]:
    """Medians by stratum and a robust standard deviation; every person weighs the same.

    A stratum is drawn towards its sex, and that towards all adults, as if by eight more persons.
    """
    found = observed.columns(
        f"SELECT * FROM reading WHERE concept = {concept} ORDER BY person, age, value"
    )
    value, person = found["value"].astype(float), found["person"].astype(str)
    adult = found["age"] >= BANDS[1]

    def middle(among: np.ndarray, towards: float) -> float:
        number = len(set(person[among]))
        own = weighted_quantiles(value[among], person[among], [0.5])[0] if number else 0.0
        return (number * own + 8 * towards) / (number + 8)

    low, overall, high = weighted_quantiles(value[adult], person[adult], [0.25, 0.5, 0.75])
    usual = []
    for sex, band in STRATA:
        theirs = found["sex"] == sex
        of_sex = middle(theirs & adult, overall)
        upper = next((b for b in BANDS if b > band), 200)
        usual.append(middle(theirs & (found["age"] >= band) & (found["age"] < upper), of_sex))
    return usual, (high - low) / 1.349


def derive_growth(observed: Observed, _names: Names) -> Iterable[Row]:
    """Height and body mass index of children as shares of their own as adults, by year of age."""
    shares = {
        name: _growth(observed, concept)
        for name, concept in (("height", 3036277), ("body_mass", 3038553))
    }
    for age in range(21):
        yield {
            "age": age,
            **{name: round_to(share[age], 3) for name, share in shares.items()},
            "source": VALUES,
        }


def _growth(observed: Observed, concept: int) -> list[float]:
    """Medians of the ratio to the person's own mean past 20, smoothed over three years."""
    rows = observed.rows(
        f"""WITH r AS (SELECT person, age, value FROM reading WHERE concept = {concept}),
                 grown AS (SELECT person, avg(value) AS adult FROM r WHERE age >= 20
                           GROUP BY person)
            SELECT y, median(value / adult) FROM r JOIN grown USING (person), range(21) AS t(y)
            WHERE age BETWEEN y - 1 AND y + 2 AND age < 21 GROUP BY y ORDER BY y"""
    )
    known = [float(y) for y, _ in rows]
    share = np.interp(range(21), known, [float(ratio) for _, ratio in rows])
    share[20] = 1.0
    return [float(x) for x in share]


def derive_visits(observed: Observed, _names: Names) -> Iterable[Row]:
    """How often people come, how that differs between them, and what for."""
    visits, years = visits_by_stratum(observed), years_by_stratum(observed)
    for sex, band in STRATA:
        rate = visits[sex, band] / years[sex, band]
        yield _visit_fact("visits a year", f"{sex}-{band}", rate, SETS[0])
    for share, ratio in _spread(observed, visits, years):
        yield _visit_fact("spread", str(share), ratio, SETS[0])
    for number, ratio in _by_diseases(observed):
        yield _visit_fact("diseases", str(number), ratio, SETS[0])
    for name, share in _kinds(observed):
        yield _visit_fact("share", name, share, SETS[0] if name != "wellness" else VALUES)
    for nights, weight in NIGHTS.items():
        yield _visit_fact("nights", str(nights), weight, KNOWLEDGE)


def _visit_fact(characteristic: str, value: str, number: float, source: str) -> Row:
    return {
        "characteristic": characteristic,
        "value": value,
        "number": round_to(number, 3),
        "source": source,
    }


PERSONAL_RATES = """
SELECT person, CASE sex WHEN 8532 THEN 'female' ELSE 'male' END AS sex,
       CASE WHEN age < 18 THEN 0 WHEN age < 40 THEN 18 WHEN age < 65 THEN 40 ELSE 65 END AS band,
       (SELECT count(*) FROM routine AS r WHERE r.person = p.person) / 10 AS rate,
       (SELECT count(DISTINCT concept) FROM condition AS c WHERE c.person = p.person
          AND c.origin = p.origin AND c.ended IS NULL AND c.day < DATE '2014-01-01') AS diseases
FROM (SELECT *, 2014 - year(born) AS age FROM person
      WHERE origin = 'synthea1k' AND born < DATE '2009-01-01' AND gone >= DATE '2019-01-01') AS p
ORDER BY person
"""


def _spread(
    observed: Observed, visits: Mapping[tuple[str, int], float], years: Mapping
) -> Iterable[tuple[float, float]]:
    """Quantiles of a person's visits a year over those usual for sex and age; their mean is 1."""
    ratios = np.array(
        [
            float(rate) / (visits[sex, band] / years[sex, band])
            for _, sex, band, rate, _ in observed.rows(PERSONAL_RATES)
        ]
    )
    quantiles = np.quantile(ratios, SPREAD)
    edges = np.array([0.0, *SPREAD, 1.0])
    values = np.array([quantiles[0], *quantiles, quantiles[-1]])
    mean = float(((values[1:] + values[:-1]) / 2 * np.diff(edges)).sum())
    return [(s, float(q) / mean) for s, q in zip(SPREAD, quantiles, strict=True)]


def _by_diseases(observed: Observed) -> list[tuple[int, float]]:
    """Visits a year of those with 0, 1, ... 5 or more lasting diseases, over those of all."""
    rows = [(min(int(n), 5), float(rate)) for *_, rate, n in observed.rows(PERSONAL_RATES)]
    overall = float(np.mean([rate for _, rate in rows]))
    return [
        (number, float(np.mean([rate for n, rate in rows if n == number])) / overall)
        for number in range(6)
    ]


def _kinds(observed: Observed) -> list[tuple[str, float]]:
    """Shares of emergencies and stays among visits that record no new complaint, of check-ups."""
    without = """SELECT avg((concept = {kind})::INT) FROM routine AS v
        WHERE NOT EXISTS (SELECT 1 FROM condition AS c WHERE c.origin = v.origin
                          AND c.visit = v.visit AND c.day = v.day)"""
    raw, fhir = observed.folder / "synthea_raw_27", observed.folder / "synthea_fhir_20"
    wellness = observed.number(
        f"""SELECT sum((kind IN ('wellness', '162673000'))::INT) / count(*) FROM (
              SELECT encounterclass AS kind FROM '{raw}/encounters.parquet'
              WHERE encounterclass IN ('wellness', 'ambulatory', 'outpatient')
              UNION ALL SELECT code FROM '{fhir}/encounter.parquet' WHERE cls = 'AMB'
                AND code NOT IN ('185347001', '185345009', '424619006', '424441002'))"""
    )
    return [
        ("emergency", observed.number(without.format(kind=9203))),
        ("inpatient", observed.number(without.format(kind=9201))),
        ("wellness", wellness),
    ]
