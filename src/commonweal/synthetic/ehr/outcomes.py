"""Deaths, and the times over which patients were observed."""

import numpy as np
import pyarrow as pa

from commonweal.synthetic.draws import Draws
from commonweal.synthetic.ehr.calendar import Calendar
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.course import Course
from commonweal.synthetic.ehr.records import Rows
from commonweal.synthetic.ehr.visits import ENCOUNTER

HEALTHCARE_ENCOUNTERS = 44814724
NO_CAUSE_SHARE = 0.15


def death_rows(draws: Draws, calendar: Calendar, course: Course) -> Rows:
    """The table ``death``: the cause is a disease that was known, the deadlier the likelier.

    A site knows of the deaths of those it had seen, until its records end.
    """
    patients, catalogue = calendar.patients, get_catalogue()
    died = patients.of_person(patients.people.membership.died)
    seen = calendar.first[1:] > calendar.first[:-1]
    patient = np.flatnonzero((died <= patients.last) & seen)
    weight = np.concatenate([[0], np.cumsum(catalogue.lethality[course.line])])
    start, end = (np.searchsorted(course.patient, patient, side=s) for s in ("left", "right"))
    total = weight[end] - weight[start]
    keys = patients.people.ids[patients.person[patient]]
    luck = weight[start] + draws.integers("cause", keys, 0, np.maximum(total - 1, 0))
    cause = np.minimum(np.searchsorted(weight, luck, side="right") - 1, len(course.line) - 1)
    unknown = (total == 0) | draws.chance("cause unknown", keys, NO_CAUSE_SHARE)
    concepts = catalogue.concepts[course.line[cause]] if len(course.line) else cause
    return Rows(
        patient=patient,
        columns={
            "person_id": patients.ids[patient],
            "death_date": died[patient],
            "death_type_concept_id": ENCOUNTER,
            "cause_concept_id": pa.array(concepts, mask=unknown),
        },
    )


def period_rows(calendar: Calendar) -> Rows:
    """The table ``observation_period``: from a patient's first visit to the last day."""
    patients = calendar.patients
    patient = np.flatnonzero(calendar.first[1:] > calendar.first[:-1])
    return Rows(
        patient=patient,
        columns={
            "observation_period_id": patients.keys[patient],
            "person_id": patients.ids[patient],
            "observation_period_start_date": calendar.day[calendar.first[patient]],
            "observation_period_end_date": patients.last[patient],
            "period_type_concept_id": HEALTHCARE_ENCOUNTERS,
        },
    )
