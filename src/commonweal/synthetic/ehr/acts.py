"""Procedures, devices, specimens and notes."""

from functools import cache

import numpy as np

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.ehr.orders import Occasions, Orders, draw_orders, list_orders
from commonweal.synthetic.ehr.records import RECORDS_OF_A_VISIT, Rows
from commonweal.synthetic.ehr.visits import (
    ENCOUNTER,
    Visits,
    dictionary,
    number_rows,
)
from commonweal.synthetic.facts import read_facts

LABORATORY, SPECIMEN = 32856, 4048506
SPECIMEN_SHARE = 0.5
SPECIMEN_KINDS = ("blood", "urine", "swab", "stool")
NOTE_SHARE = 0.15
NOTE_TYPES = np.array([32834, 32826, 32829])
"""By kind of visit."""
PROGRESS_NOTE, UTF_8, ENGLISH = 44814638, 32678, 4180186
NOTE_TITLES = ("Progress note", "Emergency note", "Inpatient note")
NOTE_TEXTS = (
    "Seen for review. No new complaints, plan unchanged.",
    'Says "much better", wants to reduce the dose; advised to wait.',
    "Follow-up: repeat bloods, return in three months.",
    "Discussed diet, exercise; blood pressure measured twice.",
)


@cache
def _orders(file: str) -> Orders:
    return list_orders(read_facts(file))


def procedure_rows(draws: Draws, visits: Visits, occasions: Occasions) -> Rows:
    """The table ``procedure_occurrence``; a visit names a procedure once."""
    orders = _orders("procedures.csv")
    visit, order = draw_orders(draws, "procedure", orders, occasions, visits.calendar)
    concepts, place = np.unique(orders.column("procedure_concept_id"), return_inverse=True)
    keys = np.unique(visit * len(concepts) + place[order])
    visit, concept = keys // len(concepts), concepts[keys % len(concepts)]
    ids, fits = number_rows(visits, visit)
    ids, visit, concept = ids[fits], visit[fits], concept[fits]
    return Rows(
        patient=visits.calendar.patient[visit],
        columns={
            "procedure_occurrence_id": ids,
            "person_id": visits.person[visit],
            "procedure_concept_id": concept,
            "procedure_date": visits.calendar.day[visit],
            "procedure_datetime": visits.begun[visit],
            "procedure_type_concept_id": ENCOUNTER,
            "quantity": 1,
            "visit_occurrence_id": visits.ids[visit],
        },
    )


def device_rows(draws: Draws, visits: Visits, occasions: Occasions) -> Rows:
    """The table ``device_exposure``."""
    orders = _orders("devices.csv")
    visit, order = draw_orders(draws, "device", orders, occasions, visits.calendar)
    ids, _ = number_rows(visits, visit)
    return Rows(
        patient=visits.calendar.patient[visit],
        columns={
            "device_exposure_id": ids,
            "person_id": visits.person[visit],
            "device_concept_id": orders.column("device_concept_id")[order],
            "device_exposure_start_date": visits.calendar.day[visit],
            "device_exposure_start_datetime": visits.begun[visit],
            "device_type_concept_id": ENCOUNTER,
            "quantity": 1,
            "visit_occurrence_id": visits.ids[visit],
        },
    )


def specimen_rows(draws: Draws, visits: Visits, panels: Orders, visit: Ints, order: Ints) -> Rows:
    """The table ``specimen``: what was taken for the panels that were ordered."""
    place = {name: at for at, name in enumerate(SPECIMEN_KINDS)}
    kinds = np.array([place.get(row["specimen"], -1) for row in panels.rows], dtype=np.int64)
    kept = kinds[order] >= 0
    keys = np.unique(visit[kept] * len(place) + kinds[order[kept]])
    visit, kind = keys // len(place), keys % len(place)
    taken = draws.uniform("specimen", visits.ids[visit], kind) < SPECIMEN_SHARE
    visit, kind = visit[taken], kind[taken]
    ids, _ = number_rows(visits, visit)
    return Rows(
        patient=visits.calendar.patient[visit],
        columns={
            "specimen_id": ids,
            "person_id": visits.person[visit],
            "specimen_concept_id": SPECIMEN,
            "specimen_type_concept_id": LABORATORY,
            "specimen_date": visits.calendar.day[visit],
            "specimen_datetime": visits.begun[visit],
            "specimen_source_value": dictionary(kind, SPECIMEN_KINDS),
        },
    )


def note_rows(draws: Draws, visits: Visits) -> Rows:
    """The table ``note``: placeholders on one line each."""
    visit = np.flatnonzero(draws.chance("note", visits.ids, NOTE_SHARE))
    ids = visits.ids[visit]
    text = draws.choice("note text", ids, [1.0] * len(NOTE_TEXTS))
    kind = visits.kind[visit]
    return Rows(
        patient=visits.calendar.patient[visit],
        columns={
            "note_id": ids * RECORDS_OF_A_VISIT,
            "person_id": visits.person[visit],
            "note_date": visits.calendar.day[visit],
            "note_datetime": visits.begun[visit],
            "note_type_concept_id": NOTE_TYPES[kind],
            "note_class_concept_id": PROGRESS_NOTE,
            "note_title": dictionary(kind, NOTE_TITLES),
            "note_text": dictionary(text, NOTE_TEXTS),
            "encoding_concept_id": UTF_8,
            "language_concept_id": ENGLISH,
            "visit_occurrence_id": visits.ids[visit],
        },
    )
