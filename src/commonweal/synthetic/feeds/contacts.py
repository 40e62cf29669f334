"""The feed ``participant_contact``: what participants entered about themselves.

It agrees with what their sites send, but for those of whom the sites' own comparison
(``sites.matching``) says that something does not match: of them it is another value here.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.schema.model import get_model
from commonweal.synthetic.draws import Draws, Flags
from commonweal.synthetic.frames import Days, build_table
from commonweal.synthetic.people.body import FEMALE, MALE
from commonweal.synthetic.people.homes import NOWHERE
from commonweal.synthetic.people.people import People
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.columns import choose_words, digits, join
from commonweal.synthetic.sites.details import (
    HOUSE_NUMBERS,
    LAST_OF_FICTION,
    PLAIN_PHONE,
    Whom,
    build_addresses,
    draw_homes,
    draw_last_digits,
    draw_middle_names,
    draw_person_names,
    list_area_codes,
    list_whom,
)
from commonweal.synthetic.sites.matching import DIFFERING, draw_differing
from commonweal.synthetic.sites.names import choose_called, choose_taken, draw_streets

MONTHS = 12
SEXES = ["male", "female", "skip", "prefer_not_to_answer"]
SKIPPED_SHARE = 0.6
"""Of those who do not tell their sex; the others prefer not to."""


def build_contacts(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of their ids."""
    draws = plan.draws
    whom = list_whom(people, np.arange(len(people), dtype=np.int64))
    names = draw_person_names(draws, whom)
    differs = {field: draw_differing(draws, field, whom.ids) for field in DIFFERING}
    columns: dict[str, Any] = {
        "participant_id": people.ids,
        "first_name": _choose(differs["first_name"], choose_called(names.given), names.given_text),
        "middle_name": draw_middle_names(draws, whom),
        "last_name": _choose(differs["last_name"], choose_taken(names.family), names.family_text),
        "birth_date": np.where(differs["dob"], slip(people.born), people.born),
        "sex": _list_sexes(draws, people, differs["sex"]),
        "phone_number": _list_phones(plan, whom, differs["phone_number"]),
        "email": build_addresses(names, whom.ids, further=differs["email"].astype(np.int64)),
        **_list_homes(draws, whom, differs["address"], unknown=people.residence == NOWHERE),
    }
    return build_table(get_model("feeds").table("participant_contact"), [columns])


def _choose(whom: Flags, theirs: pa.Array, others: pa.Array | pa.Scalar) -> pa.Array:
    return pc.if_else(pa.array(whom), theirs, others)


def _list_phones(plan: Plan, whom: Whom, moved: Flags) -> pa.Array:
    """Ten digits, of which the last two are others where somebody has a new number."""
    last = draw_last_digits(plan.draws, whom.ids)
    further = plan.draws.integers("contact/phone number", whom.ids, 1, LAST_OF_FICTION)
    last = (last + np.where(moved, further, 0)) % (LAST_OF_FICTION + 1)
    before, after = PLAIN_PHONE
    return join(before, list_area_codes(plan, whom), after, digits(last, 2))


def _list_homes(draws: Draws, whom: Whom, moved: Flags, *, unknown: Flags) -> dict[str, pa.Array]:
    """Addresses; who moved lives in another street, farther out, of the same place."""
    homes = dict(draw_homes(draws, whom))
    highest = HOUSE_NUMBERS[1]
    number = draws.integers("contact/house number", whom.ids, highest + 1, 2 * highest)
    elsewhere = join(number, " ", draw_streets(draws, "contact/street", whom.ids))
    homes["address_1"] = _choose(moved, elsewhere, homes["address_1"])
    nothing = pa.scalar(None, pa.string())
    return {name: _choose(~unknown, text, nothing) for name, text in homes.items()}


def slip(born: Days) -> Days:
    """Dates as a hand may slip: day and month the other way round, else a year too early."""
    month = born.astype("datetime64[M]")
    year = born.astype("datetime64[Y]").astype("datetime64[M]")
    day, number = born - month.astype("datetime64[D]"), month - year
    days, numbers = day.astype(np.int64), number.astype(np.int64)
    swapped = (year + days % MONTHS).astype("datetime64[D]") + numbers.astype("timedelta64[D]")
    earlier = (month - MONTHS).astype("datetime64[D]") + np.minimum(days, 27)
    return np.asarray(np.where((days < MONTHS) & (days != numbers), swapped, earlier))


def _list_sexes(draws: Draws, people: People, differs: Flags) -> pa.Array:
    """Answers about sex at birth; some entered the other one."""
    skipped = draws.chance("contact/skipped sex", people.ids, SKIPPED_SHARE)
    place = np.select([people.sex == MALE, people.sex == FEMALE, skipped], [0, 1, 2], 3)
    slipped = differs & (place <= 1)
    return choose_words(np.where(slipped, 1 - place, place), SEXES)
