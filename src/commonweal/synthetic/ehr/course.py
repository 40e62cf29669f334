"""How diseases run in patients: known at which visit first, and active at which ones."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.draws import Draws, Ints
from commonweal.synthetic.ehr.calendar import EPOCH, Calendar
from commonweal.synthetic.ehr.catalogue import get_catalogue
from commonweal.synthetic.ehr.patients import Patients

DAY_BITS = 20


@dataclass(frozen=True)
class Course:
    """One entry of each array for each patient and lasting disease that a visit found."""

    patient: Ints
    line: Ints
    """Line of the catalogue."""
    visit: Ints
    """Position of the first visit on or after the onset."""

    def known_at(self, calendar: Calendar) -> Ints:
        """Number of lasting diseases that are known at each visit."""
        new = np.bincount(self.visit, minlength=len(calendar))
        known = np.cumsum(new)
        before = np.concatenate([[0], known])[calendar.first[:-1]]
        return np.asarray(known - before[calendar.patient])


def count_diseases(patients: Patients) -> Ints:
    """Lasting diseases that began by the last day, of each patient."""
    onsets = _onset_days(patients)
    return np.asarray((onsets <= _day_numbers(patients.last)[:, np.newaxis]).sum(axis=1))


def trace_diseases(calendar: Calendar) -> Course:
    """The first visit of every patient on or after each onset, where there is one."""
    patients = calendar.patients
    onsets = _onset_days(patients)
    patient, line = np.nonzero(onsets <= _day_numbers(patients.last)[:, np.newaxis])
    seen = (calendar.patient << DAY_BITS) | _day_numbers(calendar.day)
    visit = np.searchsorted(seen, (patient << DAY_BITS) | onsets[patient, line])
    found = visit < calendar.first[patient + 1]
    return Course(patient=patient[found], line=line[found], visit=visit[found])


def record_diseases(draws: Draws, calendar: Calendar, course: Course) -> tuple[Ints, Ints]:
    """Visits at which diseases are recorded, and their lines: always the first, then some."""
    later, pair = expand_later(calendar, course.patient, course.visit)
    line = course.line[pair]
    coded = get_catalogue().coded[line]
    again = draws.uniform("disease recorded", calendar.ids[later], line) < coded
    visit = np.concatenate([course.visit, later[again]])
    return visit, np.concatenate([course.line, line[again]])


def expand_later(calendar: Calendar, patient: Ints, visit: Ints) -> tuple[Ints, Ints]:
    """All visits of the patients after a given one, each with the position it comes from."""
    count = calendar.first[patient + 1] - visit - 1
    pair = np.repeat(np.arange(len(visit)), count)
    step = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return visit[pair] + 1 + step, pair


def _onset_days(patients: Patients) -> Ints:
    """Day numbers of patients x lasting diseases; a very late one for never."""
    catalogue, onsets = get_catalogue(), patients.people.onsets
    columns = [
        _day_numbers(onsets[int(concept)]) for concept in catalogue.concepts[: catalogue.lasting]
    ]
    return np.stack(columns, axis=1)[patients.person]


def _day_numbers(days: np.ndarray) -> Ints:
    """Days since 1900; so large for NaT that no other day comes after it."""
    numbers = (days - EPOCH).astype(np.int64)
    return np.where(np.isnat(days), np.int64(2**DAY_BITS - 1), numbers)
