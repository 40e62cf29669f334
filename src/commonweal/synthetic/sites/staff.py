"""Who saw which patient, and where: usually the same person at the same place."""

from typing import Any

import numpy as np
import pyarrow as pa

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Ints
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Records, Rows
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import as_ints
from commonweal.synthetic.sites.places import place_ids

VISIT = "visit_occurrence_id"
USUAL_PLACE_SHARE, USUAL_PROVIDER_SHARE = 0.7, 0.6
"""Shares of visits that take a patient to the usual place, and there to the usual person."""


def draw_usual(plan: Plan, patients: Patients) -> tuple[Ints, Ints]:
    """Ids of the place of care and of the provider that each patient usually goes to."""
    place = plan.draws.integers("usual place", patients.keys, 1, _count_places(plan, patients.site))
    provider = _draw_provider(plan, "usual provider", patients.site, place, patients.keys)
    return place_ids(patients.site, place), place_ids(patients.site, provider)


def assign_staff(plan: Plan, patients: Patients, records: Records) -> Records:
    """The records with a provider and a place of care in every table that has them.

    All records of a visit name the same ones; a record without a visit names none.
    """
    visits = records["visit_occurrence"]
    ids = as_ints(visits.columns[VISIT], len(visits.patient))
    seen = _draw_seen(plan, patients, visits.patient, ids)
    return {
        name: Rows(rows.patient, {**rows.columns, **_find_seen(name, rows, ids, seen)})
        for name, rows in records.items()
    }


def _find_seen(name: str, rows: Rows, ids: Ints, seen: dict[str, Ints]) -> dict[str, Any]:
    """Provider and place of the visit of each row, as far as the table has columns for them."""
    columns = get_model("omop-5.4").table(name).columns
    wanted = [column for column in seen if column in columns]
    if not wanted or not len(ids):
        return {}
    visit = as_ints(rows.columns.get(VISIT), len(rows.patient))
    at = np.minimum(np.searchsorted(ids, visit), len(ids) - 1)
    return {column: pa.array(seen[column][at], mask=ids[at] != visit) for column in wanted}


def _draw_seen(plan: Plan, patients: Patients, who: Ints, visits: Ints) -> dict[str, Ints]:
    site, draws = patients.site[who], plan.draws
    usual_place, usual_provider = (array[who] for array in draw_usual(plan, patients))
    stays = draws.chance("usual place/visit", visits, USUAL_PLACE_SHARE)
    other = draws.integers("place", visits, 1, _count_places(plan, site))
    place = np.where(stays, usual_place, place_ids(site, other))
    knows = stays & draws.chance("usual provider/visit", visits, USUAL_PROVIDER_SHARE)
    colleague = _draw_provider(plan, "provider", site, place - place_ids(site, 0), visits)
    provider = np.where(knows, usual_provider, place_ids(site, colleague))
    return {"provider_id": provider, "care_site_id": place}


def _draw_provider(plan: Plan, stream: str, site: Ints, place: Ints, keys: Ints) -> Ints:
    """The number of one of those who work at a place of a site."""
    places = _count_places(plan, site)
    staff = np.array([profile.providers for profile in plan.sites], dtype=np.int64)[site]
    rounds = plan.draws.integers(stream, keys, 0, (staff - place) // places)
    return np.asarray(place + rounds * places, dtype=np.int64)


def _count_places(plan: Plan, site: Ints) -> Ints:
    return np.array([profile.care_sites for profile in plan.sites], dtype=np.int64)[site]
