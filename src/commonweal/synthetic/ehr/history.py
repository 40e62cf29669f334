"""The health records of patients: every clinical table, coherent and free of faults."""

from commonweal.synthetic.ehr.acts import device_rows, note_rows, procedure_rows, specimen_rows
from commonweal.synthetic.ehr.calendar import draw_calendar
from commonweal.synthetic.ehr.complaints import draw_complaints
from commonweal.synthetic.ehr.conditions import condition_rows
from commonweal.synthetic.ehr.course import count_diseases, record_diseases, trace_diseases
from commonweal.synthetic.ehr.drugs import drug_rows
from commonweal.synthetic.ehr.effects import Causes
from commonweal.synthetic.ehr.eras import condition_era_rows, drug_era_rows
from commonweal.synthetic.ehr.observations import observation_rows
from commonweal.synthetic.ehr.outcomes import death_rows, period_rows
from commonweal.synthetic.ehr.panels import get_panels
from commonweal.synthetic.ehr.patients import Patients
from commonweal.synthetic.ehr.records import Records
from commonweal.synthetic.ehr.regimens import draw_regimens
from commonweal.synthetic.ehr.results import (
    ask_panels,
    draw_results,
    measurement_rows,
    pressure_links,
)
from commonweal.synthetic.ehr.visits import detail_rows, draw_visits, list_occasions, visit_rows
from commonweal.synthetic.plan import Plan


def build_records(plan: Plan, patients: Patients) -> Records:
    """Rows of the clinical tables, each in the order of its primary key.

    Whatever a patient gets depends on the plan and the patient alone. Dates lie from the
    patient's first to the last day; a condition is recorded on or after its onset, drugs follow
    conditions, and results follow both as ``effects.csv`` says.
    """
    draws = plan.draws
    calendar = draw_calendar(plan, patients, count_diseases(patients))
    course = trace_diseases(calendar)
    regimens = draw_regimens(draws, calendar, course)
    causes = Causes(calendar, course, regimens)
    complaint = draw_complaints(draws, calendar, causes)
    causes.know_complaints(complaint)
    visits = draw_visits(draws, calendar, complaint, course.known_at(calendar))
    occasions = list_occasions(visits, *record_diseases(draws, calendar, course))
    ordered = ask_panels(draws, visits, occasions)
    results = draw_results(draws, visits, causes, *ordered)
    conditions = condition_rows(visits, occasions)
    drugs = drug_rows(draws, visits, occasions, regimens)
    return {
        "visit_occurrence": visit_rows(visits),
        "visit_detail": detail_rows(visits),
        "condition_occurrence": conditions,
        "drug_exposure": drugs,
        "procedure_occurrence": procedure_rows(draws, visits, occasions),
        "measurement": measurement_rows(visits, results),
        "observation": observation_rows(draws, visits, occasions, causes),
        "device_exposure": device_rows(draws, visits, occasions),
        "specimen": specimen_rows(draws, visits, get_panels().orders, *ordered),
        "note": note_rows(draws, visits),
        "death": death_rows(draws, calendar, course),
        "fact_relationship": pressure_links(visits, results),
        "observation_period": period_rows(calendar),
        "condition_era": condition_era_rows(patients, conditions),
        "drug_era": drug_era_rows(patients, drugs),
    }
