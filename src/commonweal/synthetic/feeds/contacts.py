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
from commonweal.synthetic.sites.matching import draw_differing
from commonweal.synthetic.sites.names import Names, draw_streets, list_next

MONTHS = 12
SEXES = ["male", "female", "skip", "prefer_not_to_answer"]
SKIPPED_SHARE = 0.6
"""Of those who do not tell their sex; the others prefer not to."""


def build_contacts(plan: Plan, people: People) -> pa.Table:
    """The feed of a batch of people, in the order of their ids."""
    draws = plan.draws
    whom = list_whom(people, np.arange(len(people), dtype=np.int64))
    names = draw_person_names(draws, whom)
    called = _rename(draws, whom, names)
    columns: dict[str, Any] = {
        "participant_id": people.ids,
        "first_name": called.given_text,
        "middle_name": draw_middle_names(draws, whom),
        "last_name": called.family_text,
        "birth_date": np.where(
            draw_differing(draws, "dob", whom.ids), slip(people.born), people.born
        ),
        "sex": _list_sexes(draws, people),
        "phone_number": _list_phones(plan, whom),
        "email": build_addresses(
            names, whom.ids, further=draw_differing(draws, "email", whom.ids).astype(np.int64)
        ),
        **_list_homes(draws, whom, unknown=people.residence == NOWHERE),
    }
    return build_table(get_model("feeds").table("participant_contact"), [columns])


def _rename(draws: Draws, whom: Whom, names: Names) -> Names:
    """What they call themselves, where it is another name than their sites know."""
    given, family = (
        np.where(draw_differing(draws, field, whom.ids), list_next(known), known)
        for field, known in (("first_name", names.given), ("last_name", names.family))
    )
    return Names(given, family)


def _list_phones(plan: Plan, whom: Whom) -> pa.Array:
    """Ten digits, of which the last two are others where somebody has a new number."""
    last = draw_last_digits(plan.draws, whom.ids)
    further = plan.draws.integers("contact/phone number", whom.ids, 1, LAST_OF_FICTION)
    moved = draw_differing(plan.draws, "phone_number", whom.ids)
    last = (last + np.where(moved, further, 0)) % (LAST_OF_FICTION + 1)
    before, after = PLAIN_PHONE
    return join(before, list_area_codes(plan, whom), after, digits(last, 2))


def _list_homes(draws: Draws, whom: Whom, *, unknown: Flags) -> dict[str, pa.Array]:
    """Addresses; who moved lives in another street, farther out, of the same place."""
    homes = dict(draw_homes(draws, whom))
    highest = HOUSE_NUMBERS[1]
    number = draws.integers("contact/house number", whom.ids, highest + 1, 2 * highest)
    moved = draw_differing(draws, "address", whom.ids)
    elsewhere = join(number, " ", draw_streets(draws, "contact/street", whom.ids))
    homes["address_1"] = pc.if_else(pa.array(moved), elsewhere, homes["address_1"])
    nothing = pa.scalar(None, pa.string())
    return {name: pc.if_else(pa.array(unknown), nothing, text) for name, text in homes.items()}


def slip(born: Days) -> Days:
    """Dates as a hand may slip: day and month the other way round, else a year too early."""
    month = born.astype("datetime64[M]")
    year = born.astype("datetime64[Y]").astype("datetime64[M]")
    day, number = born - month.astype("datetime64[D]"), month - year
    days, numbers = day.astype(np.int64), number.astype(np.int64)
    swapped = (year + days % MONTHS).astype("datetime64[D]") + numbers.astype("timedelta64[D]")
    earlier = (month - MONTHS).astype("datetime64[D]") + np.minimum(days, 27)
    return np.asarray(np.where((days < MONTHS) & (days != numbers), swapped, earlier))


def _list_sexes(draws: Draws, people: People) -> pa.Array:
    """Answers about sex at birth; some entered the other one."""
    skipped = draws.chance("contact/skipped sex", people.ids, SKIPPED_SHARE)
    place = np.select([people.sex == MALE, people.sex == FEMALE, skipped], [0, 1, 2], 3)
    slipped = draw_differing(draws, "sex", people.ids) & (place <= 1)
    return choose_words(np.where(slipped, 1 - place, place), SEXES)
