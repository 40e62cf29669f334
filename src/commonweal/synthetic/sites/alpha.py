"""Files de-identified at the site, as the programme's first uploads were (its alpha phase).

The rule: numbers that mean nothing in place of participants' ids, 1 January in place of every
date of its year, nobody of 80 years or more, no name, no street, nobody who gave care.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.meaning import TELLING_TEXTS
from commonweal.schema.model import DataType, get_model
from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.ehr.patients import SITES_OF_A_PERSON, Patients
from commonweal.synthetic.ehr.records import MOST_VISITS, RECORDS_OF_A_VISIT, Records
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import add_to_keys, pick_rows
from commonweal.synthetic.sites.rows import SiteRows
from commonweal.synthetic.sites.submission import ALPHA_TABLES

ALPHA_SHARE = 0.1
"""Share of a site's patients who are in its alpha files."""
TOO_OLD = 80
"""Years between the year of birth and that of the last submission."""
IDS_FOR_EACH = 20
"""Room for the new id of a person: it is drawn among so many."""
HIDDEN = TELLING_TEXTS | {"provider_id", "care_site_id"}
ROWS_OF_A_PATIENT = {
    "location_id": 1,
    "visit_occurrence_id": MOST_VISITS,
    "preceding_visit_occurrence_id": MOST_VISITS,
}
"""How many ids a patient has room for in a column; in those of other records even more."""
FIRST_OF_YEAR = {"month_of_birth": 1, "day_of_birth": 1}


def choose_alpha(plan: Plan, patients: Patients, extra: Flags) -> Flags:
    """Which patients are in alpha files; ``extra`` are, whatever the rule says."""
    years = np.array([profile.sent_on(plan.as_of).year for profile in plan.sites])[patients.site]
    born = patients.of_person(patients.people.born).astype("datetime64[Y]").astype(np.int64) + 1970
    drawn = plan.draws.chance("alpha", patients.keys, ALPHA_SHARE)
    may = patients.of_person(patients.people.membership.shares_records)
    sends = np.array([profile.alpha for profile in plan.sites])[patients.site]
    return np.asarray(sends & (extra | (may & drawn & (years - born < TOO_OLD))))


def disguise_people(plan: Plan, people: People) -> People:
    """The same people under the ids they have in alpha files, in the same order."""
    lot = plan.draws.integers("alpha id", people.ids, 0, IDS_FOR_EACH - 1)
    return replace(people, ids=people.ids * IDS_FOR_EACH + lot)


def disguise_records(
    plan: Plan, patients: Patients, records: Records, chosen: Flags
) -> Mapping[str, SiteRows]:
    """The chosen patients' rows of the alpha tables, de-identified."""
    ids = patients.of_person(disguise_people(plan, patients.people).ids)
    keys = ids * SITES_OF_A_PERSON + patients.keys % SITES_OF_A_PERSON
    disguised = {}
    for name in ALPHA_TABLES:
        kept = np.flatnonzero(chosen[records[name].patient])
        who = records[name].patient[kept]
        columns = pick_rows(records[name].columns, kept)
        moved = keys[who] - patients.keys[who]
        disguised[name] = SiteRows(patients.site[who], _disguise(name, columns, ids[who], moved))
    return disguised


def _disguise(name: str, columns: Columns, ids: Ints, moved: Ints) -> Columns:
    """Columns without what tells who somebody is; ``moved``: by how much keys have changed."""
    changed: dict[str, Any] = {}
    for field in get_model("omop-5.4").table(name).fields:
        if field.name not in columns:
            continue
        value = columns[field.name]
        if field.name in HIDDEN:
            value = None
        elif field.name == "person_id":
            value = ids
        elif field.name in FIRST_OF_YEAR:
            value = FIRST_OF_YEAR[field.name]
        elif field.type in (DataType.DATE, DataType.TIMESTAMP):
            value = _first_of_year(value)
        elif field.primary_key or (field.references and not field.is_concept):
            room = ROWS_OF_A_PATIENT.get(field.name, MOST_VISITS * RECORDS_OF_A_VISIT)
            value = add_to_keys(value, moved * room)
        changed[field.name] = value
    return changed


def _first_of_year(value: Any) -> Any:
    if isinstance(value, pa.Array):
        return pc.floor_temporal(value, unit="year")
    return value.astype("datetime64[Y]").astype(value.dtype)
