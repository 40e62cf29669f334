"""The table ``measurement``: results of panels, with what diseases and drugs do to them.

A number is what is usual for sex and age, plus how the person differs from others, plus chance,
plus the shifts of ``effects.csv``. Results that follow from others of their panel are worked out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws, Floats, Ints
from commonweal.synthetic.ehr.body import body_values
from commonweal.synthetic.ehr.effects import Causes, shift_values
from commonweal.synthetic.ehr.orders import Occasions, draw_orders
from commonweal.synthetic.ehr.panels import Panels, get_panels
from commonweal.synthetic.ehr.records import RECORDS_OF_A_VISIT, Rows
from commonweal.synthetic.ehr.visits import Visits, dictionary

LABORATORY, EXAMINATION = 32856, 32836
EQUAL = 4172703
PRESENT, ABSENT = 45884084, 45878583
"""Positive and negative."""
OF_PERSON, OF_CHANCE = 0.8, 0.6
"""Parts of the spread; their squares make one."""
PRESSURES = ("systolic", "diastolic")
"""Results in which people differ as their bodies do; the second follows the first."""
LEAST_PULSE_PRESSURE = 15
"""Millimetres of mercury between the two."""
MEASUREMENT_DOMAIN = 21
SYSTOLIC_WITH_DIASTOLIC, DIASTOLIC_WITH_SYSTOLIC = 46233683, 46233682

Columns = dict[str, Floats]


def _filtration_rate(panel: Columns, age: Floats, sex: Ints) -> Floats:
    """About CKD-EPI (2021), without its powers: inverse to creatinine, lower with age."""
    usual = np.array([0.80, 1.00, 0.90])[sex]
    return np.asarray((125.0 - 0.8 * age) * usual / panel["creatinine"])


def _body_mass_index(panel: Columns, _age: Floats, _sex: Ints) -> Floats:
    metres = panel["height"] / 100
    return panel["weight"] / (metres * metres)


DERIVED: Mapping[str, Callable[[Columns, Floats, Ints], Floats]] = {
    "body mass index": _body_mass_index,
    "haematocrit": lambda p, _age, _sex: 100 * p["haemoglobin"] / p["haemoglobin concentration"],
    "erythrocytes": lambda p, _age, _sex: 10 * p["haematocrit"] / p["cell volume"],
    "cell haemoglobin": lambda p, _age, _sex: 10 * p["haemoglobin"] / p["erythrocytes"],
    "filtration rate": _filtration_rate,
    "globulin": lambda p, _age, _sex: p["protein"] - p["albumin"],
    "total cholesterol": lambda p, _age, _sex: (
        p["low density cholesterol"] + p["high density cholesterol"] + p["triglycerides"] / 5
    ),
    "iron saturation": lambda p, _age, _sex: 100 * p["iron"] / p["iron binding"],
}
"""Results that follow from others, in the order in which they are worked out.

Total cholesterol is Friedewald's formula turned round.
"""
_ORDER = {name: number for number, name in enumerate(DERIVED, start=1)}


@dataclass(frozen=True)
class Results:
    """One entry of each array for each result, in the order of visits, then of members."""

    visit: Ints
    member: Ints
    value: Floats
    """NaN for what is no number."""
    found: Ints
    """1 found, 0 not, -1 where that is not the question."""


@dataclass(frozen=True)
class Asked:
    """Panels asked for: one entry of each array for each visit and panel."""

    visit: Ints
    panel: Ints
    found: Floats


def ask_panels(draws: Draws, visits: Visits, occasions: Occasions) -> tuple[Ints, Ints]:
    """Visits at which panels were ordered, and the orders."""
    return draw_orders(draws, "panel", get_panels().orders, occasions, visits.calendar)


def draw_results(draws: Draws, visits: Visits, causes: Causes, visit: Ints, order: Ints) -> Results:
    """The results of everything that was ordered."""
    panels = get_panels()
    asked = _distinct(panels, visit, order)
    sizes = np.diff(panels.first)
    size = sizes[asked.panel]
    first = np.cumsum(size) - size
    total = int(size.sum())
    member = np.arange(total) + np.repeat(panels.first[asked.panel] - first, size)
    value, found = np.full(total, np.nan), np.full(total, -1, dtype=np.int64)
    for panel in range(len(panels.names)):
        theirs = np.flatnonzero(asked.panel == panel)
        if len(theirs):
            at = first[theirs][:, np.newaxis] + np.arange(sizes[panel])
            where = asked.visit[theirs]
            value[at] = _panel_values(draws, visits, causes, panel, where)
            found[at] = _panel_findings(draws, visits, panel, where, asked.found[theirs])
    return Results(np.repeat(asked.visit, size), member, value, found)


def _distinct(panels: Panels, visit: Ints, order: Ints) -> Asked:
    """Each panel once at a visit, in their order; the first reason for it counts."""
    keys = visit * len(panels.names) + panels.ordered[order]
    keys, first = np.unique(keys, return_index=True)
    return Asked(
        visit=keys // len(panels.names),
        panel=keys % len(panels.names),
        found=panels.found[order[first]],
    )


def _panel_values(draws: Draws, visits: Visits, causes: Causes, panel: int, visit: Ints) -> Floats:
    """Visits x members of a panel."""
    panels, calendar = get_panels(), visits.calendar
    members = panels.members
    theirs = np.arange(panels.first[panel], panels.first[panel + 1])
    values = _drawn_values(draws, visits, panels.names[panel], theirs, visit)
    age, sex = calendar.age[visit], calendar.sex[visit]
    columns: Columns = {}
    for member in sorted(theirs.tolist(), key=lambda at: _ORDER.get(members.names[at], 0)):
        name, place = members.names[member], member - theirs[0]
        raw = DERIVED[name](columns, age, sex) if name in DERIVED else values[:, place]
        shifted = shift_values(causes, int(members.concepts[member]), visit, raw)
        if name == PRESSURES[1]:
            shifted = np.minimum(shifted, columns[PRESSURES[0]] - LEAST_PULSE_PRESSURE)
        columns[name] = np.clip(shifted, members.low[member], members.high[member])
        values[:, place] = np.round(columns[name], int(members.decimals[member]))
    return values


def _drawn_values(draws: Draws, visits: Visits, panel: str, members: Ints, visit: Ints) -> Floats:
    calendar = visits.calendar
    if panel == "body":
        return body_values(draws, visits, visit)
    facts = get_panels().members
    usual = facts.usual[members][:, calendar.sex[visit], calendar.band[visit]].T
    patient = calendar.patient[visit]
    keys = calendar.patients.keys[patient]
    person = draws.normal("usual result", keys[:, np.newaxis], 0.0, 1.0, members)
    is_pressure = [facts.names[member] in PRESSURES for member in members]
    pressure = calendar.patients.of_person(calendar.patients.people.body.pressure)[patient]
    person = np.where(is_pressure, pressure[:, np.newaxis], person)
    chance = draws.normal("result", calendar.ids[visit][:, np.newaxis], 0.0, 1.0, members)
    return usual + facts.spread[members] * (OF_PERSON * person + OF_CHANCE * chance)


def _panel_findings(draws: Draws, visits: Visits, panel: int, visit: Ints, share: Floats) -> Ints:
    """Visits x members of a panel."""
    panels = get_panels()
    members = np.arange(panels.first[panel], panels.first[panel + 1])
    luck = draws.uniform("finding", visits.ids[visit][:, np.newaxis], members)
    asks = panels.members.is_found[members] == 1
    return np.where(asks, luck < share[:, np.newaxis], -1).astype(np.int64)


def measurement_rows(visits: Visits, results: Results) -> Rows:
    """The table ``measurement``."""
    ids, fits = _keys(visits, results)
    visit, member = results.visit[fits], results.member[fits]
    value, found = results.value[fits], results.found[fits]
    panels, calendar = get_panels(), visits.calendar
    members, sex = panels.members, calendar.sex[visit]
    unit = members.units[member]
    is_examined = panels.is_examination[members.panel[member]] == 1
    return Rows(
        patient=calendar.patient[visit],
        columns={
            "measurement_id": ids[fits],
            "person_id": visits.person[visit],
            "measurement_concept_id": members.concepts[member],
            "measurement_date": calendar.day[visit],
            "measurement_datetime": visits.begun[visit],
            "measurement_type_concept_id": np.where(is_examined, EXAMINATION, LABORATORY),
            "operator_concept_id": pa.array(np.full(len(visit), EQUAL), mask=np.isnan(value)),
            "value_as_number": pa.array(value, mask=np.isnan(value)),
            "value_as_concept_id": pa.array(np.where(found == 1, PRESENT, ABSENT), mask=found < 0),
            "unit_concept_id": pa.array(unit, mask=unit == 0),
            "range_low": _limit(members.range_low[member, sex]),
            "range_high": _limit(members.range_high[member, sex]),
            "visit_occurrence_id": visits.ids[visit],
            "unit_source_value": dictionary(members.unit_text[member], members.unit_texts),
        },
    )


def _limit(limit: Floats) -> pa.Array:
    return pa.array(limit, mask=np.isnan(limit))


def _keys(visits: Visits, results: Results) -> tuple[Ints, np.ndarray]:
    count = np.bincount(results.visit, minlength=len(visits))
    number = np.arange(len(results.visit)) - (np.cumsum(count) - count)[results.visit]
    ids = visits.ids[results.visit] * RECORDS_OF_A_VISIT + number
    return ids, number < RECORDS_OF_A_VISIT


def pressure_links(visits: Visits, results: Results) -> Rows:
    """The table ``fact_relationship``: the two pressures of a reading, each with the other."""
    ids, _ = _keys(visits, results)
    names = get_panels().members.names
    systolic = np.flatnonzero(results.member == names.index(PRESSURES[0]))
    pair = np.stack([ids[systolic], ids[systolic + 1]], axis=1)
    links = np.tile([SYSTOLIC_WITH_DIASTOLIC, DIASTOLIC_WITH_SYSTOLIC], len(systolic))
    return Rows(
        patient=np.repeat(visits.calendar.patient[results.visit[systolic]], 2),
        columns={
            "domain_concept_id_1": MEASUREMENT_DOMAIN,
            "fact_id_1": pair.ravel(),
            "domain_concept_id_2": MEASUREMENT_DOMAIN,
            "fact_id_2": pair[:, ::-1].ravel(),
            "relationship_concept_id": links,
        },
    )
