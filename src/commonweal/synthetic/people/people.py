"""Everybody who enrolled: one batch of people with all that the programme's parts share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.frames import Days
from commonweal.synthetic.people.body import FEMALE, MALE, Body, draw_body
from commonweal.synthetic.people.diseases import Onsets, draw_onsets
from commonweal.synthetic.people.homes import NOWHERE, draw_residence, draw_sites
from commonweal.synthetic.people.membership import Membership, adult_on, draw_membership
from commonweal.synthetic.plan import Plan

SPANISH_SHARE = 0.08
MAN, WOMAN, NON_BINARY, TRANSGENDER, SKIPPED = 1585839, 1585840, 1585841, 1585842, 0
GENDER_SHARES = (96.5, 0.8, 0.7, 2.0)
"""As the sex at birth says, non-binary, transgender, not answered."""


@dataclass(frozen=True)
class People:
    """A batch of participants: one entry of each array for each, in the order of their ids."""

    ids: Ints
    """Participant id, which is the ``person_id`` of every site."""
    born: Days
    sex: Ints
    """OMOP concept of sex at birth; 0 when not known. So are race and ethnicity."""
    race: Ints
    ethnicity: Ints
    gender: Ints
    """Programme concept of the gender identity answer; 0 when skipped."""
    home: Ints
    """Position of the site the participant is paired to; ``NOWHERE`` for none."""
    second: Ints
    """Position of a second site with records of the person; ``NOWHERE`` for none."""
    residence: Ints
    """Row of ``states.csv``; ``NOWHERE`` where no address was given."""
    spanish: Flags
    """Answers in Spanish."""
    body: Body
    membership: Membership
    onsets: Onsets

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def language(self) -> pa.Array:
        """``en`` or ``es``."""
        return pa.array(np.where(self.spanish, "es", "en"), pa.string())

    def pick(self, whom: Flags, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The chosen people's ids, then their part of each array."""
        return (self.ids[whom], *(array[whom] for array in arrays))


def make_people(plan: Plan, ids: Ints) -> People:
    """The people of a plan who have these ids (``Plan.batch`` gives some)."""
    draws, table = plan.draws, plan.demographics
    home, second = draw_sites(draws, ids, plan.sites)
    return _complete(
        plan,
        ids=ids,
        born=table.draw_births(draws, ids, plan.last),
        sex=table.draw_concepts(draws, "sex", ids),
        race=table.draw_concepts(draws, "race", ids),
        ethnicity=table.draw_concepts(draws, "ethnicity", ids),
        home=home,
        second=second,
    )


def adopt_people(plan: Plan, persons: pa.Table) -> People:
    """People whose ids and details a hospital's own records give, such as those of GiBleed.

    ``persons`` has the columns person_id, site (a name of ``plan.sites``), birth_date,
    sex_concept_id, race_concept_id and ethnicity_concept_id. Who is no adult by the day of
    the plan does not enrol.
    """
    last = plan.last
    born = np.asarray(persons["birth_date"].to_numpy(), dtype="datetime64[D]")
    persons = persons.filter(pa.array(adult_on(born) <= last)).sort_by("person_id")
    positions = {site.name: position for position, site in enumerate(plan.sites)}
    concepts = {
        name: persons[f"{name}_concept_id"].to_numpy().astype(np.int64)
        for name in ("sex", "race", "ethnicity")
    }
    home = [positions[name] for name in persons["site"].to_pylist()]
    return _complete(
        plan,
        ids=persons["person_id"].to_numpy().astype(np.int64),
        born=np.asarray(persons["birth_date"].to_numpy(), dtype="datetime64[D]"),
        **concepts,
        home=np.array(home, dtype=np.int64),
        second=np.full(len(home), NOWHERE, dtype=np.int64),
    )


def _complete(
    plan: Plan,
    *,
    ids: Ints,
    born: Days,
    sex: Ints,
    race: Ints,
    ethnicity: Ints,
    home: Ints,
    second: Ints,
) -> People:
    """People with what follows from their ids and details."""
    draws = plan.draws
    states = np.array([*(site.state for site in plan.sites), ""])  # the last one is of NOWHERE
    body = draw_body(draws, ids, sex)
    return People(
        ids=ids,
        born=born,
        sex=sex,
        race=race,
        ethnicity=ethnicity,
        gender=_gender_identity(draws, ids, sex),
        home=home,
        second=second,
        residence=draw_residence(draws, ids, states[home]),
        spanish=draws.chance("language", ids, SPANISH_SHARE),
        body=body,
        membership=draw_membership(plan, ids, born, sex),
        onsets=draw_onsets(draws, ids, born, sex, body),
    )


def _gender_identity(draws: Draws, ids: Ints, sex: Ints) -> Ints:
    usual = np.select([sex == MALE, sex == FEMALE], [MAN, WOMAN], SKIPPED)
    group = draws.choice("gender", ids, GENDER_SHARES)
    return np.asarray(np.choose(group, [usual, NON_BINARY, TRANSGENDER, SKIPPED]), dtype=np.int64)
