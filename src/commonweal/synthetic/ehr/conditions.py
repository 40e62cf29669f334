"""The table ``condition_occurrence``."""

import numpy as np

from commonweal.synthetic.draws import Ints
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.orders import Occasions
from commonweal.synthetic.ehr.records import Rows
from commonweal.synthetic.ehr.visits import ENCOUNTER, Visits, number_rows
from commonweal.synthetic.frames import Days


def condition_rows(visits: Visits, occasions: Occasions) -> Rows:
    """What visits recorded as diseases and complaints, in the order of their keys."""
    catalogue = get_catalogue()
    named = occasions.trigger < len(catalogue)
    visit, line = occasions.visit[named], occasions.trigger[named]
    ids, fits = number_rows(visits, visit)
    ids, visit, line = ids[fits], visit[fits], line[fits]
    calendar = visits.calendar
    return Rows(
        patient=calendar.patient[visit],
        columns={
            "condition_occurrence_id": ids,
            "person_id": visits.person[visit],
            "condition_concept_id": catalogue.concepts[line],
            "condition_start_date": calendar.day[visit],
            "condition_start_datetime": visits.begun[visit],
            "condition_end_date": _end_days(visits, visit, line),
            "condition_type_concept_id": ENCOUNTER,
            "visit_occurrence_id": visits.ids[visit],
        },
    )


def _end_days(visits: Visits, visit: Ints, line: Ints) -> Days:
    """The day a complaint was over; none for what does not end."""
    days = get_catalogue().days[line]
    calendar = visits.calendar
    last = calendar.patients.last[calendar.patient[visit]]
    ends = np.minimum(calendar.day[visit] + days.astype("timedelta64[D]"), last)
    return np.where(days > 0, ends, np.datetime64("NaT", "D"))
