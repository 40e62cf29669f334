"""Who is treated where: people at the sites that may send their records."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.synthetic.draws import Flags, Ints
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan

SITES_OF_A_PERSON = 2


@dataclass(frozen=True)
class Patients:
    """One entry of each array for each person and site, in the order of person, then site."""

    people: People
    person: Ints
    """Position of the person in ``people``."""
    site: Ints
    """Position of the site in the plan."""
    keys: Ints
    """What the patient's draws and row numbers are made from: 2 x person id, + 1 for the
    record at a second site."""
    first: Days
    """First day on which the site may have recorded something."""
    last: Days
    """Last such day: of death, or of the site's last submission."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def ids(self) -> Ints:
        """``person_id`` of each patient."""
        return self.people.ids[self.person]

    def of_person(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of the people, one entry for each patient."""
        return np.asarray(array[self.person])


def list_patients(plan: Plan, people: People, whom: Flags) -> Patients:
    """The chosen people at their site and, where there is one, at their second site.

    ``people.membership.shares_records`` chooses those whose records may be sent.
    """
    sites = np.stack([people.home, people.second], axis=1)
    treated = (sites != NOWHERE) & whom[:, np.newaxis]
    person, number = np.nonzero(treated)
    site = sites[person, number]
    records_from = np.array([s.records_from for s in plan.sites], dtype="datetime64[D]")
    first = np.maximum(records_from[site], people.born[person] + 1)
    sent_on = np.array([s.sent_on(plan.as_of) for s in plan.sites], dtype="datetime64[D]")
    died = people.membership.died[person]
    return Patients(
        people=people,
        person=person.astype(np.int64),
        site=site,
        keys=people.ids[person] * SITES_OF_A_PERSON + number,
        first=first,
        last=np.fmin(died, sent_on[site]),
    )


def pick_patients(patients: Patients, chosen: Flags) -> Patients:
    """The patients whose flag is set, in the same order."""
    return replace(
        patients,
        person=patients.person[chosen],
        site=patients.site[chosen],
        keys=patients.keys[chosen],
        first=patients.first[chosen],
        last=patients.last[chosen],
    )
