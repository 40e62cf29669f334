"""What a site found when it compared its records with what participants told the programme."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from commonweal.synthetic.draws import Draws, Flags, Ints
from commonweal.synthetic.ehr.patients import SITES_OF_A_PERSON, Patients
from commonweal.synthetic.frames import Columns
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import choose_words

OUTCOMES = ["match", "no_match", "missing"]
MATCH, NO_MATCH, MISSING = range(len(OUTCOMES))
ANSWERS = ["no", "yes"]

DIFFERING: Mapping[str, float] = MappingProxyType(
    {
        "first_name": 0.004,
        "last_name": 0.003,
        "dob": 0.001,
        "sex": 0.002,
        "address": 0.09,
        "phone_number": 0.07,
        "email": 0.06,
    }
)
"""Share of persons whom the programme knows otherwise than their sites: nicknames, marriages,
slips, moves, new numbers. It is the programme's feed of contacts that differs."""
NAMING = ("first_name", "last_name", "dob")
MOST_NAMING, MOST_DIFFERING = 1, 3
"""A site's program accepts a person with at most one of ``NAMING`` and three of all fields
not matching (the rule of All of Us, by which more lose the records of a person)."""
BY_HAND_SHARE = 0.02
"""Share of those accepted by the program who were also looked at by a person."""


def build_match(
    plan: Plan, patients: Patients, *, has_home: Flags, has_phone: Flags, has_mail: Flags
) -> Columns:
    """Columns of ``participant_match``, one entry for each patient.

    Nobody is refused: whom the site's program did not accept, a person did.
    """
    known = {
        "sex": patients.of_person(patients.people.sex) != 0,
        "address": has_home,
        "phone_number": has_phone,
        "email": has_mail,
    }
    found = {
        field: _draw_outcome(plan.draws, field, patients, known.get(field)) for field in DIFFERING
    }
    accepted = _count(found, NAMING) <= MOST_NAMING
    accepted &= _count(found, tuple(found)) <= MOST_DIFFERING
    by_hand = ~accepted | plan.draws.chance("match/by hand", patients.keys, BY_HAND_SHARE)
    columns: dict[str, Any] = {
        field: choose_words(outcome, OUTCOMES) for field, outcome in found.items()
    }
    return columns | {
        "person_id": patients.ids,
        "algorithm_validation": choose_words(accepted.astype(np.int64), ANSWERS),
        "manual_validation": choose_words(by_hand.astype(np.int64), ANSWERS),
    }


def draw_differing(draws: Draws, field: str, ids: Ints) -> Flags:
    """Of whom the programme knows another value than every site does."""
    return draws.chance(f"match/{field}", ids * SITES_OF_A_PERSON, DIFFERING[field])


def _draw_outcome(draws: Draws, field: str, patients: Patients, known: Flags | None) -> Ints:
    differs = draw_differing(draws, field, patients.ids)
    outcome = np.where(differs, NO_MATCH, MATCH)
    return outcome if known is None else np.where(known, outcome, MISSING)


def _count(found: Mapping[str, Ints], fields: tuple[str, ...]) -> Ints:
    """How many of the fields do not match."""
    return np.asarray(np.sum([found[field] != MATCH for field in fields], axis=0), dtype=np.int64)
