"""The table ``drug_exposure``."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.ehr.orders import Occasions, Orders, draw_orders, list_orders
from commonweal.synthetic.ehr.records import Rows
from commonweal.synthetic.ehr.regimens import Regimens, prescribe_regimens, regimen_orders
from commonweal.synthetic.ehr.visits import INPATIENT, Visits, number_rows
from commonweal.synthetic.facts import read_facts

PRESCRIPTION, ADMINISTRATION = 32838, 32818
REFILLS_FROM = 30
"""A supply of so many days may be refilled."""
MOST_REFILLS = 3


@dataclass(frozen=True)
class Supplies:
    """One entry of each array for each distinct drug and number of days, by drug."""

    drug: Ints
    days: Ints

    def positions(self, orders: Orders) -> Ints:
        """The supply of each order."""
        pairs = list(zip(self.drug.tolist(), self.days.tolist(), strict=True))
        places = {pair: at for at, pair in enumerate(pairs)}
        wanted = zip(
            orders.column("drug_concept_id").tolist(), orders.column("days").tolist(), strict=True
        )
        return np.array([places[pair] for pair in wanted], dtype=np.int64)


@cache
def once_orders() -> Orders:
    """Rows of ``drugs.csv`` for drugs given for what a visit is about."""
    return list_orders([row for row in read_facts("drugs.csv") if row["course"] == "once"])


@cache
def get_supplies() -> Supplies:
    """Every drug with the days it is supplied for."""
    rows = read_facts("drugs.csv")
    pairs = sorted({(int(row["drug_concept_id"]), int(row["days"])) for row in rows})
    return Supplies(
        drug=np.array([drug for drug, _ in pairs], dtype=np.int64),
        days=np.array([days for _, days in pairs], dtype=np.int64),
    )


def drug_rows(draws: Draws, visits: Visits, occasions: Occasions, regimens: Regimens) -> Rows:
    """Prescriptions and doses given; a visit names a drug once."""
    calendar, supplies = visits.calendar, get_supplies()
    visit, supply = _choose(draws, visits, occasions, regimens)
    ids, fits = number_rows(visits, visit)
    ids, visit, supply = ids[fits], visit[fits], supply[fits]
    days = supplies.days[supply]
    start = calendar.day[visit]
    last = calendar.patients.last[calendar.patient[visit]]
    refills = draws.integers("refills", ids, 0, MOST_REFILLS)
    given = (visits.kind[visit] == INPATIENT) & (days < REFILLS_FROM)
    return Rows(
        patient=calendar.patient[visit],
        columns={
            "drug_exposure_id": ids,
            "person_id": visits.person[visit],
            "drug_concept_id": supplies.drug[supply],
            "drug_exposure_start_date": start,
            "drug_exposure_start_datetime": visits.begun[visit],
            "drug_exposure_end_date": np.minimum(start + (days - 1).astype("timedelta64[D]"), last),
            "drug_type_concept_id": np.where(given, ADMINISTRATION, PRESCRIPTION),
            "refills": np.where(days >= REFILLS_FROM, refills, 0),
            "quantity": days.astype(np.float64),
            "days_supply": days,
            "visit_occurrence_id": visits.ids[visit],
        },
    )


def _choose(
    draws: Draws, visits: Visits, occasions: Occasions, regimens: Regimens
) -> tuple[Ints, Ints]:
    """Visits and supplies in their order, no drug twice at a visit."""
    supplies = get_supplies()
    once, order = draw_orders(draws, "drug", once_orders(), occasions, visits.calendar)
    again, regimen = prescribe_regimens(draws, visits.calendar, regimens)
    visit = np.concatenate([once, again])
    supply = np.concatenate(
        [
            supplies.positions(once_orders())[order],
            supplies.positions(regimen_orders())[regimen],
        ]
    )
    keys = np.sort(visit * len(supplies.drug) + supply)
    visit, supply = np.divmod(keys, len(supplies.drug))
    drug = supplies.drug[supply]
    repeated = np.zeros(len(keys), dtype=np.bool_)
    repeated[1:] = (visit[1:] == visit[:-1]) & (drug[1:] == drug[:-1])
    return visit[~repeated], supply[~repeated]
