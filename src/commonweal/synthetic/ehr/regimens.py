"""Drugs taken for years: who takes which for a lasting disease, and since which visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.ehr.calendar import Calendar
from commonweal.synthetic.ehr.course import Course, expand_later
from commonweal.synthetic.ehr.orders import Orders, list_orders
from commonweal.synthetic.facts import read_facts

STARTS_LATER = 0.25
"""Share of regimens that begin at the visit after the one at which the disease was found."""
REFILLED = 0.45
"""Share of the later visits at which a drug is prescribed again."""


@dataclass(frozen=True)
class Regimens:
    """One entry of each array for each patient and drug, in the order of patients."""

    patient: Ints
    order: Ints
    """Position in ``regimen_orders``."""
    drug: Ints
    """Concept."""
    visit: Ints
    """Position of the visit at which it was first prescribed."""


@cache
def regimen_orders() -> Orders:
    """Rows of ``drugs.csv`` for drugs taken on and on."""
    return list_orders([row for row in read_facts("drugs.csv") if row["course"] == "regimen"])


@cache
def list_ingredients() -> Mapping[int, tuple[int, ...]]:
    """The ingredients of each drug; vaccines have none."""
    found: dict[int, tuple[int, ...]] = {}
    for row in read_facts("ingredients.csv"):
        drug = int(row["drug_concept_id"])
        found[drug] = (*found.get(drug, ()), int(row["ingredient_concept_id"]))
    return found


def draw_regimens(draws: Draws, calendar: Calendar, course: Course) -> Regimens:
    """The drugs of those with a disease; whether one gets a drug is settled once for each."""
    orders = regimen_orders()
    first = orders.first[course.line]
    count = orders.first[course.line + 1] - first
    pair = np.repeat(np.arange(len(count)), count)
    order = np.arange(len(pair)) + np.repeat(first - (np.cumsum(count) - count), count)
    patient = course.patient[pair]
    keys = calendar.patients.keys[patient]
    takes = draws.uniform("regimen", keys, order) < orders.chance[order]
    later = draws.uniform("regimen/later", keys, order) < STARTS_LATER
    visit = course.visit[pair] + later
    takes &= visit < calendar.first[patient + 1]
    patient, order, visit = patient[takes], order[takes], visit[takes]
    suits = orders.suit(calendar, visit, order)
    patient, order, visit = patient[suits], order[suits], visit[suits]
    return Regimens(patient, order, orders.column("drug_concept_id")[order], visit)


def prescribe_regimens(draws: Draws, calendar: Calendar, regimens: Regimens) -> tuple[Ints, Ints]:
    """Visits at which the drugs are prescribed, and the orders."""
    later, pair = expand_later(calendar, regimens.patient, regimens.visit)
    order = regimens.order[pair]
    again = draws.uniform("regimen/again", calendar.ids[later], order) < REFILLED
    visit = np.concatenate([regimens.visit, later[again]])
    return visit, np.concatenate([regimens.order, order[again]])
