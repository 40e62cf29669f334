"""Studies of made-up health records that should find what was planted in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tests.synthetic_marginals import DAYS_IN_YEAR, Made

from commonweal.synthetic.draws import Flags, Floats, Ints
from commonweal.synthetic.ehr.regimens import list_ingredients
from commonweal.synthetic.facts import read_facts


@dataclass(frozen=True)
class Estimate:
    """What a study of the records finds, with its 95 % interval."""

    what: str
    planted: float
    found: float
    low: float
    high: float


def estimate_effects(made: Made) -> list[Estimate]:
    """Studies of the records that should find what was planted."""
    people = made.patients.people
    smoker = people.body.smoker[made.patients.person]
    obese = people.body.body_mass[made.patients.person] >= 30
    return [
        _odds_ratio(made, "smoking → COPD", smoker, 255573, planted("smoker", 255573)),
        _odds_ratio(made, "obesity → type 2 diabetes", obese, 201826, planted("obese", 201826)),
        _odds_ratio(made, "smoking → lung cancer", smoker, 4115276, planted("smoker", 4115276)),
        *_drug_effects(made),
        _disease_effect(made, "osteoporosis → bone density", 80502, 3049273, (40173590,)),
        _disease_effect(made, "heart failure → ejection fraction", 4229440, 3027172, ()),
        _rate_ratio(made),
    ]


STATINS = (1539403, 1545958, 1510813, 1551860)
NSAIDS = (1118084, 1124300, 1150345)
BLEEDING = 192671


def _drug_effects(made: Made) -> list[Estimate]:
    studies = (
        ("atorvastatin → LDL", 432867, 1545958, 3009966, STATINS),
        ("simvastatin → LDL", 432867, 1539403, 3009966, STATINS),
        ("metformin → HbA1c", 201826, 1503297, 3004410, ()),
        ("lisinopril → systolic pressure", 320128, 1308216, 3004249, ()),
        ("levothyroxine → thyrotropin", 140673, 1501700, 3009201, ()),
    )
    return [
        _drug_effect(made, what, disease=disease, ingredient=drug, result=result, never=never)
        for what, disease, drug, result, never in studies
    ]


def planted(cause: str | int, effect: int) -> float:
    """The size that ``effects.csv`` states."""
    rows = read_facts("effects.csv")
    return next(
        float(row["size"])
        for row in rows
        if (row["cause"], row["effect"]) == (str(cause), str(effect))
    )


def drugs_of(ingredients: Iterable[int]) -> tuple[int, ...]:
    """Drugs with one of the ingredients."""
    wanted = set(ingredients)
    return tuple(sorted({d for d, parts in list_ingredients().items() if wanted & {*parts, d}}))


def _odds_ratio(made: Made, what: str, exposed: Flags, concept: int, size: float) -> Estimate:
    ill = ~np.isnat(made.first_day("condition_occurrence", (concept,)))
    people = made.patients.people
    age = (made.patients.last - people.born[made.patients.person]).astype(float) / DAYS_IN_YEAR
    stratum = people.sex[made.patients.person] * 100 + np.clip(age // 5, 0, 18).astype(np.int64)
    return mantel_haenszel(what, size, exposed, ill, stratum)


def mantel_haenszel(what: str, size: float, exposed: Flags, ill: Flags, stratum: Ints) -> Estimate:
    """The common odds ratio of strata, with the interval of Robins, Breslow & Greenland."""
    r, s, pr, ps_qr, qs = (0.0,) * 5
    for one in np.unique(stratum):
        a, b, c, d = _four_cells(stratum == one, exposed, ill)
        n = a + b + c + d
        p, q, r_, s_ = (a + d) / n, (b + c) / n, a * d / n, b * c / n
        r, s, pr, ps_qr, qs = r + r_, s + s_, pr + p * r_, ps_qr + p * s_ + q * r_, qs + q * s_
    error = np.sqrt(pr / (2 * r * r) + ps_qr / (2 * r * s) + qs / (2 * s * s))
    return _ratio_estimate(what, size, r / s, error)


def _four_cells(within: Flags, exposed: Flags, ill: Flags) -> tuple[float, float, float, float]:
    counts = [(within & e & i).sum() for e in (exposed, ~exposed) for i in (ill, ~ill)]
    return tuple(float(n) for n in counts)  # type: ignore[return-value]  # there are four


def _ratio_estimate(what: str, size: float, ratio: float, error: float) -> Estimate:
    width = np.exp(1.96 * error)
    return Estimate(what, size, float(ratio), float(ratio / width), float(ratio * width))


def _drug_effect(
    made: Made,
    what: str,
    *,
    disease: int,
    ingredient: int,
    result: int,
    never: Sequence[int] = (),
) -> Estimate:
    """Results of those with a disease after they began a drug, less those of others with it.

    Both count from the visit after the one at which the disease was found: other drugs may
    have begun then. Whoever ever has another drug of ``never`` is left out.
    """
    began = made.first_day("drug_exposure", drugs_of([ingredient]))
    others = drugs_of([drug for drug in never if drug != ingredient])
    excluded = (
        ~np.isnat(made.first_day("drug_exposure", others)) if others else np.isnat(began) & False
    )
    known = made.first_day("condition_occurrence", (disease,))
    patient, day, value = _results_of(made, result)
    eligible = ~excluded[patient] & (day > known[patient])
    treated = eligible & (day > began[patient])
    untreated = eligible & np.isnat(began)[patient]
    size = planted(ingredient, result)
    return _difference(what, size, (patient, value), treated, untreated)


def _disease_effect(
    made: Made, what: str, disease: int, result: int, without: tuple[int, ...]
) -> Estimate:
    """Results of those in whom a disease is known and untreated, less those without it."""
    known = made.first_day("condition_occurrence", (disease,))
    treated = made.first_day("drug_exposure", without) if without else known
    patient, day, value = _results_of(made, result)
    untreated = np.isnat(treated)[patient] if without else np.ones(len(day), dtype=np.bool_)
    has = (day >= known[patient]) & untreated
    never = np.isnat(known)[patient]
    return _difference(what, planted(disease, result), (patient, value), has, never)


def _results_of(made: Made, concept: int) -> tuple[Ints, NDArray, Floats]:
    rows = made.column("measurement", "measurement_concept_id") == concept
    return (
        made.records["measurement"].patient[rows],
        made.column("measurement", "measurement_date")[rows],
        made.column("measurement", "value_as_number")[rows],
    )


def _difference(
    what: str, size: float, results: tuple[Ints, Floats], one: Flags, other: Flags
) -> Estimate:
    """Of the means of two groups, each person counted once."""
    means, errors = zip(*(_mean_and_error(results, rows) for rows in (one, other)), strict=True)
    found, width = means[0] - means[1], 1.96 * np.hypot(*errors)
    return Estimate(what, size, float(found), float(found - width), float(found + width))


def _mean_and_error(results: tuple[Ints, Floats], rows: Flags) -> tuple[float, float]:
    patient, value = results[0][rows], results[1][rows]
    _, who = np.unique(patient, return_inverse=True)
    of_person = np.bincount(who, weights=value) / np.bincount(who)
    return float(of_person.mean()), float(of_person.std(ddof=1) / np.sqrt(len(of_person)))


def _rate_ratio(made: Made) -> Estimate:
    """Bleeding at visits after an anti-inflammatory drug was begun, over that at other visits.

    What is planted is the mean of the drugs' ratios, weighted by the visits after each.
    """
    patient = made.records["visit_occurrence"].patient
    day = made.column("visit_occurrence", "visit_start_date")
    bleeds = made.column("condition_occurrence", "condition_concept_id") == BLEEDING
    visits_with = made.column("condition_occurrence", "visit_occurrence_id")[bleeds]
    bled = np.isin(made.column("visit_occurrence", "visit_occurrence_id"), visits_with)
    multiple = np.ones(len(day))
    for drug in NSAIDS:
        began = made.first_day("drug_exposure", drugs_of([drug]))
        multiple *= np.where(day > began[patient], planted(drug, BLEEDING), 1.0)
    exposed = multiple > 1
    rates = [bled[group].sum() / group.sum() for group in (exposed, ~exposed)]
    error = np.sqrt(sum(1 / bled[group].sum() for group in (exposed, ~exposed)))
    size = float(multiple[exposed].mean())
    return _ratio_estimate("NSAID → gastrointestinal bleeding", size, rates[0] / rates[1], error)
